"""Runs Prowler's checks for Custody.

Standard input: one line of JSON, the order, then commands, a line each. Standard output: events, a line of
JSON each. Standard error: what Prowler logs. docs/prowler.md and crates/scans/src/driver say which there are.
When standard input ends, whoever asked is gone, and the whole process group dies.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from custody_driver import limits, warden  # noqa: E402


def main():
    limits.harden()
    out_fd = os.dup(1)
    # Prowler prints where it pleases; only events go to what was standard output.
    os.dup2(2, 1)
    commands_fd = warden.start(close=[out_fd])
    from custody_driver import commands

    # By no return: a plain exit would wait for Prowler's threads.
    os._exit(commands.serve(commands_fd, out_fd))


if __name__ == "__main__":
    main()
