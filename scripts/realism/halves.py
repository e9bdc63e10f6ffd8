#!/usr/bin/env python3
"""Halves an export, and lists the numbers that a template of all of it proposes.

    scripts/realism/halves.py EXPORT TEMPLATE FOLDER [SEED]

Writes learn.csv and judge.csv (each row goes to one of them by a coin); the
numbers of TEMPLATE's block as reserved.txt; and as many in one block behind
the last of them as block.txt.
"""

import random
import re
import sys
from pathlib import Path

export, template, folder = sys.argv[1:4]
draw = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
folder = Path(folder)
with open(export, encoding="utf-8-sig", newline="") as file:
    text = file.read()
header, *rows = [line for line in re.split("\r\n|\n", text) if line]

parts = {"learn.csv": [], "judge.csv": []}
for row in rows:
    parts["learn.csv" if draw.random() < 0.5 else "judge.csv"].append(row)
for name, part in parts.items():
    with open(folder / name, "w", encoding="utf-8", newline="") as file:
        file.write("\r\n".join([header, *part]) + "\r\n")

yaml = Path(template).read_text(encoding="utf-8")
prefix = re.search(r'^    prefix: "?([^"\n]*)', yaml, re.M)
digits = re.search(r"^    digits: (\d+)", yaml, re.M)
listed = re.findall(r'^        - "([\d+ ]+)"', yaml, re.M)
serials = [
    first + i
    for line in listed
    for first, count in (map(int, word.split("+")) for word in line.split())
    for i in range(count)
]


def write(name, numbers):
    start, width = prefix.group(1) if prefix else "", int(digits.group(1)) if digits else 0
    (folder / name).write_text("".join(f"{start}{number:0{width}}\n" for number in numbers))


write("reserved.txt", serials)
write("block.txt", range(serials[-1] + 1000, serials[-1] + 1000 + len(serials)))
print(f"{len(parts['learn.csv'])} rows to learn from, {len(parts['judge.csv'])} to judge by, {len(serials)} numbers reserved")
