#!/usr/bin/env python3
"""Recomputes everything that docs/proofs.md defines, sharing no code with Custody. Python 3, standard library.

verify.py FILE    exit 0: all of it holds; 1: something does not; 2: the file cannot be read

FILE is docs/vectors/v1.json (everything in it is made again) or a log (leaf hashes made from bodies, proofs followed):
  {"entries": [{"tenant_id", "id", "seq", "leaf_hash", "body", "proof": {"leaf_index", "tree_size", "hashes"}}, ...],
   "root": hex, "tree_size": n}, where body is one of (and, where they are there, "checkpoint": note, "verifier_key": text,
   "consistency": [{"from", "to", "from_root", "to_root", "hashes"}, ...], as docs/tree.md has them)
  {"form": "full", "content": {...}, "salt": hex}
  {"form": "redacted", "content": {...}, "salts": {pointer: hex}, "erased": [hex]}, or "disclosed" and "withheld" alike"""
import base64, datetime, decimal, hashlib, json, sys, uuid
CONTAINERS = ("actor", "resource", "metadata", "before", "after", "producer", "recorded_by")
class Mismatch(Exception): pass
class Num(str): pass  # a number as it is written
def check(what, got, want):
    if got != want: raise Mismatch(f"{what}: got {got!r}, wanted {want!r}")
def pairs(items):
    if len(dict(items)) != len(items): raise ValueError("the same key twice")
    return dict(items)
def parse(text): return json.loads(text, parse_int=Num, parse_float=Num, parse_constant=int, object_pairs_hook=pairs)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def token(key): return "/" + str(key).replace("~", "~0").replace("/", "~1")
def es6(number):  # ECMAScript's Number::toString, from the shortest digits that Python's repr gives.
    sign, digits, exponent = decimal.Decimal(repr(number)).as_tuple()
    d = "".join(map(str, digits)).lstrip("0")
    n, d = len(d) + exponent, d.rstrip("0")
    if len(d) <= n <= 21: text = d + "0" * (n - len(d))
    elif 0 < n <= 21: text = d[:n] + "." + d[n:]
    elif -6 < n <= 0: text = "0." + "0" * -n + d
    else: text = d[0] + ("." + d[1:] if d[1:] else "") + "e" + ("+" if n > 0 else "-") + str(abs(n - 1))
    return "-" * sign + text
def number(text):  # The canonical text, or None where the double has another decimal value.
    double = float(text)
    if double in (float("inf"), float("-inf")): return None
    if double == 0: return "0" if not text.lower().split("e")[0].strip("-0.") else None
    return es6(double) if decimal.Decimal(text) == decimal.Decimal(es6(double)) else None
def canonical(value):
    if isinstance(value, Num): return number(value) or json.dumps(str(value))
    if isinstance(value, list): return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    return json.dumps(value, ensure_ascii=False)
def number_as_text(value, at=""):
    if isinstance(value, Num): return [] if number(value) else [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return sorted((p for key, v in items for p in number_as_text(v, at + token(key))), key=str.encode)
def members(content):  # [(path, pointer, value)] in the order of the canonical form
    found = []
    for key, value in content.items():
        inside = key in CONTAINERS and isinstance(value, dict) and value
        found += [((key, k), token(key) + token(k), v) for k, v in value.items()] if inside else [((key,), token(key), value)]
    return sorted(found, key=lambda m: [key.encode("utf-16-be") for key in m[0]])
def member_salt(entry_salt, pointer): return sha(b"\x04", entry_salt, pointer.encode())[:16]
def member_hash(salt, pointer, value):
    p = pointer.encode()
    return sha(b"\x02", salt, len(p).to_bytes(4, "big"), p, canonical(value).encode())
def content_hash(hashes): return sha(b"\x03", *sorted(hashes))
def commitments(body):  # The commitment of every member, shown or not, of a body in any of the three forms.
    form, shown = body["form"], members(body["content"])
    if form == "full": return [member_hash(member_salt(bytes.fromhex(body["salt"]), p), p, v) for _, p, v in shown]
    check("the salts' pointers", sorted(body["salts"]), sorted(p for _, p, _ in shown))
    rest = body["erased"] if form == "redacted" else body["withheld"]
    return [member_hash(bytes.fromhex(body["salts"][p]), p, v) for _, p, v in shown] + [bytes.fromhex(h) for h in rest]
def partial(content, entry_salt, keep):  # What is left of a content, the salts of that, and the sorted commitments of everything else.
    left, salts, rest = {}, {}, []
    for path, pointer, value in members(content):
        salt = member_salt(entry_salt, pointer)
        if keep(pointer):
            (left.setdefault(path[0], {}) if path[1:] else left)[path[-1]] = value
            salts[pointer] = salt.hex()
        else: rest.append(member_hash(salt, pointer, value).hex())
    return left, salts, sorted(rest)
def names(pointers): return lambda p: any(p == q or p.startswith(q + "/") for q in pointers)
def leaf_data(tenant, id, content): return b"\x01" + uuid.UUID(tenant).bytes + uuid.UUID(id).bytes + content
def node(left, right): return sha(b"\x01", left, right)
def split(size): return 1 << (size - 1).bit_length() - 1  # the largest power of two below size
def root(leaves):
    if len(leaves) < 2: return leaves[0] if leaves else sha()
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))
def inclusion_root(leaf, index, size, proof):  # The root that an inclusion proof leads to, by the recursion of RFC 6962, section 2.1.1.
    if size == 1 or not proof: return leaf if (index, size, proof) == (0, 1, []) else b"another index or length"
    k = split(size)
    if index >= k: return node(proof[-1], inclusion_root(leaf, index - k, size - k, proof[:-1]))
    return node(inclusion_root(leaf, index, k, proof[:-1]), proof[-1])
