#!/usr/bin/env python3
"""The scan of dumps that one machine is too small for, on Apache Spark.

Text files are cut into ranges of bytes, or a table into partitions; each task
pipes its part through `trapline scan - --jsonl -` and hands back the hits. What
comes out is what one machine would have found: same rows, same offsets.

    spark-submit scan.py --index scan.index --scan-key scan.key --out hits.jsonl --files /data/a.csv /data/b.gz
    spark-submit scan.py --index scan.index --scan-key scan.key --out hits.jsonl --table /data/rows --format parquet

Where the key goes. Never into arguments, configuration, logs or the event log:
the driver reads it and broadcasts it; a task hands it to its child through an
inherited pipe. It does cross the network between driver and executors, and
Spark keeps a broadcast in files that only its own user may read: run with
spark.authenticate and spark.network.crypto.enabled, or give the path at which
every worker has the key itself (--scan-key-on-workers) and nothing is sent.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import threading

from pyspark import SparkFiles
from pyspark.sql import SparkSession

# Bytes that are read at once.
CHUNK = 1 << 20
# Bytes that a file is judged by, as `trapline scan` does it.
SAMPLE = 64 << 10
# What trapline unpacks: only from the beginning, in one task.
PACKED = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"PK", b"\xd0\xcf\x11\xe0"]
MARKS = [b"\xff\xfe", b"\xfe\xff"]
TAR_MAGIC = (257, b"ustar")


def is_cut(path):
    """Whether a file may be read from anywhere: text with line ends of one byte."""
    with open(path, "rb") as file:
        sample = file.read(SAMPLE)
    place, magic = TAR_MAGIC
    is_packed = any(sample.startswith(start) for start in PACKED) or sample[place:].startswith(magic)
    is_wide = any(sample.startswith(mark) for mark in MARKS) or sample.count(0) > len(sample) // 16
    return not is_packed and not is_wide


def parts_of(paths, size):
    """(path, start, end) of each task; an end of None is a whole file, for trapline to open."""
    for path in paths:
        length = os.path.getsize(path)
        if not is_cut(path):
            yield path, 0, None
            continue
        for start in range(0, length, size):
            yield path, start, min(start + size, length)


def first_row(file, start):
    """Where the first row begins that begins at `start` or behind it."""
    if start == 0:
        return 0
    file.seek(start - 1)
    at = start - 1
    while chunk := file.read(CHUNK):
        end = chunk.find(b"\n")
        if end >= 0:
            return at + end + 1
        at += len(chunk)
    return at


def rows_of(file, start, end):
    """The bytes of the rows that begin within a range, never decoded: dumps are in any encoding."""
    at = first_row(file, start)
    if at >= end:
        return
    last = first_row(file, end)
    file.seek(at)
    while at < last and (chunk := file.read(min(CHUNK, last - at))):
        at += len(chunk)
        yield chunk


class Child:
    """One `trapline scan`, fed by a thread while its hits are read."""

    def __init__(self, trapline, index, key, what):
        arguments = [trapline, "scan", what, "--index", index, "--jsonl", "-", "--scan-key"]
        self.errors = tempfile.TemporaryFile()
        if isinstance(key, str):
            inherited, arguments = (), [*arguments, key]
        else:
            reader, writer = os.pipe()
            os.write(writer, key)
            os.close(writer)
            inherited, arguments = (reader,), [*arguments, f"/dev/fd/{reader}"]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, pass_fds=inherited
        )
        for descriptor in inherited:
            os.close(descriptor)

    def hits(self, pieces):
        """Feeds `pieces` and yields the hits; fails as the child does."""
        failed = []

        def feed():
            try:
                for piece in pieces:
                    self.process.stdin.write(piece)
                self.process.stdin.close()
            except BrokenPipeError:
                pass  # The child has said why, or will.
            except Exception as error:
                failed.append(error)
                self.process.kill()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        for line in self.process.stdout:
            yield json.loads(line)
        feeder.join()
        status = self.process.wait()
        if failed:
            raise failed[0]
        if status != 0:
            self.errors.seek(0)
            raise RuntimeError(self.errors.read().decode("utf-8", "replace").strip())


class Scanner:
    """What every task needs; travels to the executors."""

    def __init__(self, args, context):
        self.index, self.trapline = os.path.basename(args.index), os.path.basename(args.trapline)
        # One copy on each executor, which all its tasks map into memory.
        context.addFile(args.index)
        context.addFile(args.trapline)
        self.path, self.key = args.scan_key_on_workers, None
        if not self.path:
            with open(args.scan_key, "rb") as file:
                self.key = context.broadcast(file.read())

    def child(self, what):
        trapline = SparkFiles.get(self.trapline)
        os.chmod(trapline, 0o700)
        return Child(trapline, SparkFiles.get(self.index), self.path or self.key.value, what)

    def part(self, part):
        """The hits of one part of the files."""
        path, start, end = part
        if end is None:
            yield from self.child(path).hits([])
            return
        with open(path, "rb") as file:
            base = first_row(file, start)
            for hit in self.child("-").hits(rows_of(file, start, end)):
                yield {**hit, "file": path, "offset": hit["offset"] + base}

    def table(self, batches):
        """The hits of a partition of a table, as a column of JSON."""
        import pyarrow
        from pyarrow import csv

        # Tabs stand in no phone and no number; a cell that holds one is quoted.
        options = csv.WriteOptions(include_header=False, delimiter="\t")

        def text(batch):
            out = pyarrow.BufferOutputStream()
            csv.write_csv(batch, out, options)
            return out.getvalue().to_pybytes()

        found = [json.dumps(hit, ensure_ascii=False) for hit in self.child("-").hits(map(text, batches))]
        yield pyarrow.RecordBatch.from_arrays([pyarrow.array(found, pyarrow.string())], ["hit"])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--files", nargs="+", metavar="FILE", help="files that every worker sees under the same path")
    what.add_argument("--table", metavar="PATH", help="a table that Spark reads")
    parser.add_argument("--format", default="parquet", help="the table's format")
    parser.add_argument("--index", required=True, metavar="FILE", help="what `trapline index` wrote")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--scan-key", metavar="FILE", help="the scan key; it is broadcast")
    key.add_argument("--scan-key-on-workers", metavar="FILE", help="where each worker has it")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the hits go, as lines of JSON")
    parser.add_argument("--trapline", default="trapline", metavar="FILE", help="the program; it is sent to the executors")
    parser.add_argument("--range-bytes", type=int, default=128 << 20, metavar="N", help="bytes of text for each task")
    return parser.parse_args()


def write(hits, path):
    """Writes the hits under their final name at once: a job that fails leaves no half of them."""
    part = f"{path}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        for hit in hits:
            file.write(json.dumps(hit, ensure_ascii=False) + "\n")
    os.rename(part, path)


def summary(hits, tasks):
    """What was found, told without the rows."""
    sources = collections.defaultdict(set)
    for hit in hits:
        for canary in hit.get("canaries", []):
            source = canary["epoch"], canary.get("account", "(shared rows)"), canary["batch"]
            sources[source].add(canary["index"])
    print(f"{tasks} tasks, {len(hits)} rows hold something of ours", file=sys.stderr)
    for (epoch, account, batch), found in sorted(sources.items()):
        print(f"{epoch}  {account}  {batch}: {len(found)} canaries", file=sys.stderr)


def main():
    args = arguments()
    spark = SparkSession.builder.appName("trapline scan").getOrCreate()
    scanner = Scanner(args, spark.sparkContext)
    # Only what tasks returned when they succeeded is collected: retries and
    # speculation double nothing. Rows of ours are few; the driver holds them.
    if args.files:
        parts = list(parts_of(args.files, args.range_bytes))
        hits = spark.sparkContext.parallelize(parts, len(parts)).flatMap(scanner.part).collect()
        tasks = len(parts)
    else:
        table = spark.read.format(args.format).load(args.table)
        found = table.mapInArrow(scanner.table, "hit string")
        hits = [json.loads(row.hit) for row in found.collect()]
        tasks = found.rdd.getNumPartitions()
    hits.sort(key=lambda hit: (hit["file"], hit["offset"]))
    write(hits, args.out)
    summary(hits, tasks)
    spark.stop()


if __name__ == "__main__":
    main()
