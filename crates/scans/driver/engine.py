"""Prowler, connected to one account, and running its checks."""

import logging
import os

import prowler
from prowler.config.config import prowler_version
from prowler.lib.check import check as _loaded  # noqa: F401
from prowler.lib.outputs.ocsf import ocsf as _loaded_too  # noqa: F401
from prowler.providers.common.models import Audit_Metadata

from custody_driver import calls as of_calls, checks, failures, findings, providers, swallowed


class Engine:
    def __init__(self, order, events):
        self._order, self._events = order, events
        self._calls = of_calls.Calls()
        if order["provider"] == "aws":
            of_calls.Hook(self._calls).install()
        self._swallowed = swallowed.Swallowed(self._calls)
        logging.getLogger().addHandler(self._swallowed)
        self._provider = providers.connect(order)
        self._provider.audit_metadata = Audit_Metadata(services_scanned=0, expected_checks=list(order.get("checks") or []), completed_checks=0, audit_progress=0)
        package = os.path.dirname(prowler.__file__)
        self._checks = checks.Checks(self._provider, findings.Findings(self._provider, package, order.get("scan_id")), events, self._calls)
        self._calls.suspicious = False
        checks.settle()

    def ready(self):
        provider, name = self._provider, self._order["provider"]
        identity = getattr(provider, "identity", None)
        told = {"engine": f"prowler {prowler_version}", "account": providers.account(name, provider)}
        if name == "aws":
            organization = getattr(provider, "organizations_metadata", None)
            told["account_name"] = getattr(organization, "account_name", None) or None
            told["identity"] = str(identity.identity_arn)
            regions = set(provider._enabled_regions or ())
            told["regions"] = sorted(regions & set(identity.audited_regions) if identity.audited_regions else regions)
        return told

    def run(self, names):
        expected = self._provider.audit_metadata.expected_checks
        # Some services leave out what no expected check looks at.
        expected.extend(name for name in names if name not in expected)
        for name in names:
            self._checks.run(name)
            self._look()

    def _look(self):
        """At what ends a whole scan, and Prowler lets pass."""
        if self._swallowed.out_of_memory:
            raise failures.out_of_memory(self._order.get("memory_bytes"))
        if self._swallowed.disk_full:
            raise failures.Failure("setup", "the disk of the scan's temporary directory is full")
        if self._calls.suspicious:
            self._calls.suspicious = False
            self._ask_who()

    def _ask_who(self):
        """A region that is not enabled calls good credentials invalid; the one that took them does not."""
        from botocore.exceptions import BotoCoreError, ClientError

        session = self._provider.session.current_session
        try:
            session.client("sts", self._provider.identity.profile_region).get_caller_identity()
        except ClientError as error:
            if failures.code(error) in failures.EXPIRED | failures.INVALID:
                raise failures.Failure("expired", f"the credentials are no longer taken: {failures.describe(error)}") from error
        except BotoCoreError as error:
            if "Credential" in type(error).__name__:
                raise failures.Failure("expired", f"the credentials could not be renewed: {failures.describe(error)}") from error
