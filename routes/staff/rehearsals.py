"""The dress rehearsal of a design or a process: starting one, waiting for it, and what came of it."""

import asyncio
from dataclasses import replace

from litestar import Request
from litestar.params import FromPath

from domain import areas
from domain.database import Database
from domain.designs import trials
from domain.designs.model import Design
from domain.designs.trials import NotPossible
from domain.rehearsals import SIZES, STEPS, Order, Place
from routes import mail
from routes.forms import read_form
from routes.pages import is_htmx, site_of
from routes.rehearsals import Busy, Running
from routes.replies import Reply, reply, see_other
from routes.staff import trials as staged
from routes.staff.access import DESIGNER, staff_page, staff_post
from routes.staff.designs import ONE
from routes.staff.trials import Subject, trial_page

PROCESS = "/beheer/{slug:str}"
PATH = "/repetitie"
USUAL_SIZE = SIZES[1]


@staff_page(ONE + PATH, DESIGNER)
async def new_of_draft(request: Request, design_id: FromPath[int]) -> Reply:
    return new_page(request, staged.of_draft(request, design_id))


@staff_page(PROCESS + PATH, "beheerder")
async def new_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return new_page(request, staged.of_process(request, slug))


def new_page(request: Request, subject: Subject, *, busy: bool = False, size: int = USUAL_SIZE) -> Reply:
    """What will be filled in, and how many residents. `busy`: another one runs."""
    try:
        completed = trials.completed(subject.design, staged.first_day(request))
    except NotPossible as clashing:
        return staged.not_possible(request, subject, clashing)
    site = site_of(request)
    return trial_page(
        request,
        "staff/rehearsals_new.html",
        subject,
        status=409 if busy else 200,
        completed=completed,
        sizes=SIZES,
        size=size,
        busy=busy,
        latest=site.rehearsals.latest(subject.here, site.now()),
    )


@staff_post(ONE + PATH, DESIGNER)
async def start_of_draft(request: Request, design_id: FromPath[int]) -> Reply:
    return await start(request, staged.of_draft(request, design_id))


@staff_post(PROCESS + PATH, "beheerder")
async def start_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return await start(request, staged.of_process(request, slug))


async def start(request: Request, subject: Subject) -> Reply:
    """Once, also where somebody pressed twice: then it is on to the one that runs."""
    form, site = await read_form(request), site_of(request)
    size = next((size for size in SIZES if str(size) == form.get("bewoners")), USUAL_SIZE)
    try:
        completed = trials.completed(subject.design, staged.first_day(request))
    except NotPossible as clashing:
        return staged.not_possible(request, subject, clashing)
    order = Order(completed.design, size, staged.new_seed(), places_of(site.reader, completed.design))
    try:
        running = site.rehearsals.start(subject.here, order, completed.filled, completed.dated, site.now())
    except Busy as busy:
        if busy.running.of != subject.here:
            return new_page(request, subject, busy=True, size=size)
        running = busy.running
    return see_other(f"{subject.here}{PATH}/{running.key}")


def places_of(db: Database, design: Design) -> tuple[Place, ...]:
    """The area of the design as it is here, after those in which it lies, with its own boundary alone; none where it
    is not here yet."""
    code, name, within = (design[f"traject-{of}"] for of in ("area_code", "area", "municipality"))
    area = (areas.of_code(db, code) if code else None) or next(iter(areas.named(db, name, within)), None)
    if area is None:
        return ()
    boundary = db.execute("SELECT boundary FROM areas WHERE id = ?", [area.id]).fetchone()[0]
    listed = [Place(each.name, each.code, each.level, "") for each in areas.path(db, area.id)]
    return (*listed[:-1], replace(listed[-1], boundary=boundary or ""))


@staff_page(ONE + PATH + "/{name:str}", DESIGNER)
async def show_of_draft(request: Request, design_id: FromPath[int], name: FromPath[str]) -> Reply:
    return await show(request, staged.of_draft(request, design_id), name)


@staff_page(PROCESS + PATH + "/{name:str}", "beheerder")
async def show_of_process(request: Request, slug: FromPath[str], name: FromPath[str]) -> Reply:
    return await show(request, staged.of_process(request, slug), name)


async def show(request: Request, subject: Subject, key: str) -> Reply:
    """How far it is, and once it is over what came of it."""
    site = site_of(request)
    running = site.rehearsals.find(key, subject.here, site.now())
    if running is None:
        return trial_page(request, "staff/rehearsals_gone.html", subject, status=410)
    if not running.over:
        return trial_page(
            request, "staff/rehearsals_wait.html", subject, block="progress", running=running, steps=steps_of(running)
        )
    if is_htmx(request):  # the block of a page can't become another page
        return reply(b"", "text/plain", {"HX-Refresh": "true", "Cache-Control": "no-store"})
    if running.outcome is None:
        return trial_page(request, "staff/rehearsals_failed.html", subject, status=500, running=running)
    return await outcome_page(request, subject, running)


def steps_of(running: Running) -> list[str]:
    """What is played of this design. Plans there always are: without a phase to hand them in they come of a list."""
    there = {"prepare", "collect", "result", *running.order.design.spans}
    return [step for step in STEPS if step in there or (step == "seal" and "vote" in there)]


async def outcome_page(request: Request, subject: Subject, running: Running) -> Reply:
    outcome = running.outcome
    assert outcome is not None
    settings = site_of(request).settings
    letters = [(post, await asyncio.to_thread(mail.letter, settings, post.mail)) for post in outcome.post]
    return trial_page(request, "staff/rehearsals_show.html", subject, running=running, outcome=outcome, letters=letters)


ROUTES = [
    new_of_draft,
    new_of_process,
    start_of_draft,
    start_of_process,
    show_of_draft,
    show_of_process,
]
