"""Takes the order's secrets out of everything that is written."""

import json
import re
import sys
from urllib.parse import quote

MASK = "***"
# A shorter one would take ordinary words out of findings, and hides nothing that cannot be guessed.
CHARS_MIN = 8
# In what providers call a configuration (a kubeconfig, a service account's key), by the name of the value.
SECRET_NAME = re.compile(r"secret|password|passphrase|token|private|credential|api_?key|key[-_]?(data|content)|^key$|^auth$", re.I)


class Scrubber:
    def __init__(self, values=()):
        found = set()
        for value in values:
            found.update(_forms(value))
        # The longer first: one may be a part of another.
        ordered = sorted(found, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text):
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(value):
    """As it is, as it stands in JSON and in an address; of one with many lines each line too."""
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    for one in [value, value.strip(), *(line for line in lines if not line.startswith("-----"))]:
        if len(one) < CHARS_MIN:
            continue
        yield one
        yield json.dumps(one)[1:-1]
        yield json.dumps(one, ensure_ascii=False)[1:-1]
        yield repr(one)[1:-1]
        yield quote(one, safe="")


def secrets_in(value, named=False):
    """Every text below a name that says it is one."""
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from secrets_in(below, named or bool(SECRET_NAME.search(str(key))))
    elif isinstance(value, list):
        for below in value:
            yield from secrets_in(below, named)


class ScrubbedStream:
    """Standard error: whole lines, so that no secret is cut in two."""

    def __init__(self, stream, scrubber):
        self._stream = stream
        self._scrub = scrubber
        self._line = ""

    def write(self, text):
        *whole, self._line = (self._line + str(text)).split("\n")
        if whole:
            self._stream.write(self._scrub("\n".join(whole)) + "\n")
            self._stream.flush()
        return len(text)

    def flush(self):
        self._stream.flush()

    def isatty(self):
        return False

    def fileno(self):
        return self._stream.fileno()


def wrap_streams(scrubber):
    sys.stderr = ScrubbedStream(sys.__stderr__, scrubber)
    sys.stdout = ScrubbedStream(sys.__stdout__, scrubber)
