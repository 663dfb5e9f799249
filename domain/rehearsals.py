"""Dress rehearsals (generale repetities): what is rehearsed and what came of it. domain/rehearsing.py plays them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain import outbox
from domain.designs import files
from domain.designs.model import Design
from domain.outbox import Mail

SIZES = (50, 250, 1_000)  # residents
STEPS = ("prepare", "collect", "support", "assess", "vote", "seal", "result")


@dataclass(frozen=True, slots=True)
class Place:
    """An area as the site knows it, to rehearse within the same boundary (GeoJSON, or empty)."""

    name: str
    code: str
    level: str
    boundary: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is rehearsed: the design as trials.completed made it, by so many residents of that seed. `places`: its area,
    after those in which it lies."""

    design: Design
    residents: int
    seed: int
    places: tuple[Place, ...] = ()

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "design": files.written(self.design)})


def order_from_json(text: str) -> Order:
    values = json.loads(text)
    places = tuple(Place(**place) for place in values["places"])
    return Order(files.read_kept(values["design"]), values["residents"], values["seed"], places)


@dataclass(frozen=True, slots=True)
class Count:
    """So many of something happened in a step; `what` the page words."""

    step: str
    what: str
    number: int


@dataclass(frozen=True, slots=True)
class Row:
    """A plan in the result; `status` as results.Row, empty for one that was not on the ballot. Amounts in cents."""

    title: str
    theme: str
    cost: int
    supports: int
    on_ballot: bool
    votes: int = 0
    status: str = ""
    granted: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that this design may want changed; the page words the kind. `number` of what the kind speaks of,
    `name` of a theme, or of what was not refused."""

    kind: str
    number: int = 0
    of: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Mails of one kind that would have gone out: how many, and the first as a row of the outbox."""

    kind: str
    number: int
    sample: Mapping[str, Any]

    @property
    def mail(self) -> Mail:
        return outbox.mail_from(self.sample)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What became of it. `refused`: how often the process refused what it must, by what was tried. Amounts in cents;
    without a vote there is no result: `ballots` is None."""

    residents: int
    seed: int
    budget: int
    counts: tuple[Count, ...]
    refused: Mapping[str, int]
    rows: tuple[Row, ...]
    ballots: int | None
    blank: int
    spent: int
    post: tuple[Post, ...]
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def left(self) -> int:
        return self.budget - self.spent

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def rehearsed_from_json(values: Mapping[str, Any]) -> Rehearsed:
    kinds = {"counts": Count, "rows": Row, "post": Post, "findings": Finding}
    lists = {name: tuple(kind(**one) for one in values[name]) for name, kind in kinds.items()}
    return Rehearsed(**{**values, **lists})
