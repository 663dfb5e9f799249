"""A maker takes a plan back, or has it take part again."""

from litestar import Request, post
from litestar.params import FromPath

from domain import fields, withdrawals
from domain.fields import Wrong
from domain.plans import Plan
from domain.processes import Process
from domain.residents import Resident
from domain.versions import Frozen
from domain.withdrawals import LONGEST_REASON, NotPossible, TooLate
from routes.forms import read_form
from routes.makers import may_reinstate, may_withdraw, not_yours, plan_and_maker
from routes.notices import notice
from routes.pages import answer, page, site_of
from routes.replies import Reply, see_other


@page("/{slug:str}/plannen/{plan_id:int}/intrekken")
async def confirm(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    return confirm_page(request, process, plan)


def confirm_page(
    request: Request, process: Process, plan: Plan, wrong: tuple[Wrong, ...] = (), reason: str = "", status: int = 200
) -> Reply:
    now = site_of(request).now()
    return answer(
        request,
        "withdrawals/confirm.html",
        process,
        status=422 if wrong else status,
        secret=True,
        plan=plan,
        possible=may_withdraw(process, plan),
        reinstating=may_reinstate(request, process, plan),
        voting=process.frozen(now),
        wrong=wrong,
        reason=reason,
        longest=LONGEST_REASON,
    )


@post("/{slug:str}/plannen/{plan_id:int}/intrekken", status_code=200)
async def withdraw(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    site = site_of(request)
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    form = await read_form(request)
    if "weer_mee" in form:
        return await reinstate(request, process, plan, maker)
    reason = fields.text(form.get("reason"))
    if wrong := fields.check_text("reason", reason, LONGEST_REASON, required=True):
        return confirm_page(request, process, plan, tuple(wrong), reason)
    try:
        await site.writer.write(withdrawals.by_maker, process, plan_id, maker.id, reason, site.now())
    except TooLate:
        return confirm_page(request, process_now(request, process), plan)
    return see_other(plan.url, [notice(request, "withdrawn")])


async def reinstate(request: Request, process: Process, plan: Plan, maker: Resident) -> Reply:
    site = site_of(request)
    try:
        await site.writer.write(withdrawals.reinstate_by_maker, process, plan.id, maker.id, site.now())
    except (NotPossible, Frozen):
        fresh = process_now(request, process)
        return confirm_page(request, fresh, fresh.by_id[plan.id], status=409)
    return see_other(plan.url, [notice(request, "reinstated")])


def process_now(request: Request, process: Process) -> Process:
    return site_of(request).process(process.slug) or process


ROUTES = [confirm, withdraw]
