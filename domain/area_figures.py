"""Figures (kerncijfers) of an area: who lives there, as CBS publishes it, and how its columns are called per year.

Source of the names: the tables Kerncijfers wijken en buurten of StatLine (2013 on), the kwb-….xlsx files and the
properties of the Wijk- en Buurtkaart. CBS rounds counts to five and leaves out what could tell of one person.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.database import Database


@dataclass(frozen=True, slots=True)
class Figure:
    """`counts`, `percents` and `thousands`: columns that hold it as a number of people, as a percentage of the
    inhabitants, or in thousands of euros; each as `plain` spells it. `unit` is people or euros (a year)."""

    counts: tuple[str, ...] = ()
    percents: tuple[str, ...] = ()
    thousands: tuple[str, ...] = ()
    unit: str = "people"

    def unit_of(self, column: str) -> str:
        """count, percent or thousands; empty if the column holds something else."""
        names = {"count": self.counts, "percent": self.percents, "thousands": self.thousands}
        return next((unit for unit, listed in names.items() if column in listed), "")


# Until 2022 CBS told people apart as western or not, since then by where they or their parents were born: these two
# don't add up to one another, so they are figures of their own. `none` is in both who came from nowhere else.
FIGURES: dict[str, Figure] = {
    "inhabitants": Figure(("aantalinwoners", "ainw", "aantinw")),
    "age_0_15": Figure(("k0tot15jaar", "0tot15jaar", "a0014"), ("percentagepersonen0tot15jaar", "p0014jr")),
    "age_15_25": Figure(("k15tot25jaar", "15tot25jaar", "a1524"), ("percentagepersonen15tot25jaar", "p1524jr")),
    "age_25_45": Figure(("k25tot45jaar", "25tot45jaar", "a2544"), ("percentagepersonen25tot45jaar", "p2544jr")),
    "age_45_65": Figure(("k45tot65jaar", "45tot65jaar", "a4564"), ("percentagepersonen45tot65jaar", "p4564jr")),
    "age_65": Figure(("k65jaarofouder", "65jaarofouder", "a65oo"), ("percentagepersonen65jaarenouder", "p65eojr")),
    "background_none": Figure(("nederland", "anlall"), ("percentagemetherkomstlandnederland",)),
    "background_europe": Figure(
        ("europaexclusiefnederland", "europaexclnederland", "aeural"), ("percentagemetherkomstlanduiteuropaexclnl",)
    ),
    "background_other": Figure(("buiteneuropa", "aneual"), ("percentagemetherkomstlandbuiteneuropa",)),
    "background_western": Figure(
        ("westerstotaal", "awall"), ("percentagewestersemigratieachtergrond", "pwestal", "pwall")
    ),
    "background_non_western": Figure(
        ("nietwesterstotaal", "anwall"), ("percentagenietwestersemigratieachtergrond", "pnwal", "pnwall")
    ),
    "income_mean": Figure(thousands=("gemiddeldinkomenperinwoner", "ginkpi"), unit="euros"),
}
AGES = ("age_0_15", "age_15_25", "age_25_45", "age_45_65", "age_65")
NEEDED = ("inhabitants", *AGES)  # a file without these still counts, but says that it lacks them


def plain(header: str) -> tuple[str, str]:
    """The header without case, punctuation, topic before it and unit behind it; and that without the number that
    StatLine puts behind it: “k_0Tot15Jaar_8”, “a_00_14”, “Leeftijdsgroepen/0 tot 15 jaar (aantal)”."""
    bare = re.sub(r"\([^)]*\)", "", header).rpartition("/")[2].strip()
    return tuple(re.sub(r"[^0-9a-z]", "", form.lower()) for form in (bare, re.sub(r"_\d+$", "", bare)))  # type: ignore[return-value]


def figure_of(header: str) -> tuple[str, str] | None:
    """The figure that a column of that name holds, and its unit (Figure.unit_of)."""
    for form in plain(header):
        for name, figure in FIGURES.items():
            if unit := figure.unit_of(form):
                return name, unit
    return None


@dataclass(frozen=True, slots=True)
class Known:
    """A figure of an area. `year` is that of CBS; of a sum the oldest of its parts."""

    value: float
    year: int


def of(db: Database, area_ids: Iterable[int]) -> dict[int, dict[str, Known]]:
    """The figures of these areas as they were read, by area; one without any has an empty mapping."""
    ids = [*area_ids]
    marks = ",".join("?" * len(ids))
    found: dict[int, dict[str, Known]] = {id_: {} for id_ in ids}
    rows = db.execute(f"SELECT area_id, figure, value, year FROM area_figures WHERE area_id IN ({marks})", ids)
    for id_, figure, value, year in rows:
        found[id_][figure] = Known(value, year)
    return found


def of_area(db: Database, area_id: int) -> dict[str, Known]:
    """Those of one area; numbers of people that it lacks are the sum of what lies in it, where all of that has them."""
    rows = db.execute(UNDER, [area_id]).fetchall()
    below: dict[int | None, list[int]] = {}
    for id_, parent_id in rows:
        below.setdefault(parent_id if id_ != area_id else None, []).append(id_)
    own = of(db, [id_ for id_, _ in rows])

    def summed(id_: int, figure: str) -> Known | None:
        if figure in own[id_]:
            return own[id_][figure]
        parts = [summed(part, figure) for part in below.get(id_, ())]
        known = [part for part in parts if part is not None]
        if not parts or len(known) < len(parts):
            return None
        return Known(sum(part.value for part in known), min(part.year for part in known))

    people = [name for name, figure in FIGURES.items() if figure.unit == "people"]
    found = {name: summed(area_id, name) for name in people}
    return own[area_id] | {name: known for name, known in found.items() if known is not None}


UNDER = """
WITH RECURSIVE under (id, parent_id) AS (
    SELECT id, parent_id FROM areas WHERE id = ?
    UNION ALL SELECT areas.id, areas.parent_id FROM areas JOIN under ON areas.parent_id = under.id
) SELECT id, parent_id FROM under
"""


def keep(db: Database, area_id: int, figures: Mapping[str, float], year: int) -> None:
    """Write these figures of the area over those that were there; others of it stay."""
    db.conn.executemany(
        "INSERT INTO area_figures (area_id, figure, value, year) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET value = excluded.value, year = excluded.year",
        [(area_id, figure, value, year) for figure, value in figures.items()],
    )
