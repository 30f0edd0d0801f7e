#!/usr/bin/env python3
"""Checks that an export is whole, by docs/export.md, sharing no code with Custody. Python 3, standard library alone.

export.py FILE [MANIFEST]    exit 0: whole; 1: cut off, or changed; 2: cannot be read

FILE is NDJSON, JSON or Parquet, which have their manifest in them, or anything with a MANIFEST: what the trailer
Custody-Export said, or the *.manifest.json of a job."""
import hashlib, json, struct, sys
MARK = b'{"custody_export":'
def varint(data, at):  # ULEB128, as Thrift's compact protocol has it.
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80: return value, at
def of_parquet(raw):  # The footer's key-value metadata; what comes before the footer is what is hashed.
    if raw[-4:] != b"PAR1": raise ValueError("it does not end as a Parquet file does")
    begin = len(raw) - 8 - struct.unpack("<I", raw[-8:-4])[0]
    footer = raw[begin:-8]
    key = bytes([len("custody_export")]) + b"custody_export"
    at = footer.index(key) + len(key)
    if footer[at] != 0x18: raise ValueError("no value behind the key")  # The next field, a text.
    length, at = varint(footer, at + 1)
    return json.loads(footer[at:at + length]), raw[:begin]
def in_lines(raw):  # The last element; JSON has a bracket behind it.
    begin = raw.rindex(MARK)
    line, _, rest = raw[begin:].partition(b"\n")
    if rest not in (b"", b"]\n") or not raw.endswith(b"\n"): raise ValueError("it does not end with its manifest")
    return json.loads(line)["custody_export"], raw[:begin]
def check(raw, beside):
    if beside is not None:
        said = json.loads(beside)
        said, hashed = said.get("custody_export", said), raw
    elif raw[:4] == b"PAR1": said, hashed = of_parquet(raw)
    else: said, hashed = in_lines(raw)
    if len(hashed) != said["bytes"]: sys.exit(print(f"CUT OFF: {len(hashed)} of {said['bytes']} bytes") or 1)
    if hashlib.sha256(hashed).hexdigest() != said["sha256"]: sys.exit(print("CHANGED") or 1)
    print(f"whole: {said['entries']} entries, {said['bytes']} bytes")

if __name__ == "__main__":
    try:
        raw = open(sys.argv[1], "rb").read()
        check(raw, open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else None)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        sys.exit(print("cut off, or no export:", repr(error), file=sys.stderr) or 2)
