"""Reports of other sources: judged like leads, by their bytes and the token they came with."""

from __future__ import annotations

import hashlib

from hub.intake.judge import Judged, RefusedError, Sender, check_time, id_in, parse_wire, read_wire
from leads import Report
from leads.wire import WireDict


def judge_report(source: str, payload: bytes) -> Judged:
    """Judge what a source sent. Its token has said who it is; reports bear no signature."""
    sha256 = hashlib.sha256(payload).hexdigest()
    wire: WireDict = {}
    try:
        wire = parse_wire(payload)
        report = read_wire(Report, wire)
        check_time(report)
    except RefusedError as refusal:
        return Judged(Sender(source), payload, sha256, id_in(wire, "report_id"), None, refusal.fault)
    return Judged(Sender(source), payload, sha256, report.report_id, report, None)
