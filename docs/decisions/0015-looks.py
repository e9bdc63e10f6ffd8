#!/usr/bin/env python3
"""How many leakers joint certification names under several schedules of looks: the figures of decision 15.

A model of `attribute::joint` on its own, not the product: 2,000 lines; two or
five exports of ten lines leak, every leaked line is called once, and half to one
and a half times as many calls are noise on random lines, each of a caller of its
own. How many varies, so that no schedule profits from a look that falls on the last call. Only
the leakers are candidates: other accounts would rarely be selected. An account
has one planting, so half of its evidence is that of the export; the other half,
its own set's, is taken for nothing. Standard library only; fixed seed; three
minutes on one core.

    docs/decisions/0015-looks.py [RUNS]
"""

import math
import random
import sys

POOL, LINES, LEAKERS = 2000, 10, (2, 5)
N_MAX, ALPHA_E, SHARE = 300_000, 0.01 / 2, 0.15
THRESHOLD = math.log(N_MAX / (SHARE * ALPHA_E))
STOP, SUPPORT, CANDIDATES = math.log(N_MAX) + 2, 15, 20_000
RATES, CIRCULATING = (0.25, 0.5, 1.0, 2.0), (1.0, 0.6, 0.3)
ROUNDS = 60

# First look, and looks to the first doubling, the second and so on; the last number goes on.
SCHEDULES = [
    (8, [1]), (8, [2]), (8, [4]), (8, [8]),
    (16, [1]), (16, [2]), (16, [4]), (16, [8]), (16, [16]),
    (16, [4, 8, 8, 8, 4, 2, 1]),
    (32, [1]), (32, [4]), (32, [8]),
]


def looks(first, per_doubling, calls):
    """Yields each look up to so many calls: the calls it weighs, and ln of its weight."""
    doubling = 0
    while True:
        number = per_doubling[min(doubling, len(per_doubling) - 1)]
        for look in range(number):
            at = math.ceil(first * 2 ** (doubling + look / number))
            if at > calls:
                return
            yield at, -math.log((doubling + 1) * (doubling + 2) * number)
        doubling += 1


def least(rang):
    """The least number of its lines among `rang` that makes a source a candidate."""
    tail = 0.0
    for count in range(min(LINES, rang), -1, -1):
        tail += math.comb(rang, count) * math.comb(POOL - rang, LINES - count) / math.comb(POOL, LINES)
        if tail > CANDIDATES / N_MAX:
            return count + 1
    return 0


