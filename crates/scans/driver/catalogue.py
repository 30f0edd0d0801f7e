"""What the installed Prowler can check: its own files, read as they are, as one document of JSON.

Through Prowler's classes the same takes 25 times as long, because they validate 17,000 links.
"""

import importlib.metadata
import importlib.util
import json
import os
import sys


def main():
    # Found, not imported: Prowler's packages take seconds.
    package = os.path.dirname(importlib.util.find_spec("prowler").origin)
    version = importlib.metadata.version("prowler")
    providers = {}
    for name in sorted(os.listdir(os.path.join(package, "providers"))):
        checks = list(_checks(os.path.join(package, "providers", name, "services")))
        if checks:
            known = {check["id"] for check in checks}
            providers[name] = {"checks": checks, "frameworks": list(_frameworks(package, name, known)), "regions": _regions(package, name)}
    json.dump({"engine": "prowler", "version": version, "providers": providers}, sys.stdout, ensure_ascii=True, separators=(",", ":"))


def _regions(package, provider):
    """Of AWS those that any of its services has; of others Prowler keeps none, or in another form."""
    if provider != "aws":
        return []
    path = os.path.join(package, "providers", provider, "aws_regions_by_service.json")
    found = set()
    for service in _read(path)["services"].values():
        for regions in service["regions"].values():
            found.update(regions)
    return sorted(found)


def _checks(services):
    if not os.path.isdir(services):
        return
    for service in sorted(os.listdir(services)):
        for folder, _, files in sorted(os.walk(os.path.join(services, service))):
            for file in sorted(files):
                if file.endswith(".metadata.json"):
                    yield _check(_read(os.path.join(folder, file)))


def _check(said):
    remediation = said.get("Remediation") or {}
    code, advice = remediation.get("Code") or {}, remediation.get("Recommendation") or {}
    return {
        "id": said["CheckID"],
        "title": said["CheckTitle"],
        "service": said["ServiceName"],
        "severity": said["Severity"].lower(),
        "resource_type": said.get("ResourceType", ""),
        "categories": said.get("Categories") or [],
        "types": said.get("CheckType") or [],
        "description": said.get("Description", ""),
        "risk": said.get("Risk", ""),
        "urls": [url for url in [said.get("RelatedUrl"), *(said.get("AdditionalURLs") or [])] if url],
        "notes": said.get("Notes", ""),
        "remediation": {
            "text": advice.get("Text", ""),
            "url": advice.get("Url", ""),
            "cli": code.get("CLI", ""),
            "native_iac": code.get("NativeIaC", ""),
            "terraform": code.get("Terraform", ""),
            "other": code.get("Other", ""),
        },
    }


def _frameworks(package, provider, known):
    """Those of the provider, and those that are written for several at once."""
    root = os.path.join(package, "compliance")
    for folder in (os.path.join(root, provider), root):
        if not os.path.isdir(folder):
            continue
        for file in sorted(os.listdir(folder)):
            if not file.endswith(".json"):
                continue
            said = {key.lower(): value for key, value in _read(os.path.join(folder, file)).items()}
            own = str(said.get("provider", "")).lower() == provider
            requirements = [_requirement(one, provider) for one in said.get("requirements") or []]
            for requirement in requirements:
                requirement["checks"] = [check for check in requirement["checks"] if check in known]
            if own or (folder == root and any(one["checks"] for one in requirements)):
                yield {
                    "id": file[: -len(".json")],
                    "framework": said.get("framework", ""),
                    "name": said.get("name") or said.get("framework", ""),
                    "version": str(said.get("version") or ""),
                    "description": said.get("description", ""),
                    "requirements": requirements,
                }


def _requirement(said, provider):
    said = {key.lower(): value for key, value in said.items()}
    checks = said.get("checks") or []
    if isinstance(checks, dict):
        checks = checks.get(provider) or []
    attributes = said.get("attributes") or {}
    if isinstance(attributes, list):
        attributes = attributes[0] if attributes else {}
    section = next((attributes[key] for key in ("Section", "Theme", "Domain", "Pillar", "Ruleset", "ItemId", "Marco") if attributes.get(key)), "")
    if not section and said.get("tactics"):
        section = ", ".join(said["tactics"])
    return {
        "id": str(said.get("id") or ""),
        "name": said.get("name") or "",
        "description": said.get("description") or "",
        "section": str(section),
        "checks": list(dict.fromkeys(checks)),
    }


def _read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


if __name__ == "__main__":
    main()
