"""Trying the ballot (proefstem): the page on which residents vote, with plans that don't exist. Nothing is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import ballots
from domain.ballots import Problem
from domain.designs.trials import NotPossible
from domain.drafts import Draft
from domain.plans import shuffled
from domain.processes import Process
from routes import drafts
from routes.ballots import status_of, toggled
from routes.forms import Form, read_form
from routes.pages import is_htmx
from routes.replies import Reply, see_other
from routes.staff import trials
from routes.staff.access import DESIGNER, staff_answer, staff_page, staff_post
from routes.staff.designs import ONE
from routes.staff.trials import Subject

PROCESS = "/beheer/{slug:str}"
PATH = "/proefstem"


@staff_page(ONE + PATH, DESIGNER)
async def new_of_draft(request: Request, design_id: FromPath[int]) -> Reply:
    return await new(request, trials.of_draft(request, design_id))


@staff_page(PROCESS + PATH, "beheerder")
async def new_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return await new(request, trials.of_process(request, slug))


@staff_post(ONE + PATH, DESIGNER)
async def save_of_draft(request: Request, design_id: FromPath[int]) -> Reply:
    return await save(request, trials.of_draft(request, design_id))


@staff_post(PROCESS + PATH, "beheerder")
async def save_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return await save(request, trials.of_process(request, slug))


async def new(request: Request, subject: Subject) -> Reply:
    seed = trials.seed_in(request.query_params)
    try:
        process = await ballot_of(request, subject, seed)
    except NotPossible as clashing:
        return trials.not_possible(request, subject, clashing)
    return ballot_page(request, subject, process, Draft(), seed)


async def ballot_of(request: Request, subject: Subject, seed: int) -> Process:
    """Raises NotPossible."""
    process = await asyncio.to_thread(trials.ballot_of, subject, trials.first_day(request), seed)
    return replace(process, slug=subject.process.slug) if subject.process else process


def ballot_page(
    request: Request,
    subject: Subject,
    process: Process,
    draft: Draft,
    seed: int,
    problems: Sequence[Problem] = (),
    valid: int | None = None,
) -> Reply:
    """`valid`: it was handed in, and is a ballot with that many plans."""
    values: dict[str, Any] = {} if subject.process else {"look": None}  # that of a design has no style sheet yet
    return staff_answer(
        request,
        "ballots/new.html" if is_htmx(request) else "staff/try_out.html",
        process,
        status=status_of(problems),
        block="bar",
        **values | {"draft": drafts.view(process, draft)},
        plans=shuffled(process.on_ballot, 0),
        chosen={process.by_id[id_].project_id for id_ in draft.plan_ids},
        problems=problems,
        ballot_path=subject.path(PATH),
        subject=subject,
        seed=seed,
        valid=valid,
    )


async def save(request: Request, subject: Subject) -> Reply:
    """The page again with what was chosen; handed in, it says whether that is a valid ballot, and that is all."""
    form = await read_form(request)
    if "andere" in form:
        path = subject.path(PATH)
        return see_other(f"{path}{'&' if '?' in path else '?'}lot={trials.after(trials.seed_in(form))}")
    seed = trials.seed_in(form)
    try:
        process = await ballot_of(request, subject, seed)
    except NotPossible as clashing:
        return trials.not_possible(request, subject, clashing)
    cleared = "wis" in form or "blanco" in form
    plans, problems = ballots.chosen(process, [] if cleared else toggled(form.all("plan"), form.get("wissel")))
    draft = Draft(tuple(plan.id for plan in plans))
    handing_in = not is_htmx(request) and ("indienen" in form or "blanco" in form)
    if handing_in:
        problems += problems_with(process, draft, form)
    valid = len(plans) if handing_in and not problems else None
    return ballot_page(request, subject, process, draft, seed, problems, valid)


def problems_with(process: Process, draft: Draft, form: Form) -> list[Problem]:
    """As routes.ballots.save has them."""
    problems = ballots.problems_with(process, [process.by_id[id_] for id_ in draft.plan_ids])
    if not draft.plan_ids and not problems and "blanco" not in form:
        return [Problem("nothing_chosen")]
    return problems


ROUTES = [new_of_draft, new_of_process, save_of_draft, save_of_process]
