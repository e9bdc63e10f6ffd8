#!/usr/bin/env python3
"""The scan of dumps that one machine is too small for, on Apache Spark.

Text files are cut into ranges of bytes, or a table into partitions; each task
pipes its part through `trapline scan - --jsonl -` and hands back the hits. What
comes out is what one machine would have found: same rows, same offsets.

    spark-submit scan.py --index scan.index --scan-key scan.key --out hits.jsonl --files /data/a.csv /data/b.gz
    spark-submit scan.py --index scan.index --scan-key scan.key --out hits.jsonl --table /data/rows --format parquet

Where the key goes. Never into arguments, configuration, logs or the event log:
the driver reads it and broadcasts it; a task hands it to its child through an
inherited pipe. What remains exposed: it crosses the network in Spark's block
transfer, which is in the clear unless spark.authenticate and
spark.network.crypto.enabled are set, and Spark keeps broadcasts on disk, in
folders of its own user, in the clear unless spark.io.encryption.enabled is set.
Where that is too much, put the key on the workers yourself and give its path
(--scan-key-on-workers): then nothing is sent.
"""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

from pyspark import SparkFiles, TaskContext
from pyspark.sql import SparkSession

# Bytes that are read at once.
CHUNK = 1 << 20
# Bytes by which `trapline scan` judges an encoding.
SAMPLE = 64 << 10
# What trapline unpacks, and archives that it refuses: read from the beginning, in one task.
PACKED = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"PK", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!"]
# zstd's parallel compressors begin with a frame to skip: 50 to 5f, then this.
ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
UTF_16_MARKS = [b"\xff\xfe", b"\xfe\xff"]
# No larger integer is exact in a double.
EXACT = 1 << 53


def sample_of(path):
    """A file's first bytes."""
    with open(path, "rb") as file:
        return file.read(SAMPLE)


def is_cut(sample):
    """Whether a file that begins so may be read from anywhere: text with line ends of one byte."""
    is_packed = any(sample.startswith(start) for start in PACKED) or sample[257:].startswith(b"ustar")
    is_packed = is_packed or (sample[:1] and 0x50 <= sample[0] <= 0x5F and sample[1:4] == ZSTD_SKIPPABLE)
    # Wider than trapline's own rule for UTF-16: a doubtful file as a whole is only slower. Old tars have NULs too.
    is_wide = any(sample.startswith(mark) for mark in UTF_16_MARKS) or sample.count(0) > len(sample) // 16
    return not is_packed and not is_wide


def parts_of(paths, size):
    """(name, path, start, end) of each task; an end of None is a whole file, for trapline to open."""
    size = max(size, SAMPLE)
    for name in paths:
        path = os.path.abspath(name)  # Workers stand in other folders.
        length = os.path.getsize(path)
        if not is_cut(sample_of(path)):
            yield name, path, 0, None
            continue
        for start in range(0, length, size):
            yield name, path, start, min(start + size, length)


def first_row(file, start):
    """Where the first row begins that begins at `start` or behind it."""
    if start == 0:
        return 0
    at = start - 1
    file.seek(at)
    while chunk := file.read(CHUNK):
        end = chunk.find(b"\n")
        if end >= 0:
            return at + end + 1
        at += len(chunk)
    return at


def bytes_of(file, start, end):
    """The bytes of a stretch, never decoded: dumps are in any encoding, or in several."""
    file.seek(start)
    while start < end:
        chunk = file.read(min(CHUNK, end - start))
        if not chunk:
            raise OSError(f"{file.name} became shorter while it was read")
        start += len(chunk)
        yield chunk


