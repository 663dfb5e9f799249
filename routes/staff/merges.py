"""Merging a plan into another, and undoing that."""

from collections.abc import Iterable
from datetime import datetime

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import merges, search, supports
from domain.fields import Wrong
from domain.moderation import Refused
from domain.plans import Plan, ordered
from domain.processes import Process
from routes.forms import Form, read_form
from routes.orders import MOST_SEARCHED
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.plans import plan_for, plan_page

MOST_SHOWN = 100


@staff_page("/beheer/{slug:str}/plannen/{plan_id:int}/samenvoegen", "beheerder")
async def new(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Choose the plan it goes on in; then what that means. Nothing happens yet."""
    process = process_for(request, slug)
    plan = plan_for(request, process, plan_id)
    refused = why_not(process, plan, request)
    if refused:
        return plan_page(request, process, plan, refused=refused)
    into = target_of(process, plan, request.query_params.get("met", ""))
    return confirm_page(request, process, plan, into) if into else choose_page(request, process, plan)


def why_not(process: Process, plan: Plan, request: Request) -> str:
    if process.frozen(site_of(request).now()):
        return "frozen"
    if plan.withdrawn:
        return "withdrawn"
    return plan.status if plan.status in ("merged", "hidden") else ""


def candidates(process: Process, plan: Plan) -> list[Plan]:
    return [other for other in process.plans if other.id != plan.id and not other.withdrawn]


def target_of(process: Process, plan: Plan, typed: str) -> Plan | None:
    return next((other for other in candidates(process, plan) if str(other.id) == typed), None)


def choose_page(request: Request, process: Process, plan: Plan, wrong: Iterable[Wrong] = ()) -> Reply:
    q = " ".join(request.query_params.get("zoek", "").split())[:MOST_SEARCHED]
    listed = ordered(candidates(process, plan), "title", 0)
    if q:
        ids = search.found(site_of(request).reader, process, q)
        listed = [other for other in listed if other.id in ids]
    return staff_answer(
        request,
        "staff/merges.html",
        process,
        status=422 if wrong else 200,
        plan=plan,
        listed=listed[:MOST_SHOWN],
        total=len(listed),
        q=q,
        wrong=list(wrong),
    )


def confirm_page(request: Request, process: Process, plan: Plan, into: Plan) -> Reply:
    now = site_of(request).now()
    return staff_answer(
        request,
        "staff/merges_confirm.html",
        process,
        plan=plan,
        into=into,
        concerned=merges.concerned(site_of(request).reader, plan.id, into.id),
        supporting=any(phase.kind in supports.PHASES and now < phase.closes_at for phase in process.phases),
        carried_until=carried_until(process, now),
    )


def carried_until(process: Process, now: datetime) -> datetime:
    """Until when supports could be taken along if the plans were merged now, after support closed."""
    vote, until = process.voting_phase, now + supports.CARRIED
    return min(until, vote.opens_at) if vote else until


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/samenvoegen", "beheerder")
async def merge(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    plan = plan_for(request, process, plan_id)
    into_id = number_in(await read_form(request), "met")
    if into_id is None:
        return choose_page(request, process, plan, [Wrong("met-keuze", "not_a_choice")])
    try:
        await site.writer.write(merges.merge, process, plan.id, into_id, site.now(), staff_of(request).id)
    except Refused as refused:
        return not_done(request, slug, plan_id, refused)
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}?gedaan=merge")


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/splitsing", "beheerder")
async def undo(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    plan = plan_for(request, process, plan_id)
    try:
        await site.writer.write(merges.undo, process, plan.id, site.now(), staff_of(request).id)
    except Refused as refused:
        return not_done(request, slug, plan_id, refused)
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}?gedaan=unmerge")


def not_done(request: Request, slug: str, plan_id: int, refused: Refused) -> Reply:
    """The plan as it is now, and why this did not happen to it."""
    process = process_for(request, slug)
    if refused.kind == "unknown":
        raise NotFoundException
    return plan_page(request, process, plan_for(request, process, plan_id), refused=refused.kind)


def number_in(form: Form, name: str) -> int | None:
    typed = form.get(name)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else None


ROUTES = [new, merge, undo]
