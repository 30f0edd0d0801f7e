"""Why a whole scan cannot go on, from what Prowler and its libraries raise."""

import errno

REASON_CHARS_MAX = 1500
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
# Also said of good credentials by a region that the account has not enabled.
INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
NETWORK = ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionError", "ConnectionClosedError", "SSLError", "ProxyConnectionError", "gaierror")


class Failure(Exception):
    def __init__(self, kind, reason):
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def code(error):
    """AWS's own word, where there is one."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def chain(error):
    """It, and what it was raised for. Prowler's exceptions keep that in an attribute."""
    seen = []
    while error is not None and error not in seen and len(seen) < 8:
        seen.append(error)
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
    return seen


def of(error, memory_bytes=None, refused=None):
    """What to tell of an exception that ended everything."""
    if isinstance(error, Failure):
        return error
    errors = chain(error)
    if any(isinstance(one, MemoryError) for one in errors):
        return out_of_memory(memory_bytes)
    if any(isinstance(one, OSError) and one.errno in (errno.ENOSPC, errno.EDQUOT) for one in errors):
        return Failure("setup", "the disk of the scan's temporary directory is full")
    if refused:
        address, why = next(iter(refused.items()))
        return Failure("network", f"connecting to {address} is refused: {why}")
    # Prowler wraps what the library said; below that stands how the library came to it.
    text = describe(next((one for one in errors if code(one) or is_network(one)), error))
    if any(code(one) in EXPIRED for one in errors):
        return Failure("expired", text)
    if any(is_network(one) for one in errors):
        return Failure("network", text)
    if isinstance(error, (ImportError, SyntaxError)):
        return Failure("setup", text)
    if any(code(one) for one in errors) or any(_is_of_credentials(one) for one in errors):
        return Failure("credentials", text)
    return Failure("defect", text)


def out_of_memory(memory_bytes):
    most = f" than the {memory_bytes >> 20} MiB that it may have" if memory_bytes else ""
    return Failure("defect", f"it needed more memory{most}")


def is_network(error):
    return any(cls.__name__ in NETWORK for cls in type(error).__mro__)


def describe(error):
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:REASON_CHARS_MAX]


def _is_of_credentials(error):
    """Each provider of Prowler has exceptions of its own, and names them alike."""
    name = type(error).__name__.lower()
    return any(word in name for word in ("credential", "token", "auth", "profile", "login", "session", "assumerole", "rolearn"))
