"""The people of the tests, and the two neighbourhoods they live in.

Aïcha, Bram, Chen, Dewi, Emre and Farah live in Bezuidenhout and hold a code on its roll. Willem's code is a good one,
but of Loosduinen. Yvonne made hers up: the check character is right, no roll holds it. Both must be refused.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from domain import codes, database, phases, processes, roll
from domain import plans as domain_plans
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from domain.search import fold

NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)  # in the middle of the vote
OPENS = datetime(2026, 5, 1, 8, tzinfo=UTC)
CLOSES = datetime(2026, 5, 31, 22, tzinfo=UTC)
AFTER = datetime(2026, 6, 1, 9, tzinfo=UTC)

EURO = 100  # cents


@dataclass(frozen=True)
class Resident:
    """Somebody with a letter. `code` and `receipt` in their normal form, both typed in as good as random."""

    name: str
    code: str = field(init=False)
    receipt: str = field(init=False)

    def __post_init__(self) -> None:
        letters = "".join(c for c in self.name.upper() if c in codes.VALUE) + codes.ALPHABET
        object.__setattr__(self, "code", with_check(letters[: codes.CODE_LENGTH - 1]))
        object.__setattr__(self, "receipt", with_check(letters[: codes.RECEIPT_LENGTH - 1]))

    @property
    def email(self) -> str:
        """Their address, as they type it."""
        return f"{fold(self.name)}@example.org"

    @property
    def letter(self) -> str:
        """The code as it is printed."""
        return codes.grouped(self.code)

    def form(self, *project_ids: str, **changes: Any) -> dict[str, Any]:
        """What the browser sends when this resident hands in these plans."""
        return {"code": self.letter, "receipt": self.receipt, "plan": list(project_ids), **changes}


def with_check(body: str) -> str:
    return body + codes.check_character(body)


AICHA, BRAM, CHEN = Resident("Aïcha"), Resident("Bram"), Resident("Chen")
DEWI, EMRE, FARAH = Resident("Dewi"), Resident("Emre"), Resident("Farah")
WILLEM = Resident("Willem")
YVONNE = Resident("Yvonne")

BEZUIDENHOUT = (AICHA, BRAM, CHEN, DEWI, EMRE, FARAH)
LOOSDUINEN = (WILLEM,)


@dataclass(frozen=True)
class Proposal:
    """A plan before it is in the database: the columns of `plans`, its theme by name, cost in euros."""

    project_id: str
    title: str
    cost: int
    theme: str
    withdrawn: bool = False


BENCH = Proposal("bank", "Bankjes onder de bomen 🌳", 1_500, "Groen")
GARDEN = Proposal("tuin", "Pluktuin", 7_000, "Groen")
TAPS = Proposal("tap", "Tapwaterkranen", 15_000, "Straat")
BIKES = Proposal("fiets", "Fietsenstalling", 7_500, "Straat")
PARTY = Proposal("feest", "שכונה ביחד", 3_000, "Samen")
WHEEL = Proposal("rad", "Reuzenrad", 5_000, "Samen", withdrawn=True)
BEACH = Proposal("strand", "Stadsstrand", 4_000, "Groen")

BEZUIDENHOUT_PLANS = (BENCH, GARDEN, TAPS, BIKES, PARTY, WHEEL)
LOOSDUINEN_PLANS = (BEACH,)


def insert_vote(
    db: Database,
    secret: bytes,
    *,
    slug: str = "bezuidenhout",
    plans: tuple[Proposal, ...] = BEZUIDENHOUT_PLANS,
    residents: tuple[Resident, ...] = BEZUIDENHOUT,
    opens_at: datetime = OPENS,
    closes_at: datetime = CLOSES,
    themes: dict[str, dict[str, int]] | None = None,
    **changes: Any,
) -> Process:
    """A process with a knapsack vote of € 20.000; `changes` are columns of `processes`, `themes` columns by name."""
    with writing(db):
        row = process_row(slug) | {"area_id": processes.area(db, slug.title(), processes.area(db, "Den Haag"))}
        process_id = processes.insert(db, row | changes)
        phases.insert(db, process_id, [Phase("vote", opens_at, closes_at)])
        insert_plans(db, process_id, plans, themes or {})
        insert_roll(db, secret, process_id, residents)
    return reload(db, slug)


def reload(db: Database, slug: str = "bezuidenhout") -> Process:
    process = processes.load(db, slug)
    assert process is not None
    return process


def process_row(slug: str) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": f"{slug.title()} beslist",
        "budget": 20_000 * EURO,
        "voting_method": "knapsack",
        "max_sum_cost": 20_000 * EURO,
        "blank_allowed": 1,
        "lot_seed": "een lot",
    }


def insert_plans(db: Database, process_id: int, plans: tuple[Proposal, ...], limits: dict[str, dict[str, int]]) -> None:
    themes = {
        name: database.insert(db, "themes", {"process_id": process_id, "name": name} | limits.get(name, {}))
        for name in dict.fromkeys(plan.theme for plan in plans)
    }
    for plan in plans:
        row = {
            "process_id": process_id,
            "project_id": plan.project_id,
            "title": plan.title,
            "cost": plan.cost * EURO,
            "withdrawn_at": phases.to_text(OPENS) if plan.withdrawn else None,
        }
        plan_id = domain_plans.insert(db, row)
        db.execute("INSERT INTO plan_themes (plan_id, theme_id) VALUES (?, ?)", (plan_id, themes[plan.theme]))


def insert_roll(db: Database, secret: bytes, process_id: int, residents: tuple[Resident, ...]) -> None:
    db.conn.executemany(
        "INSERT INTO roll (process_id, key) VALUES (?, ?)",
        ((process_id, roll.key(secret, process_id, resident.code)) for resident in residents),
    )


def crowd(number: int) -> tuple[Resident, ...]:
    """That many more residents, each with a code and receipt of their own."""
    return tuple(Resident(in_letters(n)) for n in range(number))


def in_letters(number: int) -> str:
    """The number in the alphabet of codes, so that it becomes part of the code."""
    base = len(codes.ALPHABET)
    digits = (number // base**place % base for place in range(4))
    return "X" + "".join(codes.ALPHABET[digit] for digit in digits)
