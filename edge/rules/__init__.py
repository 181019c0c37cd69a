"""Rules: pure functions of what is known of a pass, and dated tables of numbers."""

from edge.rules.base import Finding, Judgement
from edge.rules.judge import judge, try_rules
from edge.rules.known import Known, Place
from edge.rules.movement import known_way
from edge.rules.table import RuleBook, load_book

__all__ = ["Finding", "Judgement", "Known", "Place", "RuleBook", "judge", "known_way", "load_book", "try_rules"]
