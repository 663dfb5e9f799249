"""Which counting rules exist. A new rule is a module of its own and a line in RULES."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from domain.counting import greedy
from domain.counting.model import Amount, Outcome, Project, Rule

Count = Callable[[Iterable[Project], Mapping[str, Amount], Amount, Rule], Outcome]

RULES: dict[str, Count] = {
    "greedy": greedy.count,
    "greedy-no-skip": greedy.count,
    "greedy-threshold": greedy.count,
    "greedy-exclusive": greedy.count,
    "greedy-custom": greedy.count,
}


class RuleNotBuilt(Exception):
    """The rule has a name, but this software can't count it (yet)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The counting rule {name!r} is not built.")
        self.name = name


def count(projects: Iterable[Project], scores: Mapping[str, Amount], budget: Amount, rule: Rule) -> Outcome:
    """Who wins. Raises RuleNotBuilt. The order of the projects matters only where rule.ties is "listed"."""
    if rule.name not in RULES:
        raise RuleNotBuilt(rule.name)
    return RULES[rule.name](projects, scores, budget, rule)


def named(name: str, base: Rule) -> Rule:
    """The rule that Pabulib's name means, with the threshold, pairs, budgets and tie order of base where it
    has them. Raises RuleNotBuilt.
    """
    plain = Rule(name=name, ties=base.ties, seed=base.seed)
    rules = {
        "greedy": plain,
        "greedy-no-skip": replace(plain, overflow="stop", min_score=base.min_score),
        "greedy-threshold": replace(plain, min_score=base.min_score),
        "greedy-exclusive": replace(plain, min_score=base.min_score, exclusive=base.exclusive),
        "greedy-custom": replace(base, name=name),
    }
    if name not in rules:
        raise RuleNotBuilt(name)
    return rules[name]
