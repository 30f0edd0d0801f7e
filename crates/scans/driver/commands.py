"""The order, then one command after another."""

import json
import logging
import os
import sys

from custody_driver import ambient, failures, guard, limits, providers, scrub
from custody_driver.events import Events

ENDED, FAILED = 0, 1


def serve(commands_fd, out_fd):
    """Until the commands end. Gives the exit code."""
    lines = _lines(commands_fd)
    order = json.loads(next(lines))
    scrubber = scrub.Scrubber(providers.secrets(order))
    scrub.wrap_streams(scrubber)
    events = Events(out_fd, scrubber)
    watch = guard.Guard()
    state = {}
    try:
        _serve(order, lines, events, watch, state)
        code = ENDED
    except BaseException as error:  # noqa: BLE001
        if not isinstance(error, (Exception, SystemExit, KeyboardInterrupt)):
            raise
        state.clear()
        failure = failures.of(error, order.get("memory_bytes"), watch.refused)
        if failure.kind == "defect":
            logging.exception("the scan cannot go on")
        events.tell("failed", kind=failure.kind, reason=failure.reason)
        code = FAILED
    if code == ENDED:
        events.tell("bye")
    events.flush()
    return code


def _serve(order, lines, events, watch, state):
    limits.memory(order.get("memory_bytes"))
    limits.files()
    ambient.clear(order)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(asctime)s %(levelname)s %(module)s:%(lineno)d %(message)s")
    events.tell("phase", phase="importing")
    events.flush()
    from custody_driver import engine

    events.tell("phase", phase="connecting")
    events.flush()
    # Imports are over: from here on nothing of this machine may be connected to.
    if not (order.get("network") or {}).get("allow_local"):
        watch.install()
    scan = state["scan"] = engine.Engine(order, events)
    events.tell("ready", **scan.ready())
    events.tell("phase", phase="checking")
    events.flush()
    for line in lines:
        command = json.loads(line)
        if command.get("do") == "run":
            scan.run(command["checks"])
            events.tell("ran", checks=len(command["checks"]))
            events.flush()


def _lines(fd):
    """The warden writes whole lines as they come, and ends with the process; nothing is read ahead that blocks."""
    waiting = b""
    while True:
        read = os.read(fd, 65536)
        if not read:
            return
        *whole, waiting = (waiting + read).split(b"\n")
        yield from whole
