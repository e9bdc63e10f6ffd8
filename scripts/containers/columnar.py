"""Parquet files of real writers, planted into and read again: pyarrow and DuckDB write, both read.

    columnar.py TRAPLINE FOLDER     the workspace is FOLDER/ws
    columnar.py --fixtures FOLDER   writes the small files of tests/data/parquet
"""

import datetime
import decimal
import pathlib
import subprocess
import sys

import duckdb
import pyarrow
import pyarrow.parquet

from books import rows

COLUMNS = ["waybill_no", "picked_up_at", "outlet", "sender_name", "sender_phone", "sender_address", "receiver_name",
           "receiver_phone", "receiver_province", "receiver_city", "receiver_district", "receiver_address", "goods",
           "pieces", "weight", "fee", "payment", "courier", "remarks"]
PLANTED = "2026-10-05T02:00:00Z"
CANARIES = 10


def table(count, wide=True):
    """Rows of the shipped export, typed: numbers, phones and ids as INT64, fees as decimals, times as timestamps; and columns of
    other types beside them, with nulls."""
    _, records = rows(count)
    digits = lambda text: int("".join(c for c in text if c.isdigit()))
    # shares of a second differ, so they must stay
    time = lambda at, text: datetime.datetime.fromisoformat(text) + datetime.timedelta(microseconds=at * 137 % 1000000)
    read = {
        "waybill_no": (pyarrow.int64(), lambda at, t: digits(t)),
        "picked_up_at": (pyarrow.timestamp("us"), time),
        "sender_phone": (pyarrow.int64(), lambda at, t: digits(t) if t else None),
        "receiver_phone": (pyarrow.int64(), lambda at, t: digits(t) if t else None),
        "pieces": (pyarrow.int8(), lambda at, t: int(t) if t else None),
        "weight": (pyarrow.float64(), lambda at, t: float(t) if t else None),
        "fee": (pyarrow.decimal128(9, 2), lambda at, t: decimal.Decimal(t) if t else None),
        "remarks": (pyarrow.string(), lambda at, t: [t, None, ""][at % 3]),
    }
    arrays, fields = [], []
    for place, name in enumerate(COLUMNS):
        kind, value = read.get(name, (pyarrow.string(), lambda at, t: t))
        arrays.append(pyarrow.array([value(at, record[place]) for at, record in enumerate(records)], kind))
        fields.append(pyarrow.field(name, kind, nullable=name != "waybill_no"))
    if wide:
        day = datetime.date(2026, 9, 1)
        at = datetime.datetime(2026, 9, 1, 8, 30)
        null = lambda number, value: None if number % 7 == 0 else value
        more = {
            "seen_on": (pyarrow.date32(), lambda n: null(n, day + datetime.timedelta(days=n % 90))),
            "seen_at": (pyarrow.time64("us"), lambda n: null(n, datetime.time(n % 24, n % 60))),
            "millis": (pyarrow.timestamp("ms", tz="UTC"), lambda n: null(n, at + datetime.timedelta(milliseconds=n))),
            "nanos": (pyarrow.timestamp("ns"), lambda n: null(n, at + datetime.timedelta(seconds=n))),
            "small": (pyarrow.uint16(), lambda n: null(n, n * 7 % 65536)),
            "large": (pyarrow.uint64(), lambda n: null(n, 2**64 - 1 - n)),
            "ratio": (pyarrow.float32(), lambda n: null(n, n / 8)),
            "flag": (pyarrow.bool_(), lambda n: null(n, n % 2 == 0)),
            "wide_fee": (pyarrow.decimal128(30, 6), lambda n: null(n, decimal.Decimal(n) / 8)),
            "code": (pyarrow.binary(4), lambda n: null(n, n.to_bytes(4, "big"))),
            "raw": (pyarrow.binary(), lambda n: null(n, bytes([255, n % 256]))),
            "tags": (pyarrow.list_(pyarrow.string()), lambda n: null(n, ["x", None, str(n)][: n % 4])),
            "place": (pyarrow.struct([("x", pyarrow.int32()), ("y", pyarrow.string())]), lambda n: null(n, {"x": n, "y": None if n % 5 == 0 else "y"})),
        }
        for name, (kind, value) in more.items():
            arrays.append(pyarrow.array([value(n) for n in range(count)], kind))
            fields.append(pyarrow.field(name, kind))
    schema = pyarrow.schema(fields, metadata={"exported by": "ops", "空": "值"})
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def by_pyarrow(folder):
    small = {"row_group_size": 900}
    for name, options in {
        "snappy": {"compression": "snappy"},
        "zstd": {"compression": "zstd", "data_page_version": "2.0", **small},
        "plain": {"compression": "none", "use_dictionary": False, "write_statistics": False},
        "gzip": {"compression": "gzip", "use_dictionary": ["payment", "outlet"], "write_page_index": True, **small},
        "lz4": {"compression": "lz4", "version": "1.0", **small},
        "mixed": {"compression": {"waybill_no": "zstd", "receiver_name": "snappy"}, "store_schema": False, **small},
        "delta": {"use_dictionary": False, "column_encoding": {"waybill_no": "DELTA_BINARY_PACKED", "sender_name": "DELTA_LENGTH_BYTE_ARRAY", "weight": "BYTE_STREAM_SPLIT"}, **small},
        "int96": {"use_deprecated_int96_timestamps": True},
        "sorted": {"sorting_columns": [pyarrow.parquet.SortingColumn(1)], **small},
    }.items():
        path = folder / f"pyarrow-{name}.parquet"
        made = table(2400)
        if name == "sorted":
            made = made.sort_by("picked_up_at")
        pyarrow.parquet.write_table(made, path, **options)
        yield path