class Child:
    """One `trapline scan`, fed by a thread while its hits are read: neither pipe can block the other."""

    def __init__(self, trapline, index, key, what):
        arguments = [trapline, "scan", what, "--index", index, "--jsonl", "-", "--scan-key"]
        self.errors = tempfile.TemporaryFile()
        self.failed = None
        # Spark gave this task so many cores; trapline alone would take all.
        environment = {**os.environ, "RAYON_NUM_THREADS": str(TaskContext.get().cpus())}
        if isinstance(key, str):
            inherited, arguments = (), [*arguments, key]
        else:
            # A key is shorter than a pipe holds, so this does not block.
            reader, writer = os.pipe()
            os.write(writer, key)
            os.close(writer)
            inherited, arguments = (reader,), [*arguments, f"/dev/fd/{reader}"]
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            pass_fds=inherited,
            env=environment,
        )
        for descriptor in inherited:
            os.close(descriptor)

    def feed(self, pieces):
        """Writes `pieces` to the child; keeps what went wrong for the task's own thread."""
        try:
            with self.process.stdin as stdin:
                for piece in pieces:
                    stdin.write(piece)
        except BaseException as error:
            self.failed = error
            if not isinstance(error, BrokenPipeError):
                self.process.kill()  # What it says of half its input is worth nothing.

    def hits(self, pieces):
        """Feeds `pieces` and yields the hits; fails as the child does."""
        feeder = threading.Thread(target=self.feed, args=(pieces,), daemon=True)
        feeder.start()
        try:
            for line in self.process.stdout:
                if line.endswith(b"\n"):  # Else it was killed; its status tells.
                    yield json.loads(line)
            feeder.join()
            self.conclude(self.process.wait())
        finally:
            self.process.kill()  # Only where the task was given up: nobody waits for its hits.

    def conclude(self, status):
        """Raises what went wrong, if anything did."""
        if self.failed and not isinstance(self.failed, BrokenPipeError):
            raise self.failed
        if status != 0:
            self.errors.seek(0)
            said = self.errors.read().decode("utf-8", "replace").strip()
            raise RuntimeError(said or f"trapline ended with status {status} and said nothing")
        if self.failed:
            raise RuntimeError("trapline ended well, but did not read all that it was given")


def cells(values):
    """A column as bytes: one cell for each row, without tabs and line ends."""
    import pyarrow
    import pyarrow.compute as compute

    if pyarrow.types.is_floating(values.type):
        # A phone in a column of doubles would be written 1.38e+10.
        values = values.cast(pyarrow.float64())
        is_whole = compute.and_(
            compute.equal(values, compute.floor(values)), compute.less(compute.abs(values), float(EXACT))
        )
        whole = compute.if_else(is_whole, values, None).cast(pyarrow.int64()).cast(pyarrow.string())
        values = compute.coalesce(whole, values.cast(pyarrow.string()))
    elif pyarrow.types.is_nested(values.type):
        texts = [json.dumps(value, ensure_ascii=False, default=str) for value in values.to_pylist()]
        values = pyarrow.array(texts, pyarrow.string())
    elif not pyarrow.types.is_binary(values.type) and not pyarrow.types.is_large_binary(values.type):
        values = values.cast(pyarrow.string())
    values = values.cast(pyarrow.binary())
    for separator in (b"\t", b"\n", b"\r"):
        values = compute.replace_substring(values, separator, b" ")
    return values


def text_of(batch):
    """A batch's rows as text, a line each."""
    import pyarrow
    import pyarrow.compute as compute

    columns = [cells(column) for column in batch.columns]
    rows = compute.binary_join_element_wise(
        *columns, pyarrow.scalar(b"\t"), null_handling="replace", null_replacement=""
    )
    return b"".join(row + b"\n" for row in rows.to_pylist())


