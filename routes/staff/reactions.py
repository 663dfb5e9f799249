"""Moderation: the reactions that wait or were reported, what residents reported about plans, and answers of staff."""

from collections.abc import Sequence
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from domain import fields, reactions, reports
from domain.fields import Wrong
from domain.processes import Process
from domain.reactions import LONGEST_REASON, SHOWN, VERBS, Done, Refused
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.plans import page_number
from routes.replies import Reply, see_other
from routes.staff import onward
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

LISTS = {"wacht": "waiting", "gemeld": "reported", "alles": "all"}  # in the address: SHOWN
assert set(LISTS.values()) == set(SHOWN)


@staff_page("/beheer/{slug:str}/reacties", "moderator")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    return list_page(request, process_for(request, slug), list_asked(request))


@staff_page("/beheer/{slug:str}/meldingen", "moderator")
async def reported(request: Request, slug: FromPath[str]) -> Reply:
    """What was reported: plans as well as reactions."""
    return list_page(request, process_for(request, slug), "gemeld")


def list_asked(request: Request) -> str:
    asked = request.query_params.get("toon", "wacht")
    return asked if asked in LISTS else "wacht"


def list_page(
    request: Request,
    process: Process,
    shown: str,
    wrong: Sequence[Wrong] = (),
    form: Form | None = None,
    refused: Sequence[Done] = (),
) -> Reply:
    db, number = site_of(request).reader, page_number(request)
    try:
        rows, pages = reactions.to_moderate(db, process.id, LISTS[shown], number)
    except IndexError as error:
        raise NotFoundException from error
    return staff_answer(
        request,
        "staff/reactions.html",
        process,
        status=422 if wrong else 409 if refused else 200,
        rows=rows,
        page=number,
        pages=pages,
        shown=shown,
        numbers=reactions.numbers(db, process.id)
        | {"reported": sum(number for *_, number in reports.waiting(db, process.id))},
        plan_reports=reports.of_plans(db, process.id) if shown == "gemeld" else [],
        wrong=wrong,
        refused=refused,
        reason=form.get("reason") if form else "",
        ticked=set(form.all("reactie")) if form else set(),
        done=done_asked(request),
        what=request.query_params.get("wat", ""),
        **onward.marks(request, process),
    )


def done_asked(request: Request) -> int:
    asked = request.query_params.get("gedaan", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0


@staff_post("/beheer/{slug:str}/reacties", "moderator")
async def moderate(request: Request, slug: FromPath[str]) -> Reply:
    """One verb for one reaction, by its own button, or for all that are ticked."""
    site, process, staff = site_of(request), process_for(request, slug), staff_of(request)
    form = await read_form(request)
    verb, chosen = asked(form)
    reason = fields.text(form.get("reason"))
    shown = form.get("toon") if form.get("toon") in LISTS else "wacht"
    if wrong := wrong_with(verb, chosen, reason):
        return list_page(request, process, shown, wrong, form)
    done = await site.writer.write(reactions.each, verb, process, chosen, reason, site.now(), staff.id)
    if refused := [one for one in done if one.refused]:
        return list_page(request, process, shown, refused=refused)
    return see_other(after_reactions(request, process, f"toon={shown}&wat={verb}&gedaan={len(done)}"))


def after_reactions(request: Request, process: Process, done: str) -> str:
    """The same list, until nothing of it waits any more for who came from the work list."""
    kind, left = onward.kind_of(request), onward.waiting(request, process)
    if not kind or any(item.kind == kind for item in left):
        return f"/beheer/{process.slug}/reacties?{done}{f'&werk={kind}' if kind else ''}"
    return onward.next_place(request, process, left, "reactions")


def asked(form: Form) -> tuple[str, list[tuple[int, str]]]:
    """The verb, and the reactions with the status that the moderator saw. Raises ClientException."""
    verb, _, alone = form.get("verb").partition(" ")
    if verb not in VERBS:
        raise ClientException("no such verb")
    return verb, [reaction_from(value) for value in ([alone] if alone else form.all("reactie"))]


def reaction_from(value: str) -> tuple[int, str]:
    number, _, seen = value.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise ClientException("no reaction")
    return int(number), seen


def wrong_with(verb: str, chosen: Sequence[Any], reason: str) -> list[Wrong]:
    wrong = [] if chosen else [Wrong("reacties", "nothing_chosen")]
    if verb == "hide":
        wrong += fields.check_text("reason", reason, LONGEST_REASON, required=True)
    return wrong


@staff_post("/beheer/{slug:str}/meldingen", "moderator")
async def handle(request: Request, slug: FromPath[str]) -> Reply:
    """The reports of one plan are handled; the plan itself is hidden on its own page."""
    site, process, staff = site_of(request), process_for(request, slug), staff_of(request)
    plan_id = reaction_from((await read_form(request)).get("plan"))[0]
    if plan_id not in process.by_id:
        raise NotFoundException
    before = onward.waiting(request, process)
    handled = await site.writer.write(reports.handle_plan, process.id, plan_id, site.now(), staff.id)
    if handled and onward.kind_of(request):
        return see_other(onward.next_place(request, process_for(request, slug), before, "reports", plan_id))
    return see_other(f"/beheer/{process.slug}/meldingen?wat=plan&gedaan={handled}")


@staff_page("/beheer/{slug:str}/reacties/{reaction_id:int}/antwoord", "moderator")
async def new_answer(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    process, staff = process_for(request, slug), staff_of(request)
    return answer_page(request, process, reaction_id, "", staff.name.split()[0])


def answer_page(
    request: Request, process: Process, reaction_id: int, text: str, name: str, wrong: Sequence[Wrong] = ()
) -> Reply:
    try:
        parent = reactions.found(site_of(request).reader, process.id, reaction_id)
    except Refused as refused:
        raise NotFoundException from refused
    if parent.parent_id is not None or parent.status != "published":
        raise NotFoundException
    return staff_answer(
        request,
        "staff/reactions_answer.html",
        process,
        status=422 if wrong else 200,
        parent=parent,
        plan=process.by_id[parent.plan_id],
        text=text,
        name=name,
        wrong=wrong,
    )


@staff_post("/beheer/{slug:str}/reacties/{reaction_id:int}/antwoord", "moderator")
async def answer_reaction(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    """Staff answer in the name of the organisation, and residents see that."""
    site, process, staff = site_of(request), process_for(request, slug), staff_of(request)
    form = await read_form(request)
    said, wrong = reactions.typed("answer", form.get("reaction"), form.get("reaction_name"), reaction_id)
    if wrong:
        return answer_page(request, process, reaction_id, said.text, said.name, wrong)
    try:
        await site.writer.write(reactions.answer_of_staff, process.id, said, site.now(), staff.id)
    except Refused as refused:
        raise NotFoundException from refused
    return see_other(f"/beheer/{process.slug}/reacties?toon=alles&wat=answer&gedaan=1")


ROUTES = [index, reported, moderate, handle, new_answer, answer_reaction]