def by_duckdb(folder):
    base = duckdb.connect()
    base.register("waybills", table(2400, wide=False))
    for name, options in {"snappy": "", "zstd": ", COMPRESSION zstd, ROW_GROUP_SIZE 2048", "v2": ", PARQUET_VERSION v2",
                          "bloom": ", DICTIONARY_SIZE_LIMIT 100000"}.items():
        path = folder / f"duckdb-{name}.parquet"
        base.execute(f"COPY waybills TO '{path}' (FORMAT parquet{options})")
        yield path


def template(folder):
    """The shipped template with waybill numbers of digits alone, which an INT64 can hold."""
    text = (pathlib.Path(__file__).parents[2] / "templates/yto-express.yaml").read_text(encoding="utf-8")
    path = folder / "digits.yaml"
    path.write_text(text.replace("form: yto", "form: sto").replace("prefix: YT0000", 'prefix: "773000"'), encoding="utf-8")
    return path


def plant(trapline, folder, source):
    out = folder / f"{source.stem}-planted.parquet"
    said = subprocess.run([trapline, "-C", folder / "ws", "--now", PLANTED, "plant", source, "-o", out, "--account", source.stem,
                           "--batch", "day", "--template", template(folder)], capture_output=True, text=True)
    assert said.returncode == 0, f"{source.stem}: {said.stderr}"
    proof = subprocess.run([trapline, "-C", folder / "ws", "verify", out, "--batch", "day", "--account", source.stem],
                           capture_output=True, text=True)
    assert proof.returncode == 0, f"{source.stem}: {proof.stderr}"
    return out


def as_kept(value):
    """Something that is equal where values are, NaN among them."""
    return repr(value)


def compare(name, before, after):
    """Without the new rows, what is read after is what was read before, in its order."""
    old, new = list(map(as_kept, before)), list(map(as_kept, after))
    at, added = 0, []
    for place, row in enumerate(new):
        if at < len(old) and row == old[at]:
            at += 1
        else:
            added.append(place)
    assert at == len(old), f"{name}: row {at + 1} of the original is another"
    assert len(added) == CANARIES, f"{name}: {len(added)} rows are new"
    return added


