"""The makers of a plan: what they see on its page, who they are, inviting one more, leaving."""

from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import fields, makers, outbox, proposals, withdrawals
from domain.fields import Wrong
from domain.makers import Frozen, LastMaker, TooMany, TooManyToday
from domain.outbox import Recipient
from domain.plans import Plan
from domain.processes import Process
from domain.residents import Resident
from domain.submissions import LENGTHS
from routes.forms import Form, read_form
from routes.languages import language_of
from routes.notices import notice
from routes.pages import answer, page, process_or_404, site_of
from routes.replies import Reply, see_other
from routes.visitors import resident_of


def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """For templates/makers/on_plan.html: nothing for who is no maker of the plan."""
    resident = resident_of(request)
    mine = resident is not None and makers.is_maker(site_of(request).reader, plan.id, resident.id)
    now = site_of(request).now()
    return {
        "maker_mine": mine,
        "maker_may_edit": mine and may_edit(process, plan, now),
        "maker_may_withdraw": mine and may_withdraw(process, plan),
        "maker_may_reinstate": mine and may_reinstate(request, process, plan),
        "maker_edit_waits": mine and proposals.of_plan(site_of(request).reader, plan.id) is not None,
    }


def may_edit(process: Process, plan: Plan, now: datetime) -> bool:
    """Until plans can't be handed in any more, or staff gave their verdict."""
    waits = not plan.withdrawn and plan.status != "merged" and not plan.verdict
    return waits and process.open("collect", now) and not process.frozen(now)


def may_withdraw(process: Process, plan: Plan) -> bool:
    return not plan.withdrawn and plan.status != "merged" and not process.finished


def may_reinstate(request: Request, process: Process, plan: Plan) -> bool:
    """Until the vote opens a maker can take back what a maker withdrew."""
    there = plan.withdrawn and plan.status in ("submitted", "published")
    mine = there and not withdrawals.by_staff(site_of(request).reader, plan.id)
    return mine and not process.frozen(site_of(request).now())


def plan_and_maker(request: Request, slug: str, plan_id: int) -> tuple[Process, Plan, Resident | None]:
    """The plan, and the resident where they are a maker of it. Raises NotFoundException (404) for a plan that this
    visitor may not know of."""
    process = process_or_404(request, slug)
    plan, resident = process.by_id.get(plan_id), resident_of(request)
    mine = plan is not None and resident is not None and makers.is_maker(site_of(request).reader, plan.id, resident.id)
    if plan is None or not (mine or plan.public):
        raise NotFoundException
    return process, plan, resident if mine else None


def not_yours(request: Request, process: Process, plan: Plan) -> Reply:
    """The page for who is no maker of the plan, or is one in another browser."""
    return answer(request, "makers/not_yours.html", process, status=403, plan=plan)


@page("/{slug:str}/plannen/{plan_id:int}/makers")
async def index(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    return makers_page(request, process, plan, maker) if maker else not_yours(request, process, plan)


def makers_page(
    request: Request,
    process: Process,
    plan: Plan,
    maker: Resident,
    wrong: tuple[Wrong, ...] = (),
    form: Form | None = None,
) -> Reply:
    listed = makers.of_plan(site_of(request).reader, plan.id)
    me = next(one for one in listed if one.resident_id == maker.id)
    typed = form or Form([])
    return answer(
        request,
        "makers/index.html",
        process,
        status=429 if any(w.kind in ("too_many_tries", "too_many_today") for w in wrong) else 422 if wrong else 200,
        secret=True,
        plan=plan,
        makers=listed,
        me=me,
        full=makers.full(site_of(request).reader, plan.id, site_of(request).now()),
        wrong=wrong,
        lengths=LENGTHS,
        typed={name: typed.get(name) for name in ("email", "invited")},
        mine={"name": typed.get("name") if "name" in typed else me.name, "contact": me.contact}
        | ({"contact": typed.get("contact")} if "contact" in typed else {}),
        invited=makers.invitations(site_of(request).reader, plan.id, maker.id, site_of(request).now()),
        sent="gestuurd" in request.query_params,
        saved="bewaard" in request.query_params,
        alone=len(listed) == 1,
        frozen=process.frozen(site_of(request).now()),
    )


@post("/{slug:str}/plannen/{plan_id:int}/makers", status_code=200)
async def change(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Invite somebody, take that back, leave, or another name: which, says the button."""
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    form = await read_form(request)
    if "trek_terug" in form:
        return await take_back(request, plan, maker, form.get("trek_terug"))
    if "weg" in form:
        return await leave(request, process, plan, maker)
    if "bewaar" in form:
        return await rename(request, process, plan, maker, form)
    return await invite(request, process, plan, maker, form)


async def take_back(request: Request, plan: Plan, maker: Resident, key: str) -> Reply:
    site = site_of(request)
    done = await site.writer.write(makers.take_back, plan.id, maker.id, key, site.now())
    return see_other(f"{plan.url}/makers", [notice(request, "invitation_back" if done else "invitation_gone")])


async def leave(request: Request, process: Process, plan: Plan, maker: Resident) -> Reply:
    try:
        await site_of(request).writer.write(makers.leave, process, plan.id, maker.id, site_of(request).now())
    except LastMaker:
        return makers_page(request, process, plan, maker, (Wrong("leave", "last_maker"),))
    return see_other(plan.url if plan.public else f"/{process.slug}", [notice(request, "left")])


async def rename(request: Request, process: Process, plan: Plan, maker: Resident, form: Form) -> Reply:
    name, contact = fields.line(form.get("name")), fields.line(form.get("contact"))
    wrong = fields.check_name("name", name, LENGTHS["name"])
    wrong += fields.check_text("contact", contact, LENGTHS["contact"])
    if wrong:
        return makers_page(request, process, plan, maker, tuple(wrong), form)
    await site_of(request).writer.write(makers.rename, plan.id, maker.id, name, contact)
    return see_other(f"{plan.url}/makers?bewaard=1#over-u")


async def invite(request: Request, process: Process, plan: Plan, maker: Resident, form: Form) -> Reply:
    site, name = site_of(request), fields.line(form.get("invited"))
    wrong = fields.check_name("invited", name, LENGTHS["name"])
    try:
        email = fields.address(form.get("email"))
    except ValueError:
        wrong.append(Wrong("email", "not_an_address" if form.get("email").strip() else "missing"))
    if not wrong and site.mail_tries.too_many(request):
        wrong.append(Wrong("email", "too_many_tries"))
    if not wrong and outbox.asked_enough(site.reader, "maker_invited", Recipient(email, ""), site.now()):
        wrong.append(Wrong("email", "too_many_tries"))
    if wrong:
        return makers_page(request, process, plan, maker, tuple(wrong), form)
    to = Recipient(email, language_of(request))
    try:
        await site.writer.write(makers.invite, process, plan.id, maker, to, name, site.now())
    except Frozen:
        return makers_page(request, process, plan, maker, (Wrong("email", "makers_frozen"),), form)
    except TooManyToday:
        return makers_page(request, process, plan, maker, (Wrong("email", "too_many_today"),), form)
    except TooMany:
        return makers_page(request, process, plan, maker, (Wrong("email", "too_many", makers.MOST),), form)
    return see_other(f"{plan.url}/makers?gestuurd=1#uitnodigen")


ROUTES = [index, change]
