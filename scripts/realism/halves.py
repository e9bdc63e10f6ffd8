#!/usr/bin/env python3
"""Halves an export and reserves numbers for it, as an operator would.

    scripts/realism/halves.py EXPORT NUMBER-COLUMN PREFIX FOLDER [SEED]

Writes learn.csv and judge.csv (each row goes to one of them by a coin), the
free numbers inside runs of the whole export as reserved.txt: as many of them as
of the real ones have a real number on both sides, on one, on none; and
block.txt, as many in one block behind the last number.
"""

import csv
import random
import sys
from pathlib import Path

export, column, prefix, folder = sys.argv[1:5]
draw = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
folder = Path(folder)
text = Path(export).read_text(encoding="utf-8-sig", newline="")
lines = [line for line in text.split("\r\n" if "\r\n" in text else "\n") if line]
header, rows = lines[0], lines[1:]

parts = {"learn.csv": [], "judge.csv": []}
for row in rows:
    parts["learn.csv" if draw.random() < 0.5 else "judge.csv"].append(row)
for name, part in parts.items():
    (folder / name).write_text("\r\n".join([header, *part]) + "\r\n", encoding="utf-8", newline="")

at = next(csv.reader([header])).index(column)
texts = [next(csv.reader([row]))[at] for row in rows]
width = len(texts[0]) - len(prefix)
used = sorted(int(text[len(prefix):]) for text in texts)
known = set(used)


def sides(serial):
    return (serial - 1 in known) + (serial + 1 in known)


real = [0, 0, 0]
for serial in used:
    real[sides(serial)] += 1
free = [[], [], []]
for before, after in zip(used, used[1:]):
    if 1 < after - before < 64:
        for serial in range(before + 1, after):
            free[sides(serial)].append(serial)
kinds = [kind for kind in range(3) if real[kind] * 20 >= len(used)]
share = min(len(free[kind]) / real[kind] for kind in kinds)
reserved = sorted(
    serial for kind in range(3) for serial in draw.sample(free[kind], min(len(free[kind]), int(real[kind] * share)))
)
(folder / "reserved.txt").write_text("".join(f"{prefix}{serial:0{width}}\n" for serial in reserved))
(folder / "block.txt").write_text("".join(f"{prefix}{used[-1] + 1000 + i:0{width}}\n" for i in range(len(reserved))))
print(f"{len(parts['learn.csv'])} rows to learn from, {len(parts['judge.csv'])} to judge by, {len(reserved)} numbers reserved")
