"""Runs one check after another, and tells what came of each."""

import gc
import sys
import time

from custody_driver import calls as of_calls, failures

REASON_CHARS_MAX = 1000


class Kept:
    """Stands in for a check: Prowler's `execute` swallows what a check raises."""

    def __init__(self, check):
        self.CheckID = check.CheckID
        self._check = check
        self.raised = None
        self.reports = 0

    def execute(self):
        try:
            found = self._check.execute()
            self.reports = len(found)
            return found
        except BaseException as error:
            self.raised = error
            raise


class Checks:
    def __init__(self, provider, findings, events, calls):
        from prowler.lib.check import check

        self._prowler = check
        self._provider, self._findings, self._events, self._calls = provider, findings, events, calls
        # Services whose own object could not be made, with the reason: each try would ask everything again.
        self._broken = {}

    def run(self, name):
        service = name.split("_")[0]
        self._events.tell("check_started", check=name, service=service)
        self._events.flush()
        began = time.monotonic()
        try:
            told = self._run(name, service)
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001
            told = {"reason": failures.describe(error), "calls": [], "calls_failed": 0}
        told["duration_ms"] = int((time.monotonic() - began) * 1000)
        self._events.tell("check_errored" if "reason" in told else "check_finished", check=name, service=service, **told)

    def _run(self, name, service):
        if service in self._broken:
            return self._errored(self._broken[service], {service}, service)
        try:
            module = self._prowler._resolve_check_module(self._provider.type, service, name)
            check = getattr(module, name)()
        except (Exception, SystemExit) as error:  # noqa: BLE001
            reason = f"it could not be loaded: {failures.describe(error)}"
            at = _client_in(error)
            if at:
                self._broken[at] = f"the service {at} could not be looked at: {failures.describe(error)}"
                reason = self._broken[at]
            return self._errored(reason, {at or service}, service)
        used = _used(module)
        used[of_calls.part_of(check)] = None
        kept = Kept(check)
        reports = self._prowler.execute(kept, self._provider, None, None)
        failed = self._calls.of(used)
        if kept.raised is not None:
            if isinstance(kept.raised, MemoryError):
                raise kept.raised
            return {"reason": failures.describe(kept.raised)[:REASON_CHARS_MAX], **of_calls.told(failed)}
        return self._tell(name, reports, failed, used, kept.reports)

    def _tell(self, name, reports, failed, used, expected):
        regional = self._provider.type == "aws"
        unwritten, n = None, 0
        for report in reports or []:
            resting = of_calls.resting_on(failed, regional and getattr(report, "region", None), used)
            try:
                ocsf = self._findings.of(report)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001
                unwritten = unwritten or failures.describe(error)
                continue
            n += 1
            evidence = "incomplete" if resting else "complete"
            self._events.finding({"check": name, "evidence": evidence, "calls": resting}, ocsf)
        told = of_calls.told(failed)
        if unwritten or n < expected:
            return {"reason": f"{expected - n} of its {expected} findings could not be written: {unwritten or 'see the log'}", "findings": n, **told}
        if not n and failed:
            return {"reason": _reason(failed), **told}
        return {"findings": n, **told}

    def _errored(self, reason, services, service):
        failed = [one for one in self._calls.of(_Of(services | {service}))]
        return {"reason": reason[:REASON_CHARS_MAX], **of_calls.told(failed)}


class _Of:
    """All parts of some services."""

    def __init__(self, services):
        self._services = services

    def __contains__(self, part):
        return part in self._services or any(f".services.{one}." in part for one in self._services)


def _used(module):
    """{part: its main region} of the objects that a check's module has as `…_client`, and of theirs."""
    used, modules, seen = {}, [module], set()
    while modules:
        one = modules.pop()
        if one is None or one.__name__ in seen:
            continue
        seen.add(one.__name__)
        for name, value in vars(one).items():
            if not name.endswith("_client") or value is None:
                continue
            home = type(value).__module__
            if of_calls.service_of(getattr(sys.modules.get(home), "__file__", None) or ""):
                used[of_calls.part_of(value)] = getattr(value, "region", None)
                modules.append(sys.modules[home])
    return used


def _client_in(error):
    """The service whose `…_client.py` was being run when it was raised, the innermost."""
    service, trace = None, error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if path.endswith("_client.py"):
            service = of_calls.service_of(path) or service
        trace = trace.tb_next
    return service


def _reason(failed):
    """The call that failed most often, in words."""
    call = max((one for _, one in failed), key=lambda one: one["n"])
    if call["status"] in (401, 403) or call["code"].startswith(of_calls.DENIED):
        what = "access denied"
    elif call["status"] == 429 or call["code"].startswith(of_calls.THROTTLED):
        what = "throttled"
    elif call["code"] in failures.NETWORK:
        what = "not reached"
    else:
        what = "failed"
    more = sum(one["n"] for _, one in failed) - call["n"]
    also = f", and {more} more call{'s' if more > 1 else ''} failed" if more else ""
    return f"{what}: {call['service']}:{call['operation']} ({call['code']}){also}"[:REASON_CHARS_MAX]


def settle():
    """What was imported is never garbage: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
