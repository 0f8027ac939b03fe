"""A plugin of pytest that reports every test's outcome at once: a run that is stopped keeps what it had."""

from __future__ import annotations

from typing import Any

from gpu_results import begin, report_result

STATUS = {"passed": "pass", "failed": "fail", "skipped": "skip"}


def pytest_runtest_logstart(nodeid: str) -> None:
    """Report which test runs."""
    begin(nodeid)


def pytest_runtest_logreport(report: Any) -> None:
    """Report a test that ran, or one that was skipped or broke before it ran."""
    if report.when != "call" and report.outcome == "passed":
        return
    facts: dict[str, Any] = {"seconds": round(report.duration, 3)}
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        facts["reason"] = str(report.longrepr[2])
    elif report.outcome == "failed":
        facts["reason"] = str(report.longrepr).strip().splitlines()[-1][:500]
    report_result(report.nodeid, STATUS[report.outcome], **facts)


def pytest_collectreport(report: Any) -> None:
    """Report a file that cannot be collected."""
    if report.outcome == "failed":
        report_result(report.nodeid, "fail", reason=str(report.longrepr).strip().splitlines()[-1][:500])
    elif report.outcome == "skipped":
        report_result(
            report.nodeid, "skip", reason=str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "")
        )
