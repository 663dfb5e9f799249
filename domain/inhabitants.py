"""Inhabitants (inwoners): each buurt as CBS describes it, beside what came from it or was meant for it.

These figures are of the buurt and not of who took part: that many people with a low income live somewhere doesn't say
that they voted, or didn't. Numbers of what came in are those of turnout, with their rounding and their gaps.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domain import area_figures, areas, representation, turnout
from domain.area_figures import Known
from domain.areas import Area
from domain.database import Database
from domain.processes import Process
from domain.representation import Between, Row, Watch, between, since, verdict
from domain.turnout import NONE, dimension

BACKGROUNDS = (
    *("background_none", "background_europe", "background_other"),
    *("background_western", "background_non_western"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A buurt. `rows`: by measure, with its inhabitants as `of`; those of votes are judged by codes and not here."""

    area: Area
    known: Mapping[str, Known]
    rows: Mapping[str, Row] = field(default_factory=dict)

    @property
    def inhabitants(self) -> float:
        return self.known["inhabitants"].value

    def per_hundred(self, figure: str) -> float | None:
        return 100 * self.known[figure].value / self.inhabitants if figure in self.known else None


@dataclass(frozen=True, slots=True)
class Beside:
    """Every buurt of which CBS says how many live there; and which measures and figures any of them has."""

    places: tuple[Place, ...] = ()

    @property
    def measures(self) -> list[str]:
        return [measure for measure in turnout.MEASURES if any(measure in place.rows for place in self.places)]

    @property
    def figures(self) -> list[str]:
        wanted = (*BACKGROUNDS, "income_mean")
        return [name for name in wanted if any(name in place.known for place in self.places)]

    @property
    def year(self) -> int:
        return min(place.known["inhabitants"].year for place in self.places)


def beside(db: Database, process: Process, watch: Watch) -> Beside:
    leaves = areas.leaves(db, areas.of_process(db, process.id))
    figures = area_figures.of(db, [area.id for area in leaves])
    living = {str(id_): known["inhabitants"].value for id_, known in figures.items() if lived_in(known)}
    rests, groups = representation.rests(db, process.id), {NONE, *(str(area.id) for area in leaves)}
    rows = {measure: compared(watch, measure, living, groups, rests) for measure in turnout.MEASURES}
    return Beside(
        tuple(
            Place(area, figures[area.id], {measure: by[key] for measure, by in rows.items() if key in by})
            for area in leaves
            if (key := str(area.id)) in living
        )
    )


def lived_in(known: Mapping[str, Known]) -> bool:
    return "inhabitants" in known and known["inhabitants"].value > 0


def compared(
    watch: Watch, measure: str, living: Mapping[str, float], groups: set[str], rests: Mapping[str, str]
) -> dict[str, Row]:
    """By area, on the last day that has figures; a share is per hundred inhabitants. Empty where there are none."""
    name = dimension(measure, "area")
    days, totals = watch.history.get(name, {}), watch.history.get(dimension(measure, "total"), {})
    if not days or not living:
        return {}
    issued, rest = watch.by_area if measure == turnout.VOTES else {}, rests.get(name)
    seen = {
        day: between_all(living, days[day], rest, groups | days[day].keys(), totals[day][NONE], issued)
        for day in sorted(days)
    }
    marks = {day: together(found.values(), sum(living.values())) for day, found in seen.items()}
    last = max(seen)

    def row(key: str) -> Row:
        now, of = seen[last][key], living[key]
        judged = {} if measure == turnout.VOTES else seen
        said = {day: verdict((found[key].low, of), (found[key].high, of), *marks[day]) for day, found in judged.items()}
        figure, share = (now.low, 100 * now.low / of) if now.known else (None, None)
        return Row(key, "", figure, of, share, None, said.get(last, ""), since(said), key == rest)

    return {key: row(key) for key in living}


def between_all(
    keys: Iterable[str],
    groups: Mapping[str, int],
    rest: str | None,
    every: set[str],
    total: int,
    issued: Mapping[str, int],
) -> dict[str, Between]:
    return {key: between(key, groups, rest, every - {key} if key == rest else (), total, issued) for key in keys}


def together(found: Iterable[Between], people: float) -> tuple[float, float]:
    """Between which shares all these buurten together lie, as surely as rounding lets it be known."""
    listed = [*found]
    return sum(each.low for each in listed) / people, sum(each.high for each in listed) / people