class Look:
    """Everything that rang so far, explained by some of the exports."""

    def __init__(self, exports, rings):
        self.calls = {}
        for line in rings:
            self.calls[line] = self.calls.get(line, 0) + 1
        self.rang = [[line for line in export if line in self.calls] for export in exports]
        need = least(len(self.calls))
        self.candidates = [place for place, own in enumerate(self.rang) if len(own) >= need]
        mean = len(rings) / len(self.calls)
        self.bets = [(rate * mean, share) for rate in RATES for share in CIRCULATING]
        self.known = {}

    def explain(self, selected):
        """Expected calls on each line that rang, if `selected` leak: EM of a Poisson fit."""
        if selected not in self.known:
            mean = sum(self.calls.values()) / POOL
            background, shares, mu = max(0.3 * mean, 1e-3), [max(mean, 0.1)] * len(selected), {}
            for step in range(ROUNDS + 1):
                mu = dict.fromkeys(self.calls, background)
                for share, source in zip(shares, selected):
                    for line in self.rang[source]:
                        mu[line] += share
                if step == ROUNDS:
                    break
                ratio = {line: calls / mu[line] for line, calls in self.calls.items()}
                background = max(background * sum(ratio.values()) / POOL, 1e-3)
                shares = [max(share * sum(ratio[line] for line in self.rang[source]) / LINES, 1e-9)
                          for share, source in zip(shares, selected)]
            self.known[selected] = mu
        return self.known[selected]

    def products(self, source, mu):
        """ln of the product of a source's thetas, for each bet."""
        for size, share in self.bets:
            silent = math.log(1 - share + share * math.exp(-size))
            yield (LINES - len(self.rang[source])) * silent + sum(
                math.log(self.theta(line, mu, size, share)) for line in self.rang[source])

    def theta(self, line, mu, size, share):
        return 1 - share + share * math.exp(-size) * (1 + size / mu[line]) ** self.calls[line]

    def search(self, without):
        """The mu of the greedy explanation without one source, and who is in it."""
        selected = ()
        while True:
            mu = self.explain(selected)
            left = [source for source in self.candidates if source != without and source not in selected]
            best = max(((max(self.products(source, mu)), source) for source in left), default=(-math.inf, None))
            if best[0] < STOP or len(selected) == SUPPORT:
                return mu
            selected += (best[1],)

    def evidence(self):
        """ln of the e-value of each candidate."""
        found = {}
        for source in self.candidates:
            mu = self.search(source)
            e_values = [math.exp(product) * math.comb(POOL, LINES) / self.symmetric(mu, size, share)
                        for product, (size, share) in zip(self.products(source, mu), self.bets)]
            found[source] = math.log(sum(e_values) / len(e_values))
        return found

    def symmetric(self, mu, size, share):
        """The elementary symmetric polynomial of degree LINES of all thetas."""
        silent, rest = 1 - share + share * math.exp(-size), POOL - len(self.calls)
        sums = [math.comb(rest, degree) * silent ** degree for degree in range(LINES + 1)]
        for line in self.calls:
            theta = self.theta(line, mu, size, share)
            for degree in range(LINES, 0, -1):
                sums[degree] += theta * sums[degree - 1]
        return sums[LINES]


def run(draw, leakers):
    """Returns how many leakers each schedule names, and each leaker's evidence at the end."""
    exports = [draw.sample(range(POOL), LINES) for _ in range(leakers)]
    rings = [line for export in exports for line in export]
    rings += [draw.randrange(POOL) for _ in range(draw.randint(len(rings) // 2, len(rings) * 3 // 2))]
    draw.shuffle(rings)
    known = {}

    def at(calls):
        if calls not in known:
            known[calls] = Look(exports, rings[:calls]).evidence()
        return known[calls]

    named = []
    for first, per_doubling in SCHEDULES:
        sums = [0.0] * leakers
        for calls, ln_weight in looks(first, per_doubling, len(rings)):
            for source, ln_e in at(calls).items():
                sums[source] += math.exp(ln_weight + ln_e - math.log(2) - THRESHOLD)
        named.append(sum(total >= 1 for total in sums))
    end = at(len(rings))
    return named, [end.get(source, -math.inf) - math.log(2) for source in range(leakers)]


def main(runs):
    print(f"threshold {THRESHOLD:.1f} nats; {runs} runs of each kind")
    results = {leakers: [run(draw, leakers) for _ in range(runs)] for leakers in LEAKERS for draw in [random.Random(1)]}
    for leakers, found in results.items():
        end = sorted(ln_e for _, evidence in found for ln_e in evidence)
        over = sum(ln_e >= THRESHOLD for ln_e in end)
        print(f"{leakers} leakers, one look at the end with weight 1: {over / len(end):.0%} named, "
              f"median {end[len(end) // 2]:.1f} nats")
    print("first look   looks to a doubling      " + "".join(f"   named of {leakers}   all {leakers}" for leakers in LEAKERS))
    for place, (first, per_doubling) in enumerate(SCHEDULES):
        row = f"{first:>10}   {', '.join(map(str, per_doubling)):<25}"
        for leakers, found in results.items():
            named = [named[place] for named, _ in found]
            every = sum(count == leakers for count in named) / runs
            row += f"{sum(named) / runs / leakers:>13.0%}{every:>8.0%}"
        print(row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