def consistency_proof(leaves, first, whole=True):
    if first in (0, len(leaves)): return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if first <= k: return consistency_proof(leaves[:k], first, whole) + [root(leaves[k:])]
    return consistency_proof(leaves[k:], first - k, False) + [root(leaves[:k])]
def consistency_roots(old, first, size, proof, whole=True):  # Both roots that a consistency proof leads to, by section 2.1.2.
    if first == size:
        if len(proof) != (0 if whole else 1): return b"another length", b""
        return (old, old) if whole else (proof[0], proof[0])
    if not proof: return b"another length", b""
    k = split(size)
    if first <= k:
        early, late = consistency_roots(old, first, k, proof[:-1], whole)
        return early, node(late, proof[-1])
    early, late = consistency_roots(old, first - k, size - k, proof[:-1], False)
    return node(proof[-1], early), node(proof[-1], late)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032, section 5.1
D = -121665 * pow(121666, P - 2, P) % P
def x_of(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign): raise Mismatch("a point that is not on the curve")
    return P - x if x % 2 != sign else x
def point(encoded):
    number = int.from_bytes(encoded, "little")
    y = number % 2**255
    return x_of(y, number >> 255), y
def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1] % P
    return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + t, P - 2, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, P - 2, P) % P)
def times(n, a):
    total = (0, 1)
    while n:
        if n & 1: total = add(total, a)
        a, n = add(a, a), n >> 1
    return total
