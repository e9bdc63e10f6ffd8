#!/usr/bin/env python3
"""Rows of other generators, for the same adversary.

    scripts/realism/others.py faker|copula LEARN OUT ROWS [SEED]

LEARN is the half of an export that templates learn from (halves.py), OUT gets
ROWS rows under its header. `faker` asks the library of that name for each
column by itself, in the language of the header: names, phones, addresses,
company names from its providers; numbers and times in the range of the half;
texts that repeat from those of the half. `copula` fits a Gaussian copula of
the copulas package to all columns of the half, with empirical margins, texts
by the shares of their values, and draws from it: its texts are the half's own.

Makes its own environment under the temporary folder; needs the network once.
"""
import csv, datetime, os, random, re, subprocess, sys, tempfile
from pathlib import Path

VENV = Path(tempfile.gettempdir()) / "trapline-others-venv"
PACKAGES = ["faker==37.12.0", "copulas==0.12.3"]
TIMES = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d-%b-%y", "%m/%d/%y"]


def main():
    if Path(sys.prefix) != VENV:
        if not (VENV / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
            subprocess.run([VENV / "bin/pip", "install", "--quiet", *PACKAGES], check=True)
            (VENV / "done").touch()
        os.execv(VENV / "bin/python", [VENV / "bin/python", *sys.argv])
    if len(sys.argv) < 5 or sys.argv[1] not in ("faker", "copula"):
        return print(__doc__)
    kind, learn, out, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    text = Path(learn).read_text(encoding="utf-8-sig")
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    with open(learn, encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    columns = [Column(name, [row[at] for row in rows]) for at, name in enumerate(header)]
    make = {"faker": faked, "copula": drawn}[kind]
    with open(out, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(make(columns, count, seed))


class Column:
    """What is known of a column: how it reads as a number, and back."""

    def __init__(self, name, texts):
        self.name, self.texts = name, texts
        filled = [text for text in texts if text]
        self.blank = 1 - len(filled) / max(1, len(texts))
        sample = filled[:2000]
        self.time = next((form for form in TIMES if sample and all(as_time(text, form) for text in sample)), None)
        plain = lambda text: re.fullmatch(r"(0|[1-9][0-9]{0,11})(\.[0-9]+)?", text)
        self.is_number = not self.time and bool(sample) and all(plain(text) for text in sample)
        self.decimals = max((len(text.partition(".")[2]) for text in sample), default=0)
        serial = [re.fullmatch(r"([A-Z]+)([0-9]{8,17})", text) for text in sample]
        self.prefix = serial[0][1] if serial and all(serial) and len({one[1] for one in serial}) == 1 else None
        self.width = len(serial[0][2]) if self.prefix else 0
        if self.prefix or self.is_number or self.time:
            self.values = [self.number(text) for text in filled]

    def number(self, text):
        if self.time:
            return (datetime.datetime.strptime(text, self.time) - datetime.datetime(1970, 1, 1)).total_seconds()
        return float(text[len(self.prefix):]) if self.prefix else float(text)

    def text(self, number):
        number = min(max(number, min(self.values)), max(self.values))
        if self.time:
            return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=round(number))).strftime(self.time)
        if self.prefix:
            return f"{self.prefix}{round(number):0{self.width}}"
        return f"{number:.{self.decimals}f}".rstrip("0").rstrip(".") if self.decimals else str(round(number))


def as_time(text, form):
    try:
        return datetime.datetime.strptime(text, form)
    except ValueError:
        return None


def faked(columns, count, seed):
    from faker import Faker

    chinese = any("\u4e00" <= c <= "\u9fff" for column in columns for c in column.name)
    fake = Faker("zh_CN" if chinese else "en_US")
    Faker.seed(seed)
    draw = random.Random(seed)

    def provider(column):
        name = column.name.lower()
        distinct = len(set(column.texts))
        if column.prefix or column.is_number and distinct > 24:
            low, high = min(column.values), max(column.values)
            return lambda: column.text(draw.uniform(low, high))
        if column.time:
            low, high = min(column.values), max(column.values)
            return lambda: column.text(draw.uniform(low, high))
        if re.search("电话|手机|phone", name):
            return fake.phone_number
        if re.search("寄件人|收件人|姓名|name", name) and "寄件地址" not in name:
            return fake.name
        if re.search("详细地址|寄件地址|address", name):
            return fake.street_address if "详细" in name else lambda: fake.address().split(" ")[0]
        if re.search("省|province|state", name):
            return fake.province if chinese else fake.state
        if re.search("区县|district", name):
            return fake.district if chinese else fake.city
        if re.search("市|city", name):
            return fake.city_name if chinese else fake.city
        if re.search("country", name):
            return fake.country
        if re.search("vendor|site|公司", name):
            return fake.company
        known = sorted(set(column.texts))
        return lambda: fake.random_element(known)

    providers = [provider(column) for column in columns]
    for _ in range(count):
        yield ["" if draw.random() < column.blank else make() for column, make in zip(columns, providers)]


def drawn(columns, count, seed):
    import numpy as np
    import pandas as pd
    from copulas.multivariate import GaussianMultivariate
    from copulas.univariate import UniformUnivariate

    draw = np.random.default_rng(seed)
    np.random.seed(seed)
    table, laws, back = {}, {}, {}
    for at, column in enumerate(columns):
        key = f"c{at}"
        measured = hasattr(column, "values") and column.blank == 0 and len(set(column.values)) > 24
        laws[key] = UniformUnivariate()
        if measured:
            # Empirical margins: the best that a margin can be.
            ordered = np.sort(column.values)
            ranks = np.searchsorted(ordered, column.values, "left"), np.searchsorted(ordered, column.values, "right")
            table[key] = (ranks[0] + draw.random(len(ordered)) * (ranks[1] - ranks[0])) / len(ordered)
            back[key] = lambda u, column=column, ordered=ordered: column.text(float(np.quantile(ordered, min(max(u, 0), 1))))
        else:
            # A text is an interval as long as its share, as in the Synthetic Data Vault.
            texts, codes = np.unique(column.texts, return_inverse=True)
            order = np.argsort(-np.bincount(codes), kind="stable")
            shares = np.bincount(codes)[order] / len(codes)
            ends = np.cumsum(shares)
            place = np.empty(len(texts), int)
            place[order] = np.arange(len(texts))
            low = ends - shares
            table[key] = low[place[codes]] + draw.random(len(codes)) * shares[place[codes]]
            texts = texts[order]
            back[key] = lambda u, texts=texts, ends=ends: texts[min(int(np.searchsorted(ends, u)), len(texts) - 1)]
    model = GaussianMultivariate(distribution=laws, random_state=seed)
    model.fit(pd.DataFrame(table))
    made = model.sample(count)
    for row in made.itertuples(index=False):
        yield [back[f"c{at}"](value) for at, value in enumerate(row)]


if __name__ == "__main__":
    main()
