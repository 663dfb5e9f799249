"""What is tried out before it counts: a design that somebody is making, or that of a process."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from litestar import Request

from domain.designs import files, making, model, trials
from domain.designs.model import Design
from domain.designs.trials import NotPossible
from domain.processes import Process
from routes.forms import Form
from routes.pages import site_of
from routes.replies import Reply
from routes.staff.access import process_for, staff_answer
from routes.staff.designs import HERE, draft_for, first_monday

HIGHEST_SEED = 9_999
PLANS = 12  # on a ballot to try


@dataclass(frozen=True, slots=True)
class Subject:
    """`here`: the path below which its trials are; `process` where it is one already; `step`: the one of the wizard
    from which somebody came, and goes back to."""

    here: str
    design: Design
    process: Process | None
    step: str = ""

    @property
    def name(self) -> str:
        return str(self.design["traject-name"] or "")

    @property
    def back(self) -> str:
        return f"{self.here}/{self.step}" if self.step else self.here

    def path(self, trial: str) -> str:
        """Of that trial (“/proefstem”), which then knows the step too."""
        return f"{self.here}{trial}" + (f"?van={self.step}" if self.step else "")


def of_draft(request: Request, design_id: int) -> Subject:
    """Raises NotFoundException."""
    asked = request.query_params.get("van", "")
    step = asked if asked in model.steps() else ""
    return Subject(f"{HERE}/{design_id}", draft_for(request, design_id).design, None, step)


def of_process(request: Request, slug: str) -> Subject:
    """Raises NotFoundException."""
    process = process_for(request, slug)
    return Subject(f"/beheer/{slug}", making.of(site_of(request).reader, process), process)


def first_day(request: Request) -> date:
    """From which on phases without dates lie, as in the wizard."""
    return first_monday(request)


def seed_in(values: Mapping[str, str] | Form) -> int:
    """Which people are drawn; the first where the address says none."""
    typed = str(values.get("lot") or "")
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 5 and int(typed) else 1


def new_seed() -> int:
    return random.randint(1, HIGHEST_SEED)  # noqa: S311  (shown on the page)


def after(seed: int) -> int:
    """The one that “other plans” and “other votes” lead to."""
    return seed % HIGHEST_SEED + 1


def trial_page(request: Request, template: str, subject: Subject, *, status: int = 200, **values: Any) -> Reply:
    return staff_answer(request, template, subject.process, status=status, subject=subject, **values)


def not_possible(request: Request, subject: Subject, clashing: NotPossible) -> Reply:
    """The page that says which choices have to change first; without any: there is no vote."""
    return trial_page(request, "staff/trials_not_possible.html", subject, status=409, clashes=clashing.clashes)


def ballot_of(subject: Subject, first: date, seed: int) -> Process:
    """The process of the design with synthetic plans on its ballot. Not on the event loop: it takes a while at first.

    Raises NotPossible, with no clash where there is no vote.
    """
    process = made(files.written(subject.design), first, seed)
    if process.voting_phase is None:
        raise NotPossible([])
    return process


@lru_cache(maxsize=16)
def made(toml: str, first: date, seed: int) -> Process:
    """Its plans have no page: what would lead there leads nowhere."""
    design = trials.completed(files.read_kept(toml), first).design
    process = trials.with_plans(design, seed, PLANS)
    return replace(process, all_plans=tuple(replace(plan, url=f"#plan-{plan.id}") for plan in process.all_plans))
