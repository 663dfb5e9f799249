"""Batches of codes (stemcodes) that staff draw at once: how many where, and entering them on the roll."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import areas, audit, phases, roll
from domain.database import Database
from domain.processes import Process

MOST = 100_000  # codes in one batch
MOST_ON_PAPER = 10_000  # of which letters or cards are made here; a printer's shop takes a list
KINDS = ("letter", "card", "list")


class Refused(Exception):
    """No code came on the roll. `kind`: no_vote, closed, or somebody_first: there are other codes than when the person
    looked."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Batch:
    """`codes` and `keys` by area id, None for codes of no area in particular; the same length and order."""

    codes: Mapping[int | None, list[str]]
    keys: Mapping[int | None, list[bytes]]

    @property
    def number(self) -> int:
        return sum(map(len, self.codes.values()))


def issued(db: Database, process_id: int) -> dict[int | None, int]:
    """How many codes there are, by area; None for those of no area."""
    query = "SELECT area_id, count(*) FROM roll WHERE process_id = ? GROUP BY area_id"
    return dict(db.execute(query, [process_id]).fetchall())


def places(db: Database, process_id: int) -> list[areas.Area]:
    """The areas for which codes can be drawn: the smallest in the area of the process, if anything lies in it."""
    root = areas.of_process(db, process_id)
    return [area for area in areas.leaves(db, root) if area.id != root]


def draw(secret: bytes, process_id: int, numbers: Mapping[int | None, int]) -> Batch:
    """Codes that are on no roll yet, so they don't count. Takes a second for a hundred thousand."""
    drawn = {area_id: roll.draw(secret, process_id, number) for area_id, number in numbers.items() if number}
    return Batch(
        {area_id: [code for code, _ in both] for area_id, both in drawn.items()},
        {area_id: [key for _, key in both] for area_id, both in drawn.items()},
    )


def refuse(db: Database, process: Process, now: datetime) -> None:
    """Raises Refused (no_vote, closed)."""
    vote = next((phase for phase in phases.load(db, process.id) if phase.kind == "vote"), None)
    if vote is None:
        raise Refused("no_vote")
    (sealed,) = db.execute("SELECT sealed_at IS NOT NULL FROM processes WHERE id = ?", [process.id]).fetchone()
    if sealed or now >= vote.closes_at:
        raise Refused("closed")


def enter(
    db: Database, process: Process, batch: Batch, expected: int, kind: str, now: datetime, account_id: int
) -> None:
    """From here on these codes count. `expected`: how many codes there were when the person asked for them, so that
    the same question twice, or of two people, gives one batch. Raises Refused."""
    refuse(db, process, now)
    if roll.turnout(db, process.id).issued != expected:
        raise Refused("somebody_first")
    for area_id, keys in batch.keys.items():
        roll.enter(db, process.id, keys, area_id)
    subject = f"process {process.id}"
    audit.record(
        db, account_id, process.id, "codes_drawn", subject, now, number=batch.number, areas=len(batch.keys), kind=kind
    )