BASE_Y = 4 * pow(5, P - 2, P) % P
def ed25519(public, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    return s < L and times(s, (x_of(BASE_Y, 0), BASE_Y)) == add(point(r), times(h, point(public)))
def open_note(note, vkey):  # The text of a signed note (c2sp.org/signed-note) that this key signed.
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    check("the key's type and length", (key[0], len(key)), (1, 33))
    check("the key's hash", sha(name.encode(), b"\n", key)[:4].hex(), key_id)
    text, lines = note.rsplit("\n\n", 1)
    for line in lines.splitlines():
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if (dash, signer, signature[:4].hex()) == ("\u2014", name, key_id):
            if not ed25519(key[1:], (text + "\n").encode(), signature[4:]): raise Mismatch("the note's signature is wrong")
            return text + "\n"
    raise Mismatch("the note is not signed by this key")
def verify_checkpoint(file, size):
    origin, text_size, text_root, end = open_note(file["checkpoint"], file["verifier_key"]).split("\n")
    check("the checkpoint's origin", (origin, end), (file["verifier_key"].split("+")[0], ""))
    check("the checkpoint's size", text_size, str(size))
    check("the checkpoint's root", base64.b64decode(text_root, validate=True).hex(), file["root"])
    for p in file.get("consistency", []):
        first, last, hashes = int(p["from"]), int(p["to"]), [bytes.fromhex(h) for h in p["hashes"]]
        made = consistency_roots(bytes.fromhex(p["from_root"]), first, last, hashes)
        check(f"consistency of {first} with {last}", tuple(r.hex() for r in made), (p["from_root"], p["to_root"]))
        if last == size: check(f"the root at {last}", p["to_root"], file["root"])
def verify_vectors(file):
    for case in file["canonical"]:
        value = parse(case["source"])
        check(case["source"], (canonical(value), number_as_text(value)), (case["canonical"], case["number_as_text"]))
        check("canonical twice", canonical(parse(case["canonical"])), case["canonical"])
    contents, leaves = {}, []
    for seq, entry in enumerate(file["entries"]):
        content, salt, name = parse(entry["source"]), bytes.fromhex(entry["entry_salt"]), entry["name"]
        if texts := number_as_text(content): content["number_as_text"] = texts
        hashed = content_hash(commitments({"form": "full", "content": content, "salt": entry["entry_salt"]}))
        data = leaf_data(entry["tenant_id"], entry["id"], hashed)
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=uuid.UUID(entry["id"]).int >> 80)
        made = {"seq": str(seq), "received_at": at.isoformat(timespec="milliseconds") + "Z", "canonical": canonical(content),
                "members": [{"pointer": p, "value": canonical(v), "salt": member_salt(salt, p).hex(),
                             "hash": member_hash(member_salt(salt, p), p, v).hex()} for _, p, v in members(content)],
                "content_hash": hashed.hex(), "leaf_data": data.hex(), "leaf_hash": sha(b"\0", data).hex(),
                "body": (b"\x01" + salt + canonical(content).encode()).hex()}
        for key in made: check(f"{key} of {name}", made[key], entry[key])
        contents[name] = content, salt, hashed
        leaves.append(sha(b"\0", data))
    for case in file["redacted"] + file["disclosed"]:
        content, salt, hashed = contents[case["of"]]
        gone, shown = names(case.get("erase", case.get("erased_before"))), names(case.get("show", [""]))
        left, salts, rest = partial(content, salt, lambda p: shown(p) and not gone(p))
        body = {"content": left, "salts": salts, **({"erased": rest} if "body" in case else {"form": "disclosed", "withheld": rest})}
        if "body" in case: check(case["of"], "02" + canonical(body).encode().hex(), case["body"])
        else: check(case["of"], canonical(body), case["json"])
        check(case["of"], content_hash(commitments({"form": "redacted", **body})), hashed)
        check(case["of"], hashed.hex(), case["content_hash"])
    tree = file["tree"]
    check("leaves", [leaf.hex() for leaf in leaves], tree["leaf_hashes"])
    check("roots", [root(leaves[:n]).hex() for n in range(len(leaves) + 1)], tree["roots"])
    for p in tree["inclusion"]:
        i, n, hashes = int(p["leaf_index"]), int(p["tree_size"]), [bytes.fromhex(h) for h in p["hashes"]]
        check(f"inclusion of {i} in {n}", inclusion_root(leaves[i], i, n, hashes), root(leaves[:n]))
    for p in tree["consistency"]:
        made = consistency_proof(leaves[:int(p["to"])], int(p["from"]))
        check(f"consistency of {p['from']} with {p['to']}", [h.hex() for h in made], p["hashes"])
    return f"{len(contents)} entries, {len(file['canonical'])} canonical forms, {len(tree['inclusion'] + tree['consistency'])} proofs"
def verify_log(file):
    size = int(file["tree_size"])
    for entry in file["entries"]:
        name, proof = entry["id"], entry["proof"]
        leaf = sha(b"\0", leaf_data(entry["tenant_id"], entry["id"], content_hash(commitments(entry["body"]))))
        check(f"leaf hash of {name}", leaf.hex(), entry["leaf_hash"])
        check(f"place of {name}", (int(proof["leaf_index"]), int(proof["tree_size"])), (int(entry["seq"]), size))
        top = inclusion_root(leaf, int(entry["seq"]), size, [bytes.fromhex(h) for h in proof["hashes"]])
        check(f"root from {name}", top.hex(), file["root"])
    if size == 0 or not file["entries"]: raise ValueError("no entries: nothing is proven")
    if "checkpoint" in file: verify_checkpoint(file, size)
    return f"{len(file['entries'])} entries in a tree of {size}"

if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8", newline="") as source: read = parse(source.read())
        print("ok:", verify_log(read) if "root" in read else verify_vectors(read))
    except Mismatch as mismatch: sys.exit(print("MISMATCH:", mismatch, file=sys.stderr) or 1)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        sys.exit(print("cannot be read:", repr(error), file=sys.stderr) or 2)
