"""Papers (papieren) that follow from the choices of a process: posters, the letter, what to do when, and the DPIA."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import calendars, codes, looks, retention, tasks
from domain.calendars import Event
from domain.processes import Process
from domain.tasks import Task
from routes.hosts import base_of, front_of, settings_at
from routes.languages import CODES, language_of
from routes.letters import Letter, draw_qr, url_of
from routes.pages import HTML, environment, site_of
from routes.replies import Reply, reply
from routes.staff.access import process_for, staff_answer, staff_page

SIZES = ("a4", "a3")
NO_CODE = "X" * codes.CODE_LENGTH  # on the letter to look at


@staff_page("/beheer/{slug:str}/papieren", "beheerder")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    return staff_answer(request, "staff/papers.html", process_for(request, slug), sizes=SIZES)


@staff_page("/beheer/{slug:str}/papieren/poster/{kind:str}", "beheerder")
async def poster(request: Request, slug: FromPath[str], kind: FromPath[str]) -> Reply:
    """One sheet, in the language and size that were asked for."""
    process, site = process_for(request, slug), site_of(request)
    phase = process.phase(kind)
    size = request.query_params.get("formaat", "a4")
    if phase is None or size not in SIZES:
        raise NotFoundException
    address = base_of(site.settings, process) + front_of(process)
    values = {
        "phase": phase,
        "kind": kind,
        "size": size,
        "sizes": SIZES,
        "address": urlsplit(address).netloc + urlsplit(address).path.rstrip("/"),
        "qr": draw_qr(address),
    }
    return sheet(request, "papers/poster.html", process, asked_language(request), values)


def asked_language(request: Request) -> str:
    asked = request.query_params.get("taal", "")
    return asked if asked in CODES else language_of(request)


def sheet(
    request: Request,
    template: str,
    process: Process,
    language: str,
    values: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A page without the pages of the staff around it."""
    site = site_of(request)
    context = {
        "site": settings_at(site.settings, process.host),
        "process": process,
        "look": looks.of(process.look),
        "now": site.now(),
        **values,
    }
    body = environment(language).get_template(template).render(context)
    return reply(body.encode(), HTML, {"Cache-Control": "no-store", **(headers or {})})


@staff_page("/beheer/{slug:str}/papieren/brief", "beheerder")
async def letter(request: Request, slug: FromPath[str]) -> Reply:
    """The letter, or the card, as it will be printed, with a code that nobody has."""
    process, site = process_for(request, slug), site_of(request)
    if process.voting_phase is None:
        raise NotFoundException
    url = url_of(site.settings, process, NO_CODE)
    values = {
        "letter": Letter(codes.grouped(NO_CODE), url, draw_qr(url.partition("#")[0])),
        "opens_at": process.voting_phase.opens_at,
        "closes_at": process.voting_phase.closes_at,
    }
    return sheet(request, "papers/letter.html", process, "nl", values)


@staff_page("/beheer/{slug:str}/papieren/planning", "beheerder")
async def planning(request: Request, slug: FromPath[str]) -> Reply:
    process, today = process_for(request, slug), tasks.local_day(site_of(request).now())
    return staff_answer(request, "staff/papers_planning.html", process, tasks=tasks.tasks_of(process), today=today)


@staff_page("/beheer/{slug:str}/papieren/planning.ics", "beheerder")
async def planning_file(request: Request, slug: FromPath[str]) -> Reply:
    """The same for a calendar program, in the language of this person."""
    process, site = process_for(request, slug), site_of(request)
    host = urlsplit(site.settings.url).hostname or "localhost"
    words: Any = environment(language_of(request)).get_template("staff/papers_words.html").module
    events = [event(task, f"{task.uid}.{process.slug}@{host}", process, words) for task in tasks.tasks_of(process)]
    body = calendars.written(process.name, events, site.now())
    headers = {
        "Content-Disposition": f'attachment; filename="{process.slug}-planning.ics"',
        "Cache-Control": "no-store",
    }
    return reply(body, "text/calendar", headers)


def event(task: Task, uid: str, process: Process, words: Any) -> Event:
    summary = str(words.task_name(task, plain=True)).strip()
    return Event(uid, task.at or task.day, f"{process.name}: {summary}", str(words.task_how(task)).strip())


@staff_page("/beheer/{slug:str}/papieren/dpia", "beheerder")
async def dpia(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    return staff_answer(request, "staff/papers_dpia.html", process, rules=kept(process))


@staff_page("/beheer/{slug:str}/papieren/dpia.html", "beheerder")
async def dpia_file(request: Request, slug: FromPath[str]) -> Reply:
    """The same text as a file that a word processor opens, to go on in."""
    process = process_for(request, slug)
    headers = {"Content-Disposition": f'attachment; filename="{process.slug}-dpia.html"'}
    return sheet(request, "papers/dpia.html", process, language_of(request), {"rules": kept(process)}, headers)


def kept(process: Process) -> list[tuple[Any, Any]]:
    return [(rule, retention.day_after(rule, process)) for rule in retention.rules_of(process)]


ROUTES = [index, poster, letter, planning, planning_file, dpia, dpia_file]
