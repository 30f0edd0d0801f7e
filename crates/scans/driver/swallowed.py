"""What Prowler's services catch and only log: a defect in reading an answer, memory that ran out, and for the
providers that botocore does not serve every denied call. A verdict of such a service rests on less than it should."""

import logging
import re
import sys

from custody_driver import calls as of_calls

REGION = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d) -- ")
NAMED = re.compile(r"\b([A-Za-z_]\w*(?:Error|Exception|Exit|Refused|Failure))\[")


class Swallowed(logging.Handler):
    """On the root logger, which is Prowler's."""

    def __init__(self, noted):
        super().__init__(logging.ERROR)
        self._noted = noted
        self.out_of_memory = False
        self.disk_full = False

    def emit(self, record):
        try:
            self._emit(record)
        except Exception:  # noqa: BLE001
            # A log line of any shape must not end a scan.
            pass

    def _emit(self, record):
        text = record.getMessage()
        error = sys.exc_info()[1]
        self.out_of_memory |= isinstance(error, MemoryError) or "MemoryError[" in text or "can't start new thread" in text
        self.disk_full |= "[Errno 28]" in text
        service = of_calls.service_of(record.pathname)
        if not service or _is_of_a_call(error):
            return
        part, _ = of_calls.caller()
        region = REGION.match(text)
        named = NAMED.search(text)
        code = type(error).__name__ if error else (named.group(1) if named else "Error")
        self._noted.note(part or service, service, record.funcName.strip("_") or "?", region and region.group(1), code, getattr(error, "status_code", None) or getattr(error, "status", None), " ".join(text.split()))


def _is_of_a_call(error):
    """The hook has judged it where it was made."""
    if hasattr(error, "custody_noted"):
        return True
    module = sys.modules.get("botocore.exceptions")
    return module is not None and isinstance(error, (module.ClientError, module.BotoCoreError))
