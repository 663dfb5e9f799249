"""Counting rules as pure functions: votes and costs in, an outcome that explains itself out."""

from domain.counting.model import Amount, Outcome, Overflow, Project, Rule, Shortfall, Step, Tie
from domain.counting.rules import RULES, RuleNotBuilt, count, named
from domain.counting.shortfall import shortfall
from domain.counting.votes import VOTE_TYPES, Vote, mentions, scores

__all__ = [
    "RULES",
    "VOTE_TYPES",
    "Amount",
    "Outcome",
    "Overflow",
    "Project",
    "Rule",
    "RuleNotBuilt",
    "Shortfall",
    "Step",
    "Tie",
    "Vote",
    "count",
    "mentions",
    "named",
    "scores",
    "shortfall",
]
