#!/usr/bin/env python3
"""How often five leakers of one export each are all named: the figures of decision 11.

A model of attribution, not the product (`scripts/drills` runs that): a pool of
2,000 lines, accounts of 100 lines, exports of 10; five exports leak, each of
their lines is rung once, and as many hits again are noise on random lines.
Standard library only; fixed seed; about a minute.

    docs/decisions/0011-thresholds.py [RUNS]
"""

import math
import random
import sys

POOL, ACCOUNT, STANDING, BATCH, LEAKERS = 2000, 100, 5, 10, 5
ALPHA_E, SHARE, RHO = 0.01 / 2, 0.35, 0.01
THETA_LAMBDAS = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92, 0.99]
LAMBDAS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.33, 0.5, 0.7, 0.9, 1.0]
# A name that was asked for fits by chance with this probability: a common surname alone.
NAME_Q = 0.05


def mixture(logs):
    top = max(logs)
    return top + math.log(sum(math.exp(log - top) for log in logs) / len(logs))


def crosses(own, order, named, threshold):
    """Whether the e-process of the line set `own` ever reaches `threshold` (ln)."""
    q0 = len(own) / POOL
    thetas = [1 + share / ((1 - share) * q0) for share in THETA_LAMBDAS]
    lines, names = [0.0] * len(thetas), [0.0] * len(LAMBDAS)
    matched = 0
    for asked, line in enumerate(order):
        q, hit = (len(own) - matched) / (POOL - asked), line in own
        for i, theta in enumerate(thetas):
            lines[i] += (math.log(theta) if hit else 0.0) - math.log1p((theta - 1) * q)
        if not hit:
            continue
        matched += 1
        if line in named:
            names = [log + math.log1p(share * (1 - NAME_Q) / NAME_Q) for log, share in zip(names, LAMBDAS)]
        if mixture(lines) + mixture(names) >= threshold:
            return True
    return False


def run(draw, n_max, asks):
    """Returns how many of the leakers are named."""
    account_threshold = math.log(n_max / (SHARE * ALPHA_E))
    pair_threshold = account_threshold - math.log(RHO)
    leaks = []
    for _ in range(LEAKERS):
        account = draw.sample(range(POOL), ACCOUNT)
        leaks.append((set(account), set(draw.sample(account[STANDING:], BATCH))))
    rung = [line for _, batch in leaks for line in batch]
    calls = rung + [draw.randrange(POOL) for _ in rung]
    draw.shuffle(calls)
    order = list(dict.fromkeys(calls))
    found = 0
    for account, batch in leaks:
        named = {line for line in batch if draw.random() < asks}
        found += crosses(batch, order, named, pair_threshold) or crosses(account, order, named, account_threshold)
    return found


def main(runs):
    print(f"{runs} runs each; pair threshold of a first planting at n_max 10^6: "
          f"{math.log(1e6 / (SHARE * ALPHA_E * RHO)):.2f} nats")
    print("n_max    names asked for   all five named   leakers named")
    for n_max in (1_000_000, 300_000):
        for asks in (0.0, 0.3, 0.6):
            draw = random.Random(1)
            found = [run(draw, n_max, asks) for _ in range(runs)]
            every = sum(count == LEAKERS for count in found) / runs
            print(f"{n_max:<8} {asks:>8.0%} of calls {every:>12.1%} {sum(found) / runs / LEAKERS:>15.1%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
