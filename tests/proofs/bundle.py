#!/usr/bin/env python3
"""Checks a bundle by docs/bundle.md, sharing no code with Custody. Python 3, standard library and verify.py beside it.

bundle.py FILE [KEYFILE]    exit 0: proven; 1: it is not what was exported; 2: it cannot be read

KEYFILE holds verifier keys that you trust, one a line; without it the bundle's own are taken."""
import base64, datetime, hashlib, sys, uuid
sys.dont_write_bytecode = True
import verify
from verify import Mismatch, check
def leaf_hash(data): return verify.sha(b"\0", data)
def places(begin, end):  # (height, index) of each node of the compact range of the leaves begin..end, from the left.
    found, at = [], begin
    while at < end:
        height = min((at & -at).bit_length() - 1 if at else 64, (end - at).bit_length() - 1)
        found.append((height, at >> height))
        at += 1 << height
    return found
class Range:  # Nodes (height, index, hash) from the left; two halves of a subtree become it.
    def __init__(self): self.nodes = []
    def push(self, height, index, hashed):
        while self.nodes and self.nodes[-1][0] == height and self.nodes[-1][1] ^ index == 1:
            hashed = verify.node(self.nodes.pop()[2], hashed)
            height, index = height + 1, index >> 1
        self.nodes.append((height, index, hashed))
    def beside(self, begin, end, hashes):
        check("hashes beside the range", len(hashes), len(places(begin, end)))
        for (height, index), hashed in zip(places(begin, end), hashes): self.push(height, index, bytes.fromhex(hashed))
    def root(self):
        hashed = self.nodes[-1][2] if self.nodes else verify.sha()
        for _, _, left in reversed(self.nodes[:-1]): hashed = verify.node(left, hashed)
        return hashed
def millis(id): return uuid.UUID(id).int >> 80
def instant(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ") - datetime.datetime(1970, 1, 1)
    return at // datetime.timedelta(milliseconds=1)
def neighbour(data, tenant):
    raw = bytes.fromhex(data)
    id = str(uuid.UUID(bytes=raw[17:33]))
    check("a neighbour's leaf data", raw[:33], b"\x01" + uuid.UUID(tenant).bytes + uuid.UUID(id).bytes)
    return id, leaf_hash(raw)
def line(text):  # One line's value; there is one way to write it.
    value = verify.parse(text)
    if verify.canonical(value) != text: raise ValueError("a line that is not in canonical form")
    return value
def signed(header, trusted):  # Size and root of the checkpoint.
    texts = [verify.open_note(header["checkpoint"], key) for key in header["keys"]]
    if not texts: raise Mismatch("no key signed the checkpoint")
    keys = {key.split("+")[2] for key in header["keys"]}
    if trusted and not keys & {key.split("+")[2] for key in trusted}: raise Mismatch("signed by no key that is trusted")
    origin, size, root = texts[0].split("\n")[:3]
    check("the log's tenant", origin.split("/")[-2], header["tenant_id"])
    check("the key's name", {key.split("+")[0] for key in header["keys"]}, {origin})
    return int(size), base64.b64decode(root, validate=True)
def verify_bundle(raw, trusted):
    *lines, last, rest = raw.decode().split("\n")
    if rest: raise ValueError("it does not end in a newline")
    check("the last line", last, '{"sha256":"%s"}' % hashlib.sha256("".join(l + "\n" for l in lines).encode()).hexdigest())
    header = line(lines[0])
    if header["kind"] == "query": return verify_query(header, lines[1:], trusted)
    check("what it is", (header["bundle"], header["version"], header["kind"]), ("custody", "1", "range"))
    tenant, first, end = header["tenant_id"], int(header["first"]), int(header["end"])
    size, root = signed(header, trusted)
    check("0 <= first <= end <= size", 0 <= first <= end <= size, True)
    check("has an entry before it, and a time", "before" in header, first > 0)
    check("has an entry after it, and a time", "after" in header, end < size)
    low = instant(header["from"]) if "from" in header else None
    high = instant(header["to"]) if "to" in header else None
    check("begins at a time or at the log's beginning", low is not None or first == 0, True)
    check("ends at a time or at the tree's end", high is not None or end == size, True)
    tree, last_id = Range(), ""
    tree.beside(0, max(first - 1, 0), header["left"])
    if first > 0:
        last_id, leaf = neighbour(header["before"], tenant)
        check("the entry before is before", millis(last_id) < low, True)
        tree.push(0, first - 1, leaf)
    check("entries", len(lines) - 1, end - first)
    for seq, text in enumerate(lines[1:], first):
        entry = line(text)
        id, name = entry["id"], f"entry {seq}"
        check(f"seq of {name}", int(entry["seq"]), seq)
        check(f"id of {name} is above the one before it", id > last_id, True)
        check(f"{name} is in the range", (low is None or low <= millis(id)) and (high is None or millis(id) < high), True)
        data = verify.leaf_data(tenant, id, verify.content_hash(verify.commitments(entry["body"])))
        tree.push(0, seq, leaf_hash(data))
        last_id = id
    if end < size:
        id, leaf = neighbour(header["after"], tenant)
        check("the entry after is after", millis(id) >= high and id > last_id, True)
        tree.push(0, end, leaf)
    tree.beside(min(end + 1, size), size, header["right"])
    check("the root", tree.root(), root)
    return f"{end - first} entries of a tree of {size}"

def verify_query(header, lines, trusted):  # Each entry is in the tree; others that the query matches may be, too.
    check("what it is", (header["bundle"], header["version"]), ("custody", "1"))
    tenant, (size, root) = header["tenant_id"], signed(header, trusted)
    tree, at, last_id = Range(), 0, ""
    for text in lines[:-1]:
        entry = line(text)
        id, seq = entry["id"], int(entry["seq"])
        check(f"place of entry {seq}", at <= seq < size and id > last_id, True)
        tree.beside(at, seq, entry.get("skip", []))
        data = verify.leaf_data(tenant, id, verify.content_hash(verify.commitments(entry["body"])))
        tree.push(0, seq, leaf_hash(data))
        at, last_id = seq + 1, id
    end = line(lines[-1])
    check("how many entries", int(end["entries"]), len(lines) - 1)
    tree.beside(at, size, end["rest"])
    check("the root", tree.root(), root)
    return f"{len(lines) - 1} entries, included in a tree of {size}; completeness is not provable"

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as source: raw = source.read()
        trusted = open(sys.argv[2], encoding="utf-8").read().split() if len(sys.argv) > 2 else []
        print("ok:", verify_bundle(raw, trusted))
    except Mismatch as mismatch: sys.exit(print("MISMATCH:", mismatch, file=sys.stderr) or 1)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        sys.exit(print("cannot be read:", repr(error), file=sys.stderr) or 2)
