"""Makes Prowler's object for a provider from the order's credentials and settings.

`providers.json` is the table: what a tenant may say of each provider, and which argument of Prowler's class it
becomes. No argument that names a file of the server's, or asks the server's own machine who it is, stands in it.
"""

import importlib
import json
import os
import shutil

from custody_driver.failures import Failure
from custody_driver.scrub import secrets_in


def table():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "providers.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def secrets(order):
    """Every value of the order that must be written nowhere."""
    fields = table().get(order.get("provider"), {}).get("credentials", {})
    for name, value in (order.get("credentials") or {}).items():
        field = fields.get(name, {"secret": True})
        if not field.get("secret"):
            continue
        if isinstance(value, dict) or field.get("type") in ("object", "document"):
            yield from secrets_in(_read(value))
            if isinstance(value, str):
                yield value
        elif value is not None:
            yield str(value)


def connect(order):
    """Prowler's provider, connected. Prowler's own exceptions are let through."""
    name = order["provider"]
    row = table().get(name)
    if row is None:
        raise Failure("setup", f"no such provider: {name}")
    for program in row.get("programs", []):
        if shutil.which(program) is None:
            raise Failure("setup", f"scans of {name} need the program {program}, which this server does not have")
    arguments = dict(row.get("fixed", {}))
    for part in ("credentials", "settings"):
        for key, value in (order.get(part) or {}).items():
            if key not in row[part]:
                raise Failure("setup", f"{part} of {name} have no {key}")
            argument = row[part][key].get("arg", key)
            if value is not None and argument:
                arguments[argument] = _as(row[part][key].get("type"), value)
    _own_ways(name, order, arguments)
    module, cls = row["class"].rsplit(".", 1)
    provider = getattr(importlib.import_module(module), cls)(**arguments)
    return provider


def account(name, provider):
    """Of the accounts that it scans, the first; of some providers nothing says it before the first finding."""
    for attribute in table()[name]["account"]:
        value = getattr(provider.identity, attribute, None)
        if isinstance(value, (list, tuple)):
            value = value[0] if value else None
        if isinstance(value, (str, int)) and value:
            return str(value)
    return None


def _as(kind, value):
    if kind == "texts":
        return [value] if isinstance(value, str) else list(value)
    if kind == "one":
        return value if isinstance(value, str) else next(iter(value), None)
    if kind == "object":
        return _read(value)
    if kind == "document":
        return value if isinstance(value, str) else json.dumps(value)
    return value


def _read(value):
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    import yaml

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _own_ways(name, order, arguments):
    """What a class wants beyond its table."""
    credentials = order.get("credentials") or {}
    if name == "aws":
        for regions in ("regions", "excluded_regions"):
            if regions in arguments:
                arguments[regions] = set(arguments[regions])
        if not arguments.get("profile") and not (arguments.get("aws_access_key_id") and arguments.get("aws_secret_access_key")):
            raise Failure("setup", "a scan of aws needs access_key_id and secret_access_key, or a profile")
    elif name in ("stackit", "oraclecloud") and "regions" in arguments:
        arguments["regions"] = set(arguments["regions"])
    elif name == "gcp":
        kind = (arguments.get("service_account_key") or {}).get("type", "service_account")
        if kind != "service_account":
            # Other kinds name programs, files and addresses to get credentials from.
            raise Failure("credentials", f"a service_account_key of type {kind} is not taken, only service_account")
    elif name == "openstack" and arguments.get("clouds_yaml_cloud") and not credentials.get("clouds_yaml_content"):
        # Prowler would look for a file of the machine's own.
        raise Failure("credentials", "clouds_yaml_cloud names a cloud of clouds_yaml_content, which is not given")
    elif name == "kubernetes":
        _inert(_read(credentials.get("kubeconfig_content")))
    elif name == "github":
        arguments["github_actions_enabled"] = shutil.which("zizmor") is not None
    elif name == "m365":
        arguments["certificate_auth"] = "certificate_content" in arguments


def _inert(kubeconfig):
    """A kubeconfig can name programs to run and files to read, on whichever machine it is used."""
    if not isinstance(kubeconfig, dict):
        raise Failure("credentials", "kubeconfig_content is no kubeconfig")
    active = {"exec", "auth-provider", "tokenFile", "client-key", "client-certificate", "certificate-authority"}
    for part, inner in (("users", "user"), ("clusters", "cluster")):
        for entry in kubeconfig.get(part) or []:
            named = active & set((entry or {}).get(inner) or {})
            if named:
                raise Failure("credentials", f"a kubeconfig with {', '.join(sorted(named))} is not taken: only values, no programs and files")
