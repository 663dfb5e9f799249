"""Planning: staff move the phases of a process. What that changes is said before it happens."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from domain import audit, phases
from domain.database import Database
from domain.phases import HERE, KINDS, Phase
from domain.processes import Process

MARGIN = timedelta(minutes=1)  # before its closing a vote is left alone: a write may wait, and sealing begins
SECOND = timedelta(seconds=1)
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_TEXT = 500  # characters


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a change, which the page words. `phase` and `other` are of phases.KINDS."""

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


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen: the moves, why it can't (then nothing does), what it brings, and what looks like a mistake."""

    moves: tuple[Move, ...]
    refused: tuple[Remark, ...]
    brings: tuple[Remark, ...]
    warnings: tuple[Remark, ...]


class Refused(Exception):
    """Nothing was changed; `remarks` say why."""

    def __init__(self, *remarks: Remark) -> None:
        super().__init__(", ".join(remark.kind for remark in remarks))
        self.remarks = remarks


class Stale(Exception):
    """Somebody else moved the phases meanwhile. Nothing was changed."""


class NoSuchTime(ValueError):
    """That hour is skipped when the clock goes forward."""


def moment(day: date, at: time, before: datetime | None = None) -> datetime:
    """That time in the Netherlands, in UTC. Raises NoSuchTime, and ValueError for a year nobody means.

    Of the hour that comes twice in autumn it is the first, unless `before`, which a form showed to the minute, was
    the second; its seconds stay too.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(day)
    local = datetime.combine(day, at, HERE)
    if before is not None and before.astimezone(HERE).replace(second=0, tzinfo=None, fold=0) == local.replace(
        tzinfo=None
    ):
        return before
    if local.astimezone(UTC).astimezone(HERE).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(local)
    return local.astimezone(UTC)


def mark(listed: Iterable[Phase]) -> str:
    """Something that differs as soon as any of the phases does."""
    return hashlib.sha256(repr(sorted(listed, key=lambda phase: phase.kind)).encode()).hexdigest()[:16]


def opened(process: Process, kind: str, now: datetime) -> tuple[Phase, ...]:
    """The phases, with that one open from now on; one that is over is left."""
    return changed(process, kind, lambda phase: replace(phase, opens_at=now) if phase.opens_at > now else phase)


def closed(process: Process, kind: str, now: datetime) -> tuple[Phase, ...]:
    """The phases, with that one over from now on."""
    return changed(process, kind, lambda phase: replace(phase, closes_at=now) if phase.open(now) else phase)


def changed(process: Process, kind: str, how: Callable[[Phase], Phase]) -> tuple[Phase, ...]:
    return tuple(how(phase) if phase.kind == kind else phase for phase in process.phases)


def change(db: Database, process: Process, wanted: Iterable[Phase], now: datetime) -> Change:
    """What these phases in the place of those of the process would mean. Reads only."""
    new = {phase.kind: phase for phase in wanted}
    old = {phase.kind: phase for phase in process.phases}
    moves = tuple(Move(kind, old.get(kind), new.get(kind)) for kind in KINDS if old.get(kind) != new.get(kind))
    counted = counts(db, process.id, voters=True)
    return Change(
        moves,
        tuple(refusals(process, moves, new, counted, now)),
        tuple(effects(process, moves, counted, now)),
        tuple(warnings(process, moves, new, now)),
    )


def move(
    db: Database, process: Process, expected: str, wanted: Iterable[Phase], now: datetime, account_id: int
) -> tuple[Move, ...]:
    """Put these phases in the place of those that the process has, which `mark` to `expected`.

    Raises Stale, and Refused with what `change` would have said.
    """
    there = replace(process, phases=phases.load(db, process.id), sealed_at=sealed_at(db, process.id))
    if mark(there.phases) != expected:
        raise Stale(process.slug)
    wanted = tuple(wanted)
    asked = change(db, there, wanted, now)
    if asked.refused:
        raise Refused(*asked.refused)
    for each in asked.moves:
        db.execute("DELETE FROM phases WHERE process_id = ? AND kind = ?", [process.id, each.kind])
        if each.new is not None:
            phases.insert(db, process.id, [each.new])
        audit.record(db, account_id, process.id, "phase_moved", f"phase {each.kind}", now, **in_log(each))
    return asked.moves


def in_log(each: Move) -> dict[str, str]:
    dates = {"old": each.old, "new": each.new}
    return {
        f"{name} {when}": phases.to_text(getattr(phase, f"{when}_at"))
        for name, phase in dates.items()
        if phase is not None
        for when in ("opens", "closes")
    }


def sealed_at(db: Database, process_id: int) -> datetime | None:
    (text,) = db.execute("SELECT sealed_at FROM processes WHERE id = ?", [process_id]).fetchone()
    return phases.from_text(text) if text else None


COUNTS = {
    "ballots": "SELECT count(*) FROM ballots WHERE process_id = :id",
    "codes": "SELECT count(*) FROM roll WHERE process_id = :id",
    "collect": "SELECT count(*) FROM plans WHERE process_id = :id AND submitted_at IS NOT NULL",
    "support": "SELECT count(*) FROM supports JOIN plans ON plans.id = plan_id WHERE process_id = :id",
    "assess": "SELECT count(*) FROM plans WHERE process_id = :id AND (verdict != '' OR EXISTS "
    "(SELECT 1 FROM assessments WHERE plan_id = plans.id))",
    "writing": "SELECT count(*) FROM submissions WHERE process_id = :id AND plan_id IS NULL",
    "waiting": "SELECT count(*) FROM plans WHERE process_id = :id AND status = 'submitted' AND withdrawn_at IS NULL",
    "public": "SELECT count(*) FROM plans WHERE process_id = :id AND status = 'published' AND withdrawn_at IS NULL",
    "without_verdict": "SELECT count(*) FROM plans WHERE process_id = :id AND status = 'published' "
    "AND withdrawn_at IS NULL AND verdict = ''",
    "feasible": "SELECT count(*) FROM plans WHERE process_id = :id AND status = 'published' "
    "AND withdrawn_at IS NULL AND verdict = 'feasible'",
    "short_of_support": "SELECT count(*) FROM plans JOIN processes ON processes.id = process_id "
    "WHERE process_id = :id AND status = 'published' AND withdrawn_at IS NULL AND supports < support_threshold",
}


VOTERS = ("ballots", "codes")


def counts(db: Database, process_id: int, *, voters: bool = False) -> dict[str, int]:
    """COUNTS of the process; those of VOTERS, which nobody needs to see running along, only where asked for."""
    return {
        name: int(db.execute(query, {"id": process_id}).fetchone()[0])
        for name, query in COUNTS.items()
        if voters or name not in VOTERS
    }


def refusals(
    process: Process, moves: Iterable[Move], new: Mapping[str, Phase], counted: Mapping[str, int], now: datetime
) -> Iterable[Remark]:
    for each in moves:
        if each.new is not None and each.new.closes_at <= each.new.opens_at:
            yield Remark("closes_before_opens", each.kind)
        if each.kind == "vote" and each.dates_moved:
            yield from vote_refusals(process, each, counted, now)
        elif each.new is None and counted.get(each.kind):
            yield Remark("has_data", each.kind, counted[each.kind])
        elif each.kind == "assess" and (each.new is None or each.old is None) and process.frozen(now):
            yield Remark("decides_ballot", each.kind)
        elif each.new is None and each.kind == "result" and process.finished:
            yield Remark("has_data", each.kind)


def vote_refusals(process: Process, vote: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    """A vote that closed never opens again; what voters were told when they voted, stays."""
    if process.finished:
        yield Remark("sealed", "vote")
    elif vote.old is not None and vote.old.closes_at <= now:
        yield Remark("closed", "vote")
    elif vote.old is not None and vote.old.closes_at <= now + MARGIN:
        yield Remark("closing", "vote")
    elif vote.new is None:
        if counted["ballots"] or counted["codes"] or process.frozen(now):
            yield Remark("has_data", "vote", counted["ballots"] or counted["codes"])
    elif counted["ballots"] and vote.opens_moved:
        yield Remark("ballots_exist", "vote", counted["ballots"])
    elif vote.new.closes_at < now:
        yield Remark("closes_in_past", "vote")


def effects(process: Process, moves: Iterable[Move], counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    """What the moves bring, the vote first."""
    by_kind = {each.kind: each for each in moves if each.dates_moved}
    for kind in ("vote", "collect", "support", "assess"):
        if kind in by_kind:
            yield from EFFECTS[kind](process, by_kind[kind], counted, now)


def vote_effects(process: Process, vote: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    opens = vote.new is not None and vote.new.opens_at <= now < vote.new.closes_at and not process.voting(now)
    if counted["ballots"]:
        yield Remark("ballots", "vote", counted["ballots"])
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


def open_before_and_after(each: Move, now: datetime) -> tuple[bool, bool]:
    """Whether the phase is open now, and whether it is once it was moved: what closes now does so in a second."""
    was = each.old is not None and each.old.open(now)
    return was, each.new is not None and each.new.open(now + SECOND)


def collect_effects(process: Process, collect: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    was, is_ = open_before_and_after(collect, now)
    if was and not is_ and counted["writing"]:
        yield Remark("writing", "collect", counted["writing"])
    if was and not is_:
        yield Remark("collect_closes", "collect")
    if is_ and not was:
        yield Remark("collect_opens", "collect")


def support_effects(process: Process, support: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    was, is_ = open_before_and_after(support, now)
    if was and not is_ and counted["short_of_support"]:
        yield Remark("short_of_support", "support", counted["short_of_support"])
    if is_ and not was:
        yield Remark("support_opens", "support")


def assess_effects(process: Process, assess: Move, counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    if assess.new is None:
        yield Remark("all_on_ballot", "assess", counted["public"])
    elif assess.old is None and counted["without_verdict"]:
        yield Remark("without_verdict", "assess", counted["without_verdict"])


EFFECTS = {"vote": vote_effects, "collect": collect_effects, "support": support_effects, "assess": assess_effects}


def warnings(process: Process, moves: Iterable[Move], new: Mapping[str, Phase], now: datetime) -> Iterable[Remark]:
    """What may be meant, but looks like a mistake."""
    there = [new[kind] for kind in KINDS if kind in new]
    for n, earlier in enumerate(there):
        for later in there[n + 1 :]:
            if later.opens_at < earlier.opens_at:
                yield Remark("order", later.kind, other=earlier.kind)
            elif later.kind == "vote" and earlier.closes_at > later.opens_at:
                yield Remark("overlap", earlier.kind, other="vote")
            elif earlier.kind == "vote" and later.opens_at < earlier.closes_at:
                yield Remark("overlap", later.kind, other="vote")
    for each in moves:
        closing = each.old is not None and each.old.open(now)  # that it will be over is then what was asked
        if each.new is not None and each.closes_moved and each.new.closes_at <= now and not closing:
            yield Remark("over", each.kind)
