"""Rules: pure functions of a passage and a dated table."""

from edge.rules.judge import Finding, judge
from edge.rules.table import RuleTable, load_table

__all__ = ["Finding", "RuleTable", "judge", "load_table"]
