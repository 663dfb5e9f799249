"""Reactions to a plan: the panel on its page, writing one, marking one as useful, taking one's own away."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import reactions
from domain.fields import Wrong
from domain.plans import Plan
from domain.processes import Process
from domain.reactions import MOST_PAGES, PAGE, SIDES, Reaction, Refused, Typed
from routes.confirmations import ask_address
from routes.drafts import draft_on_page
from routes.forms import Form, read_form
from routes.notices import notice
from routes.pages import answer, is_htmx, page, process_or_404, site_of
from routes.replies import Reply, see_other
from routes.visitors import resident_of


def on_plan(request: Request, process: Process, plan: Plan, pages: int = 0, problem: str = "") -> dict[str, Any]:
    """For templates/reactions/on_plan.html: the same for everyone without a session. `problem`: why nothing was done
    just now, as `try_to_mark` says."""
    db, resident = site_of(request).reader, resident_of(request)
    me, pages = resident.id if resident else None, pages or pages_asked(request)
    columns = reactions.columns(db, process, plan.id, pages, me)
    return {
        "reactions_columns": columns,
        "reactions_open": may_react(request, process, plan),
        "reactions_marked": reactions.marked(db, plan.id, me),
        "reactions_typed": Typed("", "", resident.name if resident else ""),
        "reactions_me": me,
        "reactions_pages": pages,
        "reactions_problem": problem,
        "reactions_more": pages < MOST_PAGES and any(column.total > PAGE * pages for column in columns),
    }


def pages_asked(request: Request) -> int:
    """How many times PAGE arguments of each side are shown."""
    return pages_from(request.query_params.get("reacties", "1"))


def pages_from(asked: str) -> int:
    return min(max(whole(asked), 1), MOST_PAGES)


def whole(typed: str) -> int:
    """The number, or 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else 0


def may_react(request: Request, process: Process, plan: Plan) -> bool:
    return plan.public and not plan.withdrawn and reactions.open_now(process, site_of(request).now())


def plan_or_404(process: Process, plan_id: int) -> Plan:
    plan = process.by_id.get(plan_id)
    if plan is None or not plan.public:
        raise NotFoundException
    return plan


def reaction_or_404(request: Request, process: Process, reaction_id: int) -> Reaction:
    """A reaction that residents can see, on a plan that they can see."""
    try:
        reaction = reactions.found(site_of(request).reader, process.id, reaction_id)
    except Refused as refused:
        raise NotFoundException from refused
    plan_or_404(process, reaction.plan_id)
    if reaction.status != "published":
        raise NotFoundException
    return reaction


