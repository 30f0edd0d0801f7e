"""Events, a line of JSON each, on the standard output that nobody else has."""

import json
import os
import signal
import time
from datetime import datetime, timezone

# A finding is to be seen within half a second of its making, and a write for each would cost more than the check.
FLUSH_S = 0.1
FLUSH_BYTES = 1 << 16


class Events:
    def __init__(self, fd, scrubber):
        self._fd = fd
        self._scrub = scrubber
        self._waiting = []
        self._bytes = 0
        self._last = time.monotonic()
        self._busy = False
        self._stop = False
        self._ending = False
        signal.signal(signal.SIGTERM, self._stopped)
        signal.signal(signal.SIGINT, self._stopped)

    def tell(self, event, /, **fields):
        """At the latest with the next flush."""
        self._add(json.dumps({"e": event, "at": now(), **fields}, ensure_ascii=False, separators=(",", ":"), default=str))

    def finding(self, fields, ocsf):
        """`ocsf` is JSON already."""
        head = json.dumps({"e": "finding", "at": now(), **fields}, ensure_ascii=False, separators=(",", ":"))
        self._add(f'{head[:-1]},"ocsf":{ocsf}}}')

    def flush(self):
        self._guarded(self._write)

    def _add(self, text):
        # What is no text in UTF-8 is none in JSON either.
        line = self._scrub(text).encode("utf-8", "replace") + b"\n"
        self._guarded(lambda: self._keep(line))

    def _keep(self, line):
        self._waiting.append(line)
        self._bytes += len(line)
        if self._bytes >= FLUSH_BYTES or time.monotonic() - self._last >= FLUSH_S:
            self._write()

    def _guarded(self, action):
        """A signal that comes meanwhile waits until no line is half written."""
        self._busy = True
        try:
            action()
        finally:
            self._busy = False
        if self._stop:
            self._end()

    def _write(self):
        data = memoryview(b"".join(self._waiting))
        self._waiting.clear()
        self._bytes = 0
        self._last = time.monotonic()
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            # Nobody listens.
            os._exit(1)

    def _stopped(self, *_):
        if self._busy:
            self._stop = True
        else:
            self._end()

    def _end(self):
        if self._ending:
            return
        self._ending = True
        self._stop = False
        self.tell("bye")
        self._write()
        # A plain exit would wait for Prowler's threads.
        os._exit(0)


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
