"""Which kinds of phases there are: one table. A kind is an entry in KINDS, the files of its own noun, and its words in
templates/phases/<kind>.html and templates/staff/questions/<kind>.html; nothing else changes, also not the schema.

The order of the table is that in which phases come, in the wizard and on the page where staff move them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.designs.choices import Choice
from domain.phases import Phase

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a change, which the page words. `phase` and `other` are names in KINDS."""

    kind: str
    phase: str = ""
    number: int = 0
    other: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A phase before and after; one of them is None where it comes or goes."""

    kind: str
    old: Phase | None
    new: Phase | None

    @property
    def opens_moved(self) -> bool:
        return self.old is None or self.new is None or self.old.opens_at != self.new.opens_at

    @property
    def closes_moved(self) -> bool:
        return self.old is None or self.new is None or self.old.closes_at != self.new.closes_at

    @property
    def dates_moved(self) -> bool:
        return self.opens_moved or self.closes_moved

    def open_before_and_after(self, now: datetime) -> tuple[bool, bool]:
        """Whether the phase is open now, and whether it is once it was moved: what closes now does so in a second."""
        was = self.old is not None and self.old.open(now)
        return was, self.new is not None and self.new.open(now + SECOND)


Effects = Callable[[Any, Move, Mapping[str, int], datetime], Iterable[Remark]]  # the process, the move, counts, now


def none(process: Any, move: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    return ()


@dataclass(frozen=True, slots=True)
class PhaseKind:
    """choices: what is decided for it, in the wizard step of this name.
    opens_with, after, days: where it lies in a new process: begins with the phase of that kind, or else that many days
        after the one before it closed, and lasts so many days.
    counts: SQL per name, for what the effects speak of; the one under the kind's own name says how much happened in
        it: once something did, the phase can't go any more.
    refusals, effects: what a move of its dates is refused for, and what it brings.
    growing: the numbers of who takes part grow in it; domain/turnout.py watches them from the first to the last.
    example: a text to start from, per language; it is content, which a beheerder changes.
    """

    name: str
    choices: tuple[Choice, ...] = ()
    days: int = 28
    after: int = 0
    opens_with: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    refusals: Effects = none
    effects: Effects = none
    growing: bool = False
    example: Mapping[str, str] = field(default_factory=dict)


def vote_refusals(process: Any, vote: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    """A vote that closed never opens again; what voters were told when they voted, stays.

    Once it opened, and codes are with people who may vote, its opening stays where it was: else one person could take
    it back, change the rules and open it again under the old date. Without codes nobody could have voted, so a vote
    that was opened by mistake can wait again.
    """
    if process.finished:
        yield Remark("sealed", "vote")
    elif vote.old is not None and vote.old.closes_at <= now:
        yield Remark("closed", "vote")
    elif vote.old is not None and vote.old.closes_at <= now + MARGIN:
        yield Remark("closing", "vote")
    elif vote.new is None:
        if counted["codes"] or process.frozen(now):
            yield Remark("has_data", "vote", counted["codes"])
    elif vote.opens_moved and counted["codes"] and process.frozen(now):
        yield Remark("codes_exist", "vote", counted["codes"])
    elif vote.opens_moved and vote.new.opens_at < now:
        yield Remark("opens_in_past", "vote")
    elif vote.new.closes_at < now:
        yield Remark("closes_in_past", "vote")


MARGIN = timedelta(minutes=1)  # before its closing a vote is left alone: a write may wait, and sealing begins


def vote_effects(process: Any, vote: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    opens = vote.new is not None and vote.new.opens_at <= now < vote.new.closes_at and not process.voting(now)
    if counted["voted"]:
        yield Remark("voted", "vote", counted["voted"])
    elif counted["codes"] and process.voting(now):
        yield Remark("may_have_voted", "vote")
    if counted["codes"]:
        yield Remark("letters", "vote", counted["codes"])
    if vote.new is not None and vote.new.closes_at <= now + SECOND:
        yield Remark("seals", "vote")
    if vote.new is None or not vote.opens_moved:
        return
    assessed = process.phase("assess") is not None
    yield Remark("on_ballot_now" if opens else "on_ballot", "vote", counted["feasible" if assessed else "public"])
    if assessed and counted["without_verdict"]:
        yield Remark("without_verdict", "vote", counted["without_verdict"])
    if counted["waiting"]:
        yield Remark("waiting", "vote", counted["waiting"])
    if opens and not counted["codes"]:
        yield Remark("no_codes", "vote")
    if process.frozen(now) and not opens:
        yield Remark("thaws", "vote")


def collect_effects(process: Any, collect: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    was, is_ = collect.open_before_and_after(now)
    if was and not is_ and counted["writing"]:
        yield Remark("writing", "collect", counted["writing"])
    if was and not is_:
        yield Remark("collect_closes", "collect")
    if is_ and not was:
        yield Remark("collect_opens", "collect")


def support_effects(process: Any, support: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    was, is_ = support.open_before_and_after(now)
    if was and not is_ and counted["short_of_support"]:
        yield Remark("short_of_support", "support", counted["short_of_support"])
    if is_ and not was:
        yield Remark("support_opens", "support")


def assess_refusals(process: Any, assess: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    if (assess.new is None or assess.old is None) and process.frozen(now):
        yield Remark("decides_ballot", "assess")


def assess_effects(process: Any, assess: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    if assess.new is None:
        yield Remark("all_on_ballot", "assess", counted["public"])
    elif assess.old is None and counted["without_verdict"]:
        yield Remark("without_verdict", "assess", counted["without_verdict"])
    was, is_ = assess.open_before_and_after(now)
    if was and not is_ and assess.new is not None:
        yield Remark("assess_closes", "assess", counted["without_verdict"])
    if is_ and not was:
        yield Remark("assess_opens", "assess", counted["without_verdict"])


def result_refusals(process: Any, result: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    if result.new is None and process.finished:
        yield Remark("has_data", "result")


def result_effects(process: Any, result: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    """When the result shows follows from sealing, not from these dates."""
    yield Remark("result_stays" if process.finished else "result_after_seal", "result")


def deliver_effects(process: Any, deliver: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    was, is_ = deliver.open_before_and_after(now)
    yield Remark("progress_stays" if was and not is_ else "progress_shown", "deliver")


PUBLIC = "status = 'published' AND withdrawn_at IS NULL"
AGES = {"type": "number", "low": 0, "high": 99}

COLLECT = PhaseKind(
    "collect",
    (
        Choice("collect", "submitters", "one_of", "mail", options=("mail", "staff")),
        Choice("collect", "submit_age", "number", low=0, high=99),
        Choice("collect", "max_plan_cost", "amount", low=100),
        Choice("collect", "plan_moderation", "one_of", "after", options=("after", "before")),
        Choice("collect", "reactions_allowed", "yes_no", True),
        Choice("collect", "reaction_moderation", "one_of", "after", options=("after", "before")),
    ),
    counts={
        "collect": "SELECT count(*) FROM plans WHERE process_id = :id AND submitted_at IS NOT NULL",
        "writing": "SELECT count(*) FROM submissions WHERE process_id = :id AND plan_id IS NULL",
        "waiting": "SELECT count(*) FROM plans WHERE process_id = :id AND status = 'submitted' "
        "AND withdrawn_at IS NULL",
        "public": f"SELECT count(*) FROM plans WHERE process_id = :id AND {PUBLIC}",
    },
    effects=collect_effects,
    growing=True,
    example={
        "nl": "Woont u hier en hebt u een idee voor de buurt? Dien dan een plan in. Vertel wat u wilt doen, waar het "
        "komt en wat het kost. Klein mag ook.",
        "en": "Do you live here and do you have an idea for the neighbourhood? Then hand in a plan. Tell us what you "
        "want to do, where, and what it costs. Small is fine too.",
    },
)

SUPPORT = PhaseKind(
    "support",
    (
        Choice("support", "support_threshold", "number", 25, low=0, high=100_000),
        Choice("support", "supporters", "one_of", "mail", options=("mail", "code"), fixed="supports"),
        Choice("support", "support_age", "number", low=0, high=99),
    ),
    days=42,
    opens_with="collect",
    counts={
        "support": "SELECT count(*) FROM supports JOIN plans ON plans.id = plan_id WHERE process_id = :id",
        "short_of_support": "SELECT count(*) FROM plans JOIN processes ON processes.id = process_id "
        f"WHERE process_id = :id AND {PUBLIC} AND supports < support_threshold",
    },
    effects=support_effects,
    growing=True,
    example={
        "nl": "Laat weten welke plannen u goed vindt. Een plan met genoeg steun gaat door naar de controle.",
        "en": "Tell us which plans you like. A plan with enough support goes on to the check.",
    },
)

ASSESS = PhaseKind(
    "assess",
    (Choice("assess", "checklist", "lines", high=30, kept="elsewhere"),),
    counts={
        "assess": "SELECT count(*) FROM plans WHERE process_id = :id AND (verdict != '' OR EXISTS "
        "(SELECT 1 FROM assessments WHERE plan_id = plans.id))",
        "without_verdict": f"SELECT count(*) FROM plans WHERE process_id = :id AND {PUBLIC} AND verdict = ''",
        "feasible": f"SELECT count(*) FROM plans WHERE process_id = :id AND {PUBLIC} AND verdict = 'feasible'",
    },
    refusals=assess_refusals,
    effects=assess_effects,
    example={
        "nl": "We kijken of elk plan kan, of het mag en wat het kost. Bij elk plan leest u het antwoord, met de reden.",
        "en": "We look whether each plan can be done, whether it is allowed and what it costs. You read the answer "
        "with each plan, and why.",
    },
)

VOTE = PhaseKind(
    "vote",
    (
        Choice(
            "vote",
            "voting_method",
            "one_of",
            "knapsack",
            options=("knapsack", "approval", "choose-1"),
            needed="fairness",
            fixed="vote",
        ),
        Choice("vote", "min_length", "number", 0, low=0, high=1_000, fixed="vote"),
        Choice("vote", "max_length", "number", low=1, high=1_000, fixed="vote"),
        Choice("vote", "max_sum_cost", "amount", low=100, fixed="vote"),
        Choice("vote", "blank_allowed", "yes_no", True, fixed="vote"),
        Choice("vote", "change_allowed", "yes_no", False, fixed="vote"),
        Choice("vote", "codes_by", "one_of", "letter", options=("letter", "card"), needed="fairness", fixed="vote"),
        Choice("vote", "vote_age", "number", low=0, high=99, needed="fairness", fixed="vote"),
    ),
    days=21,
    after=14,
    counts={
        # As the watch last showed it: who asks again and again must not see the votes come in.
        "voted": "SELECT coalesce(max(number), 0) FROM turnout_figures "
        "WHERE process_id = :id AND dimension = 'total' AND group_key = ''",
        "codes": "SELECT count(*) FROM roll WHERE process_id = :id",
    },
    refusals=vote_refusals,
    effects=vote_effects,
    growing=True,
    example={
        "nl": "U kiest welke plannen geld krijgen. Dien uw stem in met uw stemcode. Uw stem is geheim.",
        "en": "You choose which plans get money. Hand in your vote with your voting code. Your vote is secret.",
    },
)

OPTION: Any = {"fixed": "vote", "kept": "rule_options"}  # of the counting rule

RESULT = PhaseKind(
    "result",
    (
        Choice("result", "counting_rule", "one_of", "greedy", options=("greedy",), needed="fairness", fixed="vote"),
        Choice("result", "overflow", "one_of", "skip", options=("skip", "stop", "partial"), **OPTION),
        Choice("result", "leftover", "one_of", "keep", options=("keep", "fund"), **OPTION),
        Choice("result", "min_score", "number", 1, low=0, high=1_000_000, **OPTION),
        Choice("result", "ties", "one_of", "cheapest", options=("cheapest", "lot"), **OPTION),
        Choice("result", "turnout_public", "one_of", "after", options=("after", "daily"), fixed="vote"),
    ),
    refusals=result_refusals,
    effects=result_effects,
    example={
        "nl": "Alle stemmen zijn geteld. U ziet welke plannen doorgaan en kunt de telling narekenen.",
        "en": "All votes have been counted. You see which plans go ahead and can recount them yourself.",
    },
)

DELIVER = PhaseKind(
    "deliver",
    (Choice("deliver", "aftercare", "text", "", high=2_000),),
    days=365,
    effects=deliver_effects,
    example={
        "nl": "De gekozen plannen worden uitgevoerd. Hier leest u hoe het ermee gaat. Helpen mag altijd.",
        "en": "The chosen plans are carried out. Here you read how they are doing. Help is always welcome.",
    },
)

KINDS: dict[str, PhaseKind] = {kind.name: kind for kind in (COLLECT, SUPPORT, ASSESS, VOTE, RESULT, DELIVER)}


def all_counts() -> dict[str, str]:
    return {name: query for kind in KINDS.values() for name, query in kind.counts.items()}