@page("/{slug:str}/plannen/{plan_id:int}/reacties")
async def new(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """The form alone; with `antwoord` in the address to answer that argument."""
    process = process_or_404(request, slug)
    plan = plan_or_404(process, plan_id)
    if not may_react(request, process, plan):
        return closed(request, process, plan)
    parent = parent_of(request, process, plan, request.query_params.get("antwoord", ""))
    resident, side = resident_of(request), request.query_params.get("kant", "")
    said = Typed(side if side in SIDES else "", "", resident.name if resident else "", parent.id if parent else None)
    return form_page(request, process, plan, said, parent)


def parent_of(request: Request, process: Process, plan: Plan, number: str) -> Reaction | None:
    """The argument that is answered. Raises NotFoundException for what can't be answered here."""
    if not number:
        return None
    reaction = reaction_or_404(request, process, whole(number))
    if reaction.plan_id != plan.id or reaction.parent_id is not None:
        raise NotFoundException
    return reaction


def form_page(
    request: Request,
    process: Process,
    plan: Plan,
    said: Typed,
    parent: Reaction | None,
    wrong: Sequence[Wrong] = (),
) -> Reply:
    status = 429 if any(one.kind == "too_many_reactions" for one in wrong) else 422 if wrong else 200
    return answer(
        request,
        "reactions/new.html",
        process,
        draft=draft_on_page(request, process),
        status=status,
        secret=True,
        plan=plan,
        said=said,
        parent=parent,
        wrong=wrong,
    )


def closed(request: Request, process: Process, plan: Plan, said: Typed | None = None) -> Reply:
    """Nobody can react now; what was typed is given back."""
    status = 409 if said else 200
    return answer(request, "reactions/closed.html", process, status=status, secret=True, plan=plan, said=said)


@post("/{slug:str}/plannen/{plan_id:int}/reacties", status_code=200)
async def write(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """At once for who confirmed an address before; else the address is asked, and the link in the mail does it."""
    site, process = site_of(request), process_or_404(request, slug)
    plan, form = plan_or_404(process, plan_id), await read_form(request)
    parent = parent_of(request, process, plan, form.get("antwoord"))
    said, wrong = typed_in(form, parent)
    if not may_react(request, process, plan):
        return closed(request, process, plan, said)
    if wrong:
        return form_page(request, process, plan, said, parent, wrong)
    resident = resident_of(request)
    if resident is None:
        payload = {"process": process.id, "plan": plan.id, "side": said.side, "text": said.text, "name": said.name}
        payload["parent"] = said.parent_id
        return await ask_address(request, process, "reaction", payload, plan.title, back=f"{plan.url}#reacties")
    try:
        id_ = await site.writer.write(reactions.write, process.id, plan.id, resident.id, said, site.now())
    except Refused as refused:
        return refused_page(request, process, plan, said, parent, refused)
    return see_other(f"{plan.url}#reactie-{id_}")


def typed_in(form: Form, parent: Reaction | None) -> tuple[Typed, list[Wrong]]:
    parent_id = parent.id if parent else None
    return reactions.typed(form.get("side"), form.get("reaction"), form.get("reaction_name"), parent_id)


def refused_page(
    request: Request, process: Process, plan: Plan, said: Typed, parent: Reaction | None, refused: Refused
) -> Reply:
    if refused.kind == "closed":
        return closed(request, process, plan, said)
    if refused.kind == "too_many":
        return form_page(request, process, plan, said, parent, [Wrong("reaction", "too_many_reactions")])
    raise NotFoundException


@post("/{slug:str}/reacties/{reaction_id:int}/nuttig", status_code=303)
async def mark(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    """Useful, or with `nuttig=0` no longer: the form says which, so that a double click is one."""
    process, form = process_or_404(request, slug), await read_form(request)
    useful = form.get("nuttig") != "0"
    if is_htmx(request):
        return await mark_in_place(request, process, reaction_id, useful, form)
    reaction = reaction_or_404(request, process, reaction_id)
    plan = process.by_id[reaction.plan_id]
    if not may_react(request, process, plan):
        return closed(request, process, plan)
    here = place_of(plan, reaction, form)
    problem = await try_to_mark(request, process, reaction.id, useful)
    if problem == "signed_out":
        payload = {"process": process.id, "useful": reaction.id}
        return await ask_address(request, process, "useful", payload, plan.title, back=here)
    if problem == "unknown":
        raise NotFoundException
    return see_other(here)


async def mark_in_place(request: Request, process: Process, reaction_id: int, useful: bool, form: Form) -> Reply:
    """The columns as they are now; where nothing was done they say why, for htmx shows no other page in their place."""
    plan = plan_or_404(process, whole(form.get("plan")))
    problem = await try_to_mark(request, process, reaction_id, useful)
    values = on_plan(request, process, plan, pages_from(form.get("reacties")), problem)
    return answer(request, "reactions/columns.html", process, plan=plan, **values)


async def try_to_mark(request: Request, process: Process, reaction_id: int, useful: bool) -> str:
    """Empty, or why it was not marked: signed_out, unknown or closed. One's own is left as it is."""
    site, resident = site_of(request), resident_of(request)
    if resident is None:
        return "signed_out"
    try:
        await site.writer.write(reactions.mark, process.id, reaction_id, resident.id, useful, site.now())
    except Refused as refused:
        return "" if refused.kind == "own" else refused.kind
    return ""


def place_of(plan: Plan, reaction: Reaction, form: Form) -> str:
    """Where the reaction stands on the page that the visitor had before them."""
    pages = pages_from(form.get("reacties"))
    return f"{plan.url}{f'?reacties={pages}' if pages > 1 else ''}#reactie-{reaction.id}"


@post("/{slug:str}/reacties/{reaction_id:int}/verwijderen", status_code=303)
async def take_back(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    """For the writer alone, also when nobody can react any more."""
    site, process, resident = site_of(request), process_or_404(request, slug), resident_of(request)
    await read_form(request)
    if resident is None:
        raise NotFoundException
    try:
        reaction = await site.writer.write(reactions.take_back, process.id, reaction_id, resident.id)
    except Refused as refused:
        raise NotFoundException from refused
    return see_other(f"/{process.slug}/plannen/{reaction.plan_id}#reacties", [notice(request, "reaction_removed")])


ROUTES = [new, write, mark, take_back]
