#!/usr/bin/env python3
"""An adversary of another make, beside the built-in one.

Trains scikit-learn on the very rows that `trapline template audit` learned
from: a logistic regression over character sequences (TF-IDF), and boosted
trees over simple measures of each row alone. Prints both AUCs beside the
built-in one. Neither sees the rest of the file: what they miss of the built-in
AUC is what neighbours, counts and runs give away.

  scripts/realism/outside.py EXPORT --template T [any option of template audit]
  scripts/realism/outside.py --seen ROWS REPORT     what an audit with --rows-out and --json left

Makes its own environment under the temporary folder; needs Python 3.11 and the
network once. TRAPLINE=FILE takes another binary.
"""
import json, os, subprocess, sys, tempfile
from pathlib import Path

VENV = Path(tempfile.gettempdir()) / "trapline-outside-venv"
PACKAGES = ["scikit-learn==1.7.2"]


def main():
    if Path(sys.prefix) != VENV:
        if not (VENV / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
            subprocess.run([VENV / "bin/pip", "install", "--quiet", *PACKAGES], check=True)
            (VENV / "done").touch()
        os.execv(VENV / "bin/python", [VENV / "bin/python", *sys.argv])
    args = sys.argv[1:]
    if not args or args[0] in ("-h", "--help"):
        return print(__doc__)
    root = Path(__file__).resolve().parents[2]
    target = os.environ.get("CARGO_TARGET_DIR", root / "target")
    trapline = os.environ.get("TRAPLINE", f"{target}/release/trapline")
    # Labelled canaries: gone when this ends.
    with tempfile.TemporaryDirectory() as folder:
        if args[0] == "--seen":
            rows, report = args[1], json.loads(Path(args[2]).read_text(encoding="utf-8"))
        else:
            rows = Path(folder) / "rows.csv"
            command = [trapline, "template", "audit", *args, "--json", "--rows-out", rows]
            report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        inside = report["told"]["auc"]
        header, labels, groups, cells = read(rows)
    closed = {header.index(name) for name in report["without"]}
    cells = [[cell for place, cell in enumerate(row) if place not in closed] for row in cells]
    print(f"{sum(labels)} planted rows, {len(labels) - sum(labels)} real ones, without {', '.join(report['without']) or 'nothing'}")
    print(f"built in                                  AUC {inside['estimate']:.3f} ({inside['low']:.3f} to {inside['high']:.3f})")
    print(f"characters, logistic regression           AUC {characters(labels, groups, cells):.3f}")
    print(f"measures of the row, boosted trees        AUC {measures(labels, groups, cells):.3f}")


def read(path):
    import csv

    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header[2:], [int(row[0]) for row in rows], [row[1] for row in rows], [row[2:] for row in rows]


def judged(labels, groups, learn):
    """AUC over five folds; groups stay together."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    scores = [0.0] * len(labels)
    for train, test in GroupKFold(5).split(labels, groups=groups):
        for row, score in zip(test, learn(train, [labels[i] for i in train], test)):
            scores[row] = score
    return roc_auc_score(labels, scores)


def characters(labels, groups, cells):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from scipy.sparse import hstack

    columns = list(zip(*cells))

    def learn(train, truth, test):
        train_parts, test_parts = [], []
        for column in columns:
            vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=3, sublinear_tf=True)
            try:
                train_parts.append(vectorizer.fit_transform(column[i] for i in train))
            except ValueError:  # nothing in it
                continue
            test_parts.append(vectorizer.transform(column[i] for i in test))
        model = LogisticRegression(C=3.0, max_iter=300).fit(hstack(train_parts).tocsr(), truth)
        return model.decision_function(hstack(test_parts).tocsr())

    return judged(labels, groups, learn)


def measures(labels, groups, cells):
    import re
    from sklearn.ensemble import HistGradientBoostingClassifier

    def number(text):
        try:
            return float(text)
        except ValueError:
            return float("nan")

    def measure(cell):
        runs = re.findall(r"[0-9]+", cell)
        return [
            len(cell),
            sum(c.isdigit() for c in cell),
            sum(not c.isalnum() for c in cell),
            len(runs),
            number(cell) if len(cell) < 10 else float("nan"),
            number(runs[0]) if runs and len(runs[0]) < 8 else float("nan"),
            number(runs[-1]) if runs and len(runs[-1]) < 8 else float("nan"),
            number(cell[-1:]),
        ]

    table = [[value for cell in row for value in measure(cell)] for row in cells]

    def learn(train, truth, test):
        model = HistGradientBoostingClassifier(random_state=1).fit([table[i] for i in train], truth)
        return model.decision_function([table[i] for i in test])

    return judged(labels, groups, learn)


if __name__ == "__main__":
    main()
