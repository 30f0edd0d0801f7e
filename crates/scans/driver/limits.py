"""What this process may not do, set before it reads a secret."""

import ctypes
import os
import resource
import sys
import threading

PR_SET_DUMPABLE = 4
# A service of Prowler's keeps a pool of ten threads, there are a hundred services, and a stack counts as
# data as a whole. None of them recurses deeply.
STACK_BYTES = 1 << 20


def harden():
    """No core dump, no ptrace and no /proc/<pid>/environ for others, no file that others can read."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    os.umask(0o077)
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def memory(bytes_max):
    """RLIMIT_DATA: private memory that can be written. RLIMIT_AS would count every mapped library, and the
    64 MiB that malloc reserves, untouched, for each thread. macOS knows the limit and does not hold it."""
    threading.stack_size(STACK_BYTES)
    if bytes_max:
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_max, bytes_max))
    try:
        # Where the whole machine runs short, the kernel ends this process before the server.
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def files():
    """Prowler keeps a connection a service and region; its command line asks for the same number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        except (OSError, ValueError):
            pass
