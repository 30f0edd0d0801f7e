"""The environment that Prowler's libraries look into: nothing of the server's, only the order's."""

import ipaddress
import os
import socket
from urllib.parse import urlsplit

# Names under which libraries would find credentials, profiles and addresses of this machine.
AMBIENT = ("AWS_", "AZURE_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "KUBE", "GITHUB_", "OCI_", "OS_", "ALIBABA_", "M365_", "PROWLER_")


def clear(order):
    settings = order.get("settings") or {}
    temp = order["temp"]
    for name in list(os.environ):
        if name.startswith(AMBIENT):
            del os.environ[name]
    none = os.path.join(temp, "none")
    profile_file = settings.get("profile_file") if settings.get("profile") else None
    os.environ.update(
        HOME=temp,
        TMPDIR=temp,
        XDG_CONFIG_HOME=none,
        XDG_CACHE_HOME=os.path.join(temp, "cache"),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=profile_file or none,
        AWS_SHARED_CREDENTIALS_FILE=profile_file or none,
        KUBECONFIG=none,
        AZURE_CONFIG_DIR=none,
        CLOUDSDK_CONFIG=none,
        NO_GCE_CHECK="true",
    )
    if settings.get("endpoint_url"):
        os.environ["AWS_ENDPOINT_URL"] = settings["endpoint_url"]
        os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
        _names_below(urlsplit(settings["endpoint_url"]).hostname)
    os.chdir(temp)


def _names_below(host):
    """Some services put the account's number before the endpoint's host; an address has no names below it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    resolve = socket.getaddrinfo

    def resolved(name, *args, **kwargs):
        is_below = isinstance(name, str) and name.endswith("." + host)
        return resolve(host if is_below else name, *args, **kwargs)

    socket.getaddrinfo = resolved
