"""Planning: staff move the phases of a process. What that changes is said before it happens."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain import audit, phases
from domain.database import Database
from domain.phase_kinds import KINDS, Move, Remark, all_counts
from domain.phases import Phase
from domain.processes import Process

LONGEST_TEXT = 500  # characters


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
        tuple(warnings(moves, new, now)),
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


VOTERS = ("voted", "codes")


def counts(db: Database, process_id: int, *, voters: bool = False) -> dict[str, int]:
    """What the kinds of phases count in the process; those of VOTERS, which nobody needs to see running along, only
    where asked for."""
    return {
        name: int(db.execute(query, {"id": process_id}).fetchone()[0])
        for name, query in all_counts().items()
        if voters or name not in VOTERS
    }


def refusals(
    process: Process, moves: Iterable[Move], new: Mapping[str, Phase], counted: Mapping[str, int], now: datetime
) -> Iterable[Remark]:
    for each in moves:
        if each.new is not None and each.new.closes_at <= each.new.opens_at:
            yield Remark("closes_before_opens", each.kind)
        if each.new is None and counted.get(each.kind):
            yield Remark("has_data", each.kind, counted[each.kind])
        elif each.dates_moved:
            yield from KINDS[each.kind].refusals(process, each, counted, now)


def effects(process: Process, moves: Iterable[Move], counted: Mapping[str, int], now: datetime) -> Iterable[Remark]:
    """What the moves bring, the vote first."""
    moved = [each for each in moves if each.dates_moved]
    for each in sorted(moved, key=lambda each: each.kind != "vote"):
        yield from KINDS[each.kind].effects(process, each, counted, now)


def warnings(moves: Iterable[Move], new: Mapping[str, Phase], now: datetime) -> Iterable[Remark]:
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