def footers(name, source, planted):
    """Schema, pairs, writer, row groups and codecs are the same; where there were dictionaries, statistics, indexes, there are."""
    old, new = pyarrow.parquet.ParquetFile(source), pyarrow.parquet.ParquetFile(planted)
    # the first line is where it is in memory
    shown = lambda schema: str(schema).splitlines()[1:]
    assert old.schema.equals(new.schema) and shown(old.schema) == shown(new.schema), f"{name}: the schema differs"
    assert old.schema_arrow.equals(new.schema_arrow, check_metadata=True), f"{name}: the Arrow schema differs"
    assert old.metadata.metadata == new.metadata.metadata, f"{name}: key-value pairs differ"
    assert old.metadata.created_by == new.metadata.created_by, f"{name}: the writer differs"
    assert old.metadata.format_version == new.metadata.format_version
    assert old.metadata.num_row_groups == new.metadata.num_row_groups, f"{name}: row groups differ"
    assert old.metadata.num_rows + CANARIES == new.metadata.num_rows
    for group in range(old.metadata.num_row_groups):
        before, after = old.metadata.row_group(group), new.metadata.row_group(group)
        assert before.sorting_columns == after.sorting_columns
        for column in range(before.num_columns):
            a, b = before.column(column), after.column(column)
            where = f"{name}: row group {group}, column {a.path_in_schema}"
            assert (a.path_in_schema, a.physical_type, a.compression) == (b.path_in_schema, b.physical_type, b.compression), where
            assert a.has_dictionary_page == b.has_dictionary_page, f"{where}: {a.encodings} became {b.encodings}"
            assert (a.has_offset_index, a.has_column_index) == (b.has_offset_index, b.has_column_index), where
            assert (a.statistics is None) == (b.statistics is None), where
            if b.statistics is not None and b.statistics.has_min_max and a.statistics.has_min_max:
                assert b.statistics.min <= a.statistics.min and b.statistics.max >= a.statistics.max, where
            delta = {"DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "BYTE_STREAM_SPLIT"}
            assert delta & set(a.encodings) == delta & set(b.encodings), f"{where}: {a.encodings} became {b.encodings}"
    return old.metadata.num_row_groups


def check(trapline, folder, source):
    name = source.stem
    planted = plant(trapline, folder, source)
    groups = footers(name, source, planted)
    arrow = lambda path: zip(*(column.to_pylist() for column in pyarrow.parquet.read_table(path).columns))
    added = compare(f"{name}, by pyarrow", arrow(source), arrow(planted))
    # DuckDB must keep the order of the file to be compared
    base = duckdb.connect(config={"preserve_insertion_order": True})
    duck = lambda path: base.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()
    assert compare(f"{name}, by DuckDB", duck(source), duck(planted)) == added, f"{name}: DuckDB and pyarrow disagree"
    # what is looked for by statistics, indexes or filters is found
    read = pyarrow.parquet.read_table(planted, columns=["waybill_no", "receiver_phone"])
    for place in added:
        number = read["waybill_no"][place].as_py()
        found = base.execute(f"SELECT count(*) FROM read_parquet('{planted}') WHERE waybill_no = {number}").fetchone()
        assert found == (1,), f"{name}: a planted number is not found"
    print(f"{name}: {groups} row groups, {pyarrow.parquet.read_metadata(source).num_rows} rows are as they were, {len(added)} were added")


def fixtures(folder):
    pyarrow.parquet.write_table(table(64), folder / "pyarrow.parquet", compression="snappy", row_group_size=40, write_page_index=True)
    delta = {"waybill_no": "DELTA_BINARY_PACKED", "sender_name": "DELTA_LENGTH_BYTE_ARRAY", "weight": "BYTE_STREAM_SPLIT"}
    pyarrow.parquet.write_table(table(64), folder / "pyarrow-v2.parquet", compression="zstd", row_group_size=40,
                                data_page_version="2.0", use_dictionary=False, column_encoding=delta)
    base = duckdb.connect()
    base.register("waybills", table(64, wide=False))
    base.execute(f"COPY waybills TO '{folder / 'duckdb.parquet'}' (FORMAT parquet)")


if __name__ == "__main__":
    if sys.argv[1] == "--fixtures":
        fixtures(pathlib.Path(sys.argv[2]))
        sys.exit()
    trapline, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    for source in [*by_pyarrow(folder), *by_duckdb(folder)]:
        check(trapline, folder, source)
