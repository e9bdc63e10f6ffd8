#!/usr/bin/env python3
"""A scrub filter, read with Python's standard library alone.

`trapline scrub --filter FILE --key-out KEY` writes a filter; this module asks it. Copy it into a warehouse job:

    canaries = ScrubFilter("scrub.filter", "scrub.key")
    if not canaries.is_canary(numbers=[row["waybill"]], phones=[row["phone"]]):
        bill(row)

It shares no code with Trapline: docs/formats/scrub-filter.md says what it reads. As a program it copies a CSV:

    scrub_filter.py --filter scrub.filter --key scrub.key --number 运单号 --phone 收件电话 IN.csv > OUT.csv
"""

import argparse
import binascii
import bisect
import csv
import hashlib
import hmac
import mmap
import struct
import sys
import time

HEADER = struct.Struct("<8sI4x8sQQQQ8x")
WORDS = struct.Struct("<QQ")
BLOCK, TAG, PROOF = 64, 16, 32
INVISIBLE = set("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")
BLANKS = set("\u3000\u00a0\u202f\t") | {chr(c) for c in range(0x2000, 0x200B)}
DASHES = {chr(c) for c in range(0x2010, 0x2016)} | {"\u2212"}


class Refused(Exception):
    """A file that is no filter, of another version or key, or damaged."""


def plain(text):
    """Full-width characters as ASCII, one blank, one hyphen, nothing invisible."""
    if text.isascii():
        return text.replace("\t", " ")
    out = []
    for c in text:
        if c in INVISIBLE:
            continue
        if "\uff01" <= c <= "\uff5e":
            c = chr(ord(c) - 0xFEE0)
        elif c in BLANKS:
            c = " "
        elif c in DASHES:
            c = "-"
        out.append(c)
    return "".join(out)


GOES = str.maketrans("", "", " -./_'\"=\r\n")


def number_form(text):
    """Capital letters and digits of a number; None for what is none."""
    form = plain(str(text)).translate(GOES)
    if not (form.isascii() and form.isalnum() and len(form) <= 34 and any(c.isdigit() for c in form)):
        return None
    return form.upper()


def phone_form(text):
    """Digits of a phone, behind a plus if it is international; None for what is none."""
    text = plain(str(text))
    digits = "".join(c for c in text if c in "0123456789")
    first = next((c for c in text if c in "+0123456789"), "")
    if first == "+":
        digits = "+" + digits
    elif digits.startswith("00") and not digits.startswith("000"):
        digits = "+" + digits[2:]
    if text.count("*") >= 2 or len(digits.lstrip("+")) < 8 or len(digits) > 34 or not digits.strip("0"):
        return None
    return digits


class ScrubFilter:
    """A filter that was proved genuine. `key` is the path of its key."""

    def __init__(self, path, key):
        with open(key, "rb") as file:
            text = file.read(1024).strip()
        try:
            secret = binascii.unhexlify(text)
        except ValueError:
            secret = b""
        if len(secret) != 32:
            raise Refused(f"{key}: expected a filter's key: 64 hexadecimal digits")
        derived = lambda purpose: hmac.digest(secret, b"trapline/v1/scrub/" + purpose, "sha256")
        with open(path, "rb") as file:
            head = file.read(HEADER.size)
            if len(head) < HEADER.size or not head.startswith(b"TRAPSCRB"):
                raise Refused(f"{path}: this is no scrub filter")
            _, version, key_id, self.numbers, self.phones, bits, self.made = HEADER.unpack(head)
            if version != 1:
                raise Refused(f"{path}: the filter has version {version}; this program reads 1")
            if key_id != derived(b"id")[:8]:
                raise Refused(f"{path}: the filter was made with another key")
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.table = HEADER.size + bits
        self.entries = self.numbers + self.phones
        end = self.table + TAG * self.entries
        if end + PROOF != len(self.data):
            raise Refused(f"{path}: the filter was cut: {len(self.data)} bytes do not agree with its header")
        proof = hmac.new(derived(b"proof"), digestmod=hashlib.sha256)
        for at in range(0, end, 1 << 20):
            proof.update(self.data[at : min(at + (1 << 20), end)])
        if not hmac.compare_digest(proof.digest(), self.data[end:]):
            raise Refused(f"{path}: the filter was changed or damaged")
        self.blocks = bits // BLOCK
        self.tag_key = derived(b"tag")

    @property
    def age_days(self):
        """Days since it was made: what was planted later is not in it."""
        return (time.time() - self.made) / 86400

    def is_canary(self, numbers=(), phones=()):
        """Whether a row with these fields is a canary's."""
        return any(self.has_number(text) for text in numbers) or any(self.has_phone(text) for text in phones)

    def has_number(self, text):
        """Whether a field holds a canary's number."""
        form = number_form(text)
        return form is not None and self._holds(b"n" + form.encode())

    def has_phone(self, text):
        """Whether a field holds a trap line."""
        form = phone_form(text)
        return form is not None and self._holds(b"p" + form.encode())

    def _holds(self, message):
        tag = hmac.digest(self.tag_key, message, "sha256")[:TAG]
        return self._may_hold(tag) and self._stands(tag)

    def _may_hold(self, tag):
        # The filter nominates: six bits in one block of 64 bytes.
        if not self.blocks:
            return False
        key, rest = WORDS.unpack(tag)
        at = HEADER.size + BLOCK * (key * self.blocks >> 64)
        block = int.from_bytes(self.data[at : at + BLOCK], "little")
        bits = 1 << (rest & 511) | 1 << (rest >> 9 & 511) | 1 << (rest >> 18 & 511)
        bits |= 1 << (rest >> 27 & 511) | 1 << (rest >> 36 & 511) | 1 << (rest >> 45 & 511)
        return block & bits == bits

    def _stands(self, tag):
        # The table decides.
        place = bisect.bisect_left(self, tag)
        return place < len(self) and self[place] == tag

    def __len__(self):
        return self.entries

    def __getitem__(self, place):
        at = self.table + TAG * place
        return self.data[at : at + TAG]


def main():
    parser = argparse.ArgumentParser(description="Copy a CSV without the rows of canaries")
    parser.add_argument("--filter", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--number", action="append", default=[], metavar="COLUMN")
    parser.add_argument("--phone", action="append", default=[], metavar="COLUMN")
    parser.add_argument("--encoding", default="utf-8-sig")
    parser.add_argument("input")
    args = parser.parse_args()
    if not args.number + args.phone:
        parser.error("name a column with --number or --phone")
    try:
        canaries = ScrubFilter(args.filter, args.key)
    except (Refused, OSError) as error:
        sys.exit(f"scrub_filter: {error}")
    removed = 0
    with open(args.input, newline="", encoding=args.encoding) as file:
        rows = csv.reader(file)
        header = next(rows)
        missing = [name for name in args.number + args.phone if name not in header]
        if missing:
            sys.exit(f"scrub_filter: {args.input}: there is no column {', '.join(missing)}")
        numbers = [place for place, name in enumerate(header) if name in args.number]
        phones = [place for place, name in enumerate(header) if name in args.phone]
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(header)
        for row in rows:
            # A row that is too short for a column has nothing in it.
            at = lambda places: [row[place] for place in places if place < len(row)]
            if canaries.is_canary(at(numbers), at(phones)):
                removed += 1
            else:
                out.writerow(row)
    print(f"scrub_filter: removed {removed} rows", file=sys.stderr)


if __name__ == "__main__":
    main()
