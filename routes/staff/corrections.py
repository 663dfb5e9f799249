"""Corrections of a rule that is fixed because the vote opened: one of the staff asks, another agrees."""

from collections.abc import Iterable

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import accounts, corrections, fields
from domain.corrections import Correction, Refused, Target
from domain.designs import making
from domain.designs.choices import Unfit, as_typed, from_typed
from domain.fields import Wrong, WrongFields
from domain.processes import Process
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

HIGHEST_ID = 2**63 - 1


@staff_page("/beheer/{slug:str}/correcties", "beheerder")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    return index_page(request, process_for(request, slug))


def index_page(request: Request, process: Process, refused: str = "") -> Reply:
    """What was corrected, what waits for a second person, and what can be corrected."""
    db, now = site_of(request).reader, site_of(request).now()
    listed = corrections.of_process(db, process.id)
    open_ = process.frozen(now) and process.voting(now)
    design = making.of(db, process)
    return staff_answer(
        request,
        "staff/corrections.html",
        process,
        status=409 if refused else 200,
        refused=refused,
        listed=listed,
        waits=next((each for each in listed if each.status(now) == "waiting"), None),
        open=open_,
        voted=corrections.voted(db, process.id),
        targets=[
            (target, corrections.current(process, design, target)) for target in corrections.correctable(db, process)
        ]
        if open_
        else [],
        names=accounts.names(db),
        others=len(corrections.others(db, process.id, staff_of(request).id)),
        done=request.query_params.get("gedaan", ""),
    )


@staff_page("/beheer/{slug:str}/correcties/nieuw", "beheerder")
async def new(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    return form_page(request, process, wanted_target(request, process, request.query_params.get("keuze", "")))


def wanted_target(request: Request, process: Process, name: str) -> Target:
    target = corrections.target_of(site_of(request).reader, process, name)
    if target is None:
        raise NotFoundException
    return target


def form_page(
    request: Request,
    process: Process,
    target: Target,
    typed: str | None = None,
    reason: str = "",
    wrong: Iterable[Wrong] = (),
) -> Reply:
    db = site_of(request).reader
    value = corrections.current(process, making.of(db, process), target)
    return staff_answer(
        request,
        "staff/corrections_new.html",
        process,
        status=422 if wrong else 200,
        target=target,
        value=value,
        typed=as_typed(target.choice, value) if typed is None else typed,
        reason=reason,
        wrong=list(wrong),
        longest=corrections.LONGEST_REASON,
        voted=corrections.voted(db, process.id),
        days=corrections.LAPSES.days,
    )


@staff_post("/beheer/{slug:str}/correcties", "beheerder")
async def ask(request: Request, slug: FromPath[str]) -> Reply:
    process, site, form = process_for(request, slug), site_of(request), await read_form(request)
    target = wanted_target(request, process, form.get("keuze")[:80])
    typed, reason = form.get("value")[:200], fields.text(form.get("reason")[:20_000])
    try:
        value = from_typed(target.choice, [typed])
        arguments = (process, target.name, value, reason, site.now(), staff_of(request).id)
        await site.writer.write(corrections.ask, *arguments)
    except Unfit as unfit:
        return form_page(request, process, target, typed, reason, [Wrong("value", unfit.kind, unfit.limit)])
    except WrongFields as refused:
        return form_page(request, process, target, typed, reason, refused.wrong)
    except Refused as refused:
        return index_page(request, process_for(request, slug), refused.kind)
    return see_other(f"/beheer/{process.slug}/correcties?gedaan=gevraagd")


@staff_page("/beheer/{slug:str}/correcties/{correction_id:int}", "beheerder")
async def show(request: Request, slug: FromPath[str], correction_id: FromPath[int]) -> Reply:
    process = process_for(request, slug)
    return show_page(request, process, found(request, process, correction_id))


def found(request: Request, process: Process, correction_id: int) -> Correction:
    db = site_of(request).reader
    correction = corrections.find(db, process.id, correction_id) if correction_id <= HIGHEST_ID else None
    if correction is None:
        raise NotFoundException
    return correction


def show_page(request: Request, process: Process, correction: Correction, refused: str = "") -> Reply:
    return staff_answer(
        request,
        "staff/corrections_show.html",
        process,
        status=409 if refused else 200,
        refused=refused,
        correction=correction,
        own=correction.asked_by == staff_of(request).id,
        names=accounts.names(site_of(request).reader),
    )


@staff_post("/beheer/{slug:str}/correcties/{correction_id:int}/besluit", "beheerder")
async def decide(request: Request, slug: FromPath[str], correction_id: FromPath[int]) -> Reply:
    """Agree, or drop it: withdraw what one asked oneself, refuse what somebody else asked."""
    process, site, form = process_for(request, slug), site_of(request), await read_form(request)
    correction = found(request, process, correction_id)
    if form.get("besluit") not in ("akkoord", "weg"):
        raise NotFoundException
    agreed = form.get("besluit") == "akkoord"
    verb = corrections.agree if agreed else corrections.drop
    try:
        await site.writer.write(verb, process, correction.id, site.now(), staff_of(request).id)
    except Refused as refused:
        there = process_for(request, slug)
        return show_page(request, there, found(request, there, correction_id), refused.kind)
    return see_other(f"/beheer/{process.slug}/correcties?gedaan={'gemaakt' if agreed else 'weg'}")


ROUTES = [index, new, ask, show, decide]
