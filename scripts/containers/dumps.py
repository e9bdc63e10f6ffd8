"""Dumps of real databases, planted into and loaded again: SQLite by Python's own, PostgreSQL where there is a server.

    dumps.py TRAPLINE FOLDER     the workspace is FOLDER/ws
"""

import csv
import pathlib
import shutil
import sqlite3
import subprocess
import sys

from books import rows

COLUMNS = ["waybill_no", "picked_up_at", "outlet", "sender_name", "sender_phone", "sender_address", "receiver_name",
           "receiver_phone", "receiver_province", "receiver_city", "receiver_district", "receiver_address", "goods",
           "pieces", "weight", "fee", "payment", "courier", "remarks"]
PLANTED = "2026-10-05T02:00:00Z"


def data(count, step):
    """Rows of the shipped export with ids; some remarks need every kind of escape."""
    _, records = rows(count)
    odd = ["it's", 'say "hi"', "a\\b", "tab\there", "line\nbreak", None]
    return [(step * (at + 1), *record[:-1], odd[at % len(odd)]) for at, record in enumerate(records)]


def plant(trapline, folder, source, account):
    out = folder / f"{source.stem}-planted.sql"
    said = subprocess.run([trapline, "-C", folder / "ws", "--now", PLANTED, "plant", source, "-o", out, "--account", account,
                           "--batch", "day"], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    proof = subprocess.run([trapline, "-C", folder / "ws", "verify", out, "--batch", "day", "--account", account],
                           capture_output=True, text=True)
    assert proof.returncode == 0, proof.stderr
    return out


def compare(name, before, after):
    """Every original row is there once, ten are new, and no id occurs twice."""
    ids = "from gaps" if max(int(row[0]) for row in after) == max(int(row[0]) for row in before) else "from the end"
    new = [row for row in after if row not in set(before)]
    assert [row for row in after if row in set(before)] == before, f"{name}: original rows differ"
    assert len(new) == 10, f"{name}: {len(new)} rows are new"
    assert len({row[0] for row in after}) == len(after), f"{name}: an id occurs twice"
    print(f"{name}: {len(before)} rows are as they were, {len(new)} were added, ids {ids}")


def sqlite(trapline, folder):
    for step in (1, 7):
        name = f"sqlite-{step}"
        base = sqlite3.connect(":memory:")
        base.execute(f"CREATE TABLE waybills (id INTEGER PRIMARY KEY, {', '.join(c + ' TEXT' for c in COLUMNS)}, UNIQUE (waybill_no))")
        base.executemany(f"INSERT INTO waybills VALUES ({','.join('?' * (len(COLUMNS) + 1))})", data(300, step))
        dump = folder / f"{name}.sql"
        dump.write_text("PRAGMA foreign_keys=OFF;\n" + "\n".join(base.iterdump()) + "\n", encoding="utf-8")
        loaded = sqlite3.connect(":memory:")
        loaded.executescript(plant(trapline, folder, dump, name).read_text(encoding="utf-8"))
        select = lambda db: db.execute("SELECT * FROM waybills ORDER BY id").fetchall()
        compare(name, select(base), select(loaded))


def postgres(trapline, folder):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    tools = found[-1].parent if found else None
    if not tools:
        print("skipped: PostgreSQL is not here")
        return
    cluster = folder / "pg"
    # the server refuses to run as root
    run_as = ["runuser", "-u", "nobody", "--"] if pathlib.Path("/root").owner() and __import__("os").getuid() == 0 else []
    cluster.mkdir()
    if run_as:
        shutil.chown(cluster, "nobody")
        folder.chmod(0o755)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": cluster}
    subprocess.run([*run_as, tools / "initdb", "-D", cluster / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8"], **quiet)
    settings = f"-c listen_addresses='' -c unix_socket_directories='{cluster}' -c fsync=off"
    subprocess.run([*run_as, tools / "pg_ctl", "-D", cluster / "data", "-w", "-l", cluster / "log", "-o", settings, "start"], **quiet)
    try:
        tool = lambda name, *args, **more: subprocess.run([tools / name, "-h", cluster, "-U", "postgres", *args], check=True, capture_output=True, text=True, **more)
        select = lambda base: list(map(tuple, csv.reader(tool("psql", "-d", base, "-c", "COPY (SELECT * FROM waybills ORDER BY id) TO STDOUT (FORMAT csv)").stdout.splitlines(keepends=True))))
        tool("psql", "-c", "CREATE DATABASE one")
        tool("psql", "-d", "one", "-c", f"CREATE TABLE waybills (id integer PRIMARY KEY, {', '.join(c + ' text' for c in COLUMNS)}, UNIQUE (waybill_no))")
        with open(folder / "rows.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(data(300, 5))
        with open(folder / "rows.csv", encoding="utf-8") as file:
            tool("psql", "-d", "one", "-c", "COPY waybills FROM STDIN (FORMAT csv)", stdin=file)
        for name, options in [("copy", []), ("inserts", ["--inserts"]), ("column-inserts", ["--column-inserts"]),
                              ("many-rows", ["--rows-per-insert=50"])]:
            dump = folder / f"pg-{name}.sql"
            dump.write_text(tool("pg_dump", "one", *options).stdout, encoding="utf-8")
            out = plant(trapline, folder, dump, f"pg-{name}")
            base = f"two_{name.replace('-', '_')}"
            tool("psql", "-c", f"CREATE DATABASE {base}")
            tool("psql", "-d", base, "-v", "ON_ERROR_STOP=1", "-q", "-f", out)
            compare(f"postgres {name}", select("one"), select(base))
    finally:
        subprocess.run([*run_as, tools / "pg_ctl", "-D", cluster / "data", "-m", "immediate", "stop"], **quiet)


if __name__ == "__main__":
    trapline, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    sqlite(trapline, folder)
    postgres(trapline, folder)
