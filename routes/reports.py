"""Reporting a plan or a reaction to the moderators. Nobody has to say who they are."""

from collections.abc import Sequence

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import reports
from domain.fields import Wrong
from domain.plans import Plan
from domain.processes import Process
from domain.reactions import Reaction
from domain.reports import Unknown
from routes.drafts import draft_on_page
from routes.forms import read_form
from routes.pages import answer, page, process_or_404, site_of
from routes.reactions import plan_or_404, reaction_or_404
from routes.replies import Reply, see_other


@page("/{slug:str}/plannen/{plan_id:int}/melding")
async def of_plan(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    return form_page(request, process, plan_or_404(process, plan_id), None)


@page("/{slug:str}/reacties/{reaction_id:int}/melding")
async def of_reaction(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    if "verstuurd" in request.query_params:  # a moderator may have been quicker than this page
        return answer(request, "reports/new.html", process, secret=True, sent=True, plan=None, reaction=None, wrong=())
    reaction = reaction_or_404(request, process, reaction_id)
    return form_page(request, process, process.by_id[reaction.plan_id], reaction)


def form_page(
    request: Request,
    process: Process,
    plan: Plan,
    reaction: Reaction | None,
    wrong: Sequence[Wrong] = (),
    reason: str = "",
) -> Reply:
    return answer(
        request,
        "reports/new.html",
        process,
        draft=draft_on_page(request, process),
        status=429 if any(one.kind == "too_many_tries" for one in wrong) else 422 if wrong else 200,
        secret=True,
        sent="verstuurd" in request.query_params,
        plan=plan,
        reaction=reaction,
        reason=reason,
        wrong=wrong,
    )


@post("/{slug:str}/plannen/{plan_id:int}/melding", status_code=303)
async def report_plan(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    return await sent(request, process, plan_or_404(process, plan_id), None)


@post("/{slug:str}/reacties/{reaction_id:int}/melding", status_code=303)
async def report_reaction(request: Request, slug: FromPath[str], reaction_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    reaction = reaction_or_404(request, process, reaction_id)
    return await sent(request, process, process.by_id[reaction.plan_id], reaction)


async def sent(request: Request, process: Process, plan: Plan, reaction: Reaction | None) -> Reply:
    site, form = site_of(request), await read_form(request)
    reason, wrong = reports.typed(form.get("reason"))
    if not wrong and site.report_tries.too_many(request):
        wrong = [Wrong("reason", "too_many_tries")]
    if wrong:
        return form_page(request, process, plan, reaction, wrong, reason)
    verb = reports.report_reaction if reaction else reports.report_plan
    about = reaction.id if reaction else plan.id
    try:
        await site.writer.write(verb, process.id, about, reason, site.now())
    except Unknown as unknown:
        raise NotFoundException from unknown
    return see_other(f"{request.scope['path']}?verstuurd=1")


ROUTES = [of_plan, of_reaction, report_plan, report_reaction]
