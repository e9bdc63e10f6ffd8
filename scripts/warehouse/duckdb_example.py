"""Leaves canaries out of a query: the filter as a function of DuckDB."""

import os

import duckdb

from scrub_filter import ScrubFilter

canaries = ScrubFilter("scrub.filter", "scrub.key")
if canaries.age_days > float(os.environ.get("MOST_DAYS", 2)):
    raise SystemExit("the filter is old, and what was planted since is not in it: make it again")


def is_canary(number: str, phone: str) -> bool:
    return canaries.is_canary([number or ""], [phone or ""])


db = duckdb.connect()
db.create_function("is_canary", is_canary, null_handling="special")
db.execute("CREATE TABLE waybills AS SELECT * FROM read_csv('planted.csv', all_varchar = true)")
db.execute('COPY (SELECT * FROM waybills WHERE NOT is_canary("运单号", "收件电话")) TO \'billing.csv\' (HEADER)')
