"""From a check's report to the OCSF finding that Prowler's own output would hold, as JSON."""

import json

from custody_driver import compliance

# Of one finding: the description of a resource can be of any size, and a line has an end.
BYTES_MAX = 6 << 20


class Findings:
    def __init__(self, provider, package, scan_id):
        from prowler.lib.outputs.finding import Finding
        from prowler.lib.outputs.ocsf import ocsf

        self._provider = provider
        self._compliance = compliance.of_checks(package, provider.type)
        self._finding, self._ocsf = Finding, ocsf.OCSF
        if scan_id:
            # Prowler draws a new one at each transformation.
            ocsf._uuid7_from_timestamp = lambda _: scan_id

    def of(self, report):
        """Raises what Prowler raises."""
        if not hasattr(report, "compliance"):
            report.compliance = self._compliance.get(report.check_metadata.CheckID, {})
        finding = self._finding.generate_output(self._provider, report, None)
        return self.written(finding)

    def written(self, finding):
        made = self._ocsf(findings=[finding]).data
        if not made:
            # It has logged why.
            raise ValueError("Prowler could not write a finding as OCSF")
        text = _json(made[0])
        return text if len(text) <= BYTES_MAX else _without_metadata(text)


def _json(model):
    return model.model_dump_json(exclude_none=True) if hasattr(model, "model_dump_json") else model.json(exclude_none=True)


def _without_metadata(text):
    value = json.loads(text)
    for resource in value.get("resources", []):
        resource.get("data", {})["metadata"] = {"custody": f"left out: the finding has {len(text)} characters"}
    return json.dumps(value, ensure_ascii=False)
