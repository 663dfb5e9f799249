"""A maker takes a plan back."""

from litestar import Request, post
from litestar.params import FromPath

from domain import fields, withdrawals
from domain.fields import Wrong
from domain.plans import Plan
from domain.processes import Process
from domain.withdrawals import LONGEST_REASON, TooLate
from routes.forms import read_form
from routes.makers import may_withdraw, not_yours, plan_and_maker
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
    request: Request, process: Process, plan: Plan, wrong: tuple[Wrong, ...] = (), reason: str = ""
) -> Reply:
    now = site_of(request).now()
    return answer(
        request,
        "withdrawals/confirm.html",
        process,
        status=422 if wrong else 200,
        secret=True,
        plan=plan,
        possible=may_withdraw(process, plan),
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
    reason = fields.text((await read_form(request)).get("reason"))
    if wrong := fields.check_text("reason", reason, LONGEST_REASON, required=True):
        return confirm_page(request, process, plan, tuple(wrong), reason)
    try:
        await site.writer.write(withdrawals.withdraw, plan_id, reason, site.now())
    except TooLate:
        return confirm_page(request, process_now(request, process), plan)
    return see_other(plan.url, [notice(request, "withdrawn")])


def process_now(request: Request, process: Process) -> Process:
    return site_of(request).process(process.slug) or process


ROUTES = [confirm, withdraw]
