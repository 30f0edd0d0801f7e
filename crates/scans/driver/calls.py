"""Calls to the provider that failed, and which verdicts rest on them.

Prowler gives verdicts of what it has, also where it was not let see: a service keeps the calls' errors to itself.
So each failed call is noted where the library makes it, with the part of Prowler that asked for it (the class
below `/services/` that is nearest on the stack), and:

- a check *uses* the objects that stand in its module's globals, and those that stand in theirs;
- a finding is *incomplete* if a call for one of these failed in the finding's own region, in the object's main
  region (where lists of the whole account come from), or in no region that is known.

An answer that says "there is none" (NoSuchBucketPolicy, 404) is an answer, not a failure.
"""

import json
import sys
import threading

from custody_driver import failures

DIFFERENT_MAX = 20
MESSAGE_CHARS_MAX = 300
# Of all parts together: a scan of a thousand buckets without a permission is one line of these.
NOTED_MAX = 5000

DENIED = ("AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError", "Forbidden", "AuthFailure", "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient", "SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestExpired", "OptInRequired", "InvalidSecurity", "TokenRefreshRequired")
THROTTLED = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "LimitExceededException", "BandwidthLimitExceeded", "PriorRequestNotComplete")
# Said by a service that is not switched on, with the status of a denial. Prowler reads them as that.
NOT_ON = ("Macie is not enabled", "is not subscribed to AWS Security Hub", "SubscriptionRequired")


class Calls:
    def __init__(self):
        self._lock = threading.Lock()
        # (part, service, operation, region, code) → what is told of it
        self._noted = {}
        self.total = 0
        self.suspicious = False

    def note(self, part, service, operation, region, code, status, message):
        with self._lock:
            self.total += 1
            key = (part, service, operation, region, code)
            known = self._noted.get(key)
            if known:
                known["n"] += 1
            elif len(self._noted) < NOTED_MAX:
                self._noted[key] = {"service": service, "operation": operation, "region": region, "code": code, "status": status, "message": message[:MESSAGE_CHARS_MAX], "n": 1}

    def of(self, parts):
        """What failed for these: [(part, call)]."""
        with self._lock:
            return [(key[0], dict(call)) for key, call in self._noted.items() if key[0] in parts]


def told(failed):
    """For an event: the first different ones, and how many they are in all."""
    merged = {}
    for _, call in failed:
        key = (call["service"], call["operation"], call["region"], call["code"])
        if key in merged:
            merged[key]["n"] += call["n"]
        else:
            merged[key] = call
    return {"calls": list(merged.values())[:DIFFERENT_MAX], "calls_failed": sum(call["n"] for call in merged.values())}


def resting_on(failed, region, main_regions):
    """How many of the failed calls a finding of this region rests on."""
    return sum(
        call["n"]
        for part, call in failed
        if not region or not call["region"] or call["region"] in (region, main_regions.get(part)) or not main_regions.get(part)
    )


def caller():
    """(part, service) of whoever is making a call on this thread. The part is the class of an object, by its module."""
    frame = sys._getframe(2)
    folder = None
    while frame is not None:
        found = service_of(frame.f_code.co_filename)
        if found:
            folder = folder or found
            owner = frame.f_locals.get("self")
            if owner is not None and service_of(getattr(sys.modules.get(type(owner).__module__), "__file__", None) or ""):
                return part_of(owner), found
        frame = frame.f_back
    return (folder, folder) if folder else (None, None)


def part_of(owner):
    return f"{type(owner).__module__}.{type(owner).__qualname__}"


def service_of(path):
    """`…/services/s3/s3_service.py` → s3"""
    before, sign, after = path.replace("\\", "/").rpartition("/services/")
    return after.split("/")[0] if sign and "/prowler/" in before + "/" else None


def is_failure(code, status, message):
    if any(word in message or word in code for word in NOT_ON):
        return False
    return status in (401, 403, 429) or status >= 500 or code.startswith(DENIED + THROTTLED)


def quote_no_bodies():
    """What answers at an endpoint need not be the service, and what it says is nobody's to read here: an answer that
    cannot be read is quoted in no error, and so in no failure and no log."""
    from botocore import parsers

    read_xml = parsers.BaseXMLResponseParser._parse_xml_string_to_dom

    def xml(parser, text):
        try:
            return read_xml(parser, text)
        except parsers.ResponseParserError:
            raise parsers.ResponseParserError("the answer is no XML") from None

    def as_json(parser, body):
        try:
            return json.loads(body.decode(parser.DEFAULT_ENCODING)) if body else {}
        except ValueError:
            return {"message": "the answer is no JSON"}

    parsers.BaseXMLResponseParser._parse_xml_string_to_dom = xml
    parsers.BaseJSONParser._parse_body_as_json = as_json


class Hook:
    """On every session of botocore, from its making."""

    def __init__(self, calls):
        self._calls = calls

    def install(self):
        import botocore.session

        hook, made = self, botocore.session.Session.__init__

        def make(session, *args, **kwargs):
            made(session, *args, **kwargs)
            session.register("after-call", hook.answered)
            session.register("after-call-error", hook.failed)

        botocore.session.Session.__init__ = make
        quote_no_bodies()

    def answered(self, http_response, parsed, model, context, **_):
        if http_response.status_code < 300:
            return
        error = parsed.get("Error", {}) if isinstance(parsed, dict) else {}
        code, message = str(error.get("Code") or http_response.status_code), str(error.get("Message") or "")
        if is_failure(code, http_response.status_code, message):
            self._note(model.service_model.service_name, model.name, context, code, http_response.status_code, message)

    def failed(self, exception, context, event_name, **_):
        _, _, name = event_name.partition(".")
        service, _, operation = name.rpartition(".")
        code = failures.code(exception)
        # So that whoever catches and logs it is not taken for a second failure.
        exception.custody_noted = True
        self._note(service, operation, context, code or type(exception).__name__, None, " ".join(str(exception).split()))

    def _note(self, service, operation, context, code, status, message):
        if code in failures.EXPIRED or code in failures.INVALID or "Credential" in code:
            self._calls.suspicious = True
        part, _ = caller()
        if part:
            region = (context or {}).get("client_region")
            region = None if region in ("aws-global", "aws-cn-global", "aws-us-gov-global") else region
            self._calls.note(part, service, operation, region, code, status, message)
