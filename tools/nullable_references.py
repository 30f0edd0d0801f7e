"""Finishes an OpenAPI 3.0 document that was converted from 3.1: standard input to standard output.

The converter turns `type: [string, "null"]` into `nullable`, but leaves a reference that may be null
as `oneOf: [{$ref: …}, {type: "null"}]`, and 3.0 has no type "null". What generators of clients
understand in its place is `allOf` beside `nullable`.
"""

import json
import sys

NULL = {"type": "null"}


def finished(node):
    if isinstance(node, list):
        return [finished(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: finished(value) for key, value in node.items()}
    for key in ("oneOf", "anyOf"):
        choices = node.get(key)
        if isinstance(choices, list) and NULL in choices:
            others = [choice for choice in choices if choice != NULL]
            del node[key]
            node.update({"allOf": others} if len(others) == 1 else {key: others})
            node["nullable"] = True
    return node


json.dump(finished(json.load(sys.stdin)), sys.stdout, indent=2, ensure_ascii=False)
