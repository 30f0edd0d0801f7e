"""A small process that reads standard input, so that its end is seen whatever Prowler is at.

A thread would not do: it needs the interpreter's lock, and a call into C can hold that for long. The parent's
death signal (prctl) would not do either: it comes when the parent's *thread* ends, and the server's come and go.
"""

import json
import os
import select
import signal


def start(close):
    """Forks it. Gives the descriptor from which the order and the commands can be read."""
    driver = os.getpid()
    read_fd, write_fd = os.pipe()
    if os.fork() == 0:
        try:
            for fd in [read_fd, 1, 2, *close]:
                os.close(fd)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _watch(driver, write_fd)
        finally:
            # This process is of the group too.
            os.killpg(0, signal.SIGKILL)
            os._exit(1)
    os.close(write_fd)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return read_fd


def _watch(driver, write_fd):
    """Until standard input ends, or the driver does."""
    os.set_blocking(write_fd, False)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    waiting, line = b"", b""
    while True:
        # Without an event asked for, the end of the driver is still told.
        poll.register(write_fd, select.POLLOUT if waiting else 0)
        for fd, event in poll.poll():
            if fd == 0:
                read = os.read(0, 65536)
                if not read:
                    return
                waiting += read
                *whole, line = (line + read).split(b"\n")
                if any(_is_stop(one) for one in whole):
                    os.kill(driver, signal.SIGTERM)
            elif event & (select.POLLERR | select.POLLHUP):
                return
            elif event & select.POLLOUT:
                waiting = waiting[os.write(write_fd, waiting) :]


def _is_stop(line):
    """Only the driver's main thread could act on it, and it is busy. The order itself is long, and no command."""
    if len(line) > 1000:
        return False
    try:
        command = json.loads(line)
    except ValueError:
        return False
    return isinstance(command, dict) and command.get("do") == "stop"