class Scanner:
    """What every task needs; travels to the executors. A task's last word is how many bytes it read."""

    def __init__(self, args, context):
        self.index, self.trapline = os.path.basename(args.index), os.path.basename(args.trapline)
        # One copy on each executor, which all its tasks map into memory.
        context.addFile(args.index)
        context.addFile(args.trapline)
        self.source = args.table
        self.path, self.key = args.scan_key_on_workers, None
        if not self.path:
            with open(args.scan_key, "rb") as file:
                self.key = context.broadcast(file.read(4096))

    def child(self, what):
        trapline = SparkFiles.get(self.trapline)
        os.chmod(trapline, 0o700)
        return Child(trapline, SparkFiles.get(self.index), self.path or self.key.value, what)

    def part(self, part):
        """The hits of one part of the files."""
        name, path, start, end = part
        if end is None:
            for hit in self.child(path).hits([]):
                # Behind the path stands what was found inside an archive.
                yield {**hit, "file": name + hit["file"].removeprefix(path)}
            yield {"read": os.path.getsize(path)}
            return
        with open(path, "rb") as file:
            first, last = first_row(file, start), first_row(file, end)
            # A child judges an encoding by its first bytes. Those of a range may be
            # all ASCII where the file's show GBK, and full-width digits that follow
            # would be missed: each range goes behind the file's own first bytes, and
            # what is found in those is the first range's affair.
            before = sample_of(path) + b"\n" if start else b""
            if first < last:
                pieces = (piece for pieces in ([before], bytes_of(file, first, last)) for piece in pieces)
                for hit in self.child("-").hits(pieces):
                    offset = hit["offset"] - len(before)
                    if offset >= 0:
                        yield {**hit, "file": name, "offset": offset + first}
        yield {"read": max(last - first, 0)}

    def table(self, batches):
        """The hits of a partition of a table, as a column of JSON; offsets are those of the partition's text."""
        import pyarrow

        name, read = f"{self.source}#{TaskContext.get().partitionId()}", 0

        def pieces():
            nonlocal read
            for batch in batches:
                text = text_of(batch)
                read += len(text)
                yield text

        found = [{**hit, "file": name} for hit in self.child("-").hits(pieces())]
        texts = [json.dumps(said, ensure_ascii=False) for said in [*found, {"read": read}]]
        yield pyarrow.RecordBatch.from_arrays([pyarrow.array(texts, pyarrow.string())], ["said"])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--files", nargs="+", metavar="FILE", help="files that every worker sees under the same path")
    what.add_argument("--table", metavar="PATH", help="a table that Spark reads")
    parser.add_argument("--format", default="parquet", help="the table's format: parquet, csv, json, ...")
    parser.add_argument("--index", required=True, metavar="FILE", help="what `trapline index` wrote")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--scan-key", metavar="FILE", help="the scan key; it is broadcast")
    key.add_argument("--scan-key-on-workers", metavar="FILE", help="where each worker has it")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the hits go, as lines of JSON")
    parser.add_argument("--trapline", default="trapline", metavar="FILE", help="the program; it is sent to the executors")
    parser.add_argument("--range-bytes", type=int, default=128 << 20, metavar="N", help="bytes of text for each task")
    args = parser.parse_args()
    args.trapline = shutil.which(args.trapline) or parser.error(f"no program {args.trapline}")
    for path in filter(os.path.isdir, args.files or []):
        parser.error(f"{path} is a folder: name the files in it")
    return args


def write(hits, path):
    """Writes the hits under their final name at once: a job that fails leaves no half of them."""
    # Such a file is its user's alone: hits hold canaries.
    descriptor, part = tempfile.mkstemp(prefix=".hits-", dir=os.path.dirname(os.path.abspath(path)))
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(hit, ensure_ascii=False) + "\n" for hit in hits)
        os.rename(part, path)
    except BaseException:
        os.unlink(part)
        raise


def summary(hits, read):
    """What was found, told without the rows."""
    sources = collections.defaultdict(set)
    for hit in hits:
        for canary in hit.get("canaries", []):
            source = canary["epoch"], canary.get("account", "(shared rows)"), canary["batch"]
            sources[source].add(canary["index"])
    print(f"{len(read)} tasks, {sum(read)} bytes, {len(hits)} rows hold something of ours", file=sys.stderr)
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
        said = spark.sparkContext.parallelize(parts, max(len(parts), 1)).flatMap(scanner.part).collect()
    else:
        table = spark.read.format(args.format).load(args.table)
        said = [json.loads(row.said) for row in table.mapInArrow(scanner.table, "said string").collect()]
    hits = [word for word in said if "read" not in word]
    read = [word["read"] for word in said if "read" in word]
    if args.files and len(read) != len(parts):
        raise RuntimeError(f"{len(read)} of {len(parts)} parts were read")
    hits.sort(key=lambda hit: (hit["file"], hit["offset"]))
    write(hits, args.out)
    summary(hits, read)
    spark.stop()


if __name__ == "__main__":
    main()
