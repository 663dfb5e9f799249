"""How it goes with a plan that won: staff tell it, and followers hear of it."""

from collections.abc import Iterable

from litestar import Request
from litestar.params import FromPath

from domain import progress
from domain.fields import Wrong
from domain.moderation import Refused
from domain.plans import Plan
from domain.processes import Process
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.results import won_in
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.plans import plan_for, plan_page

PATH = "/beheer/{slug:str}/plannen/{plan_id:int}/voortgang"


@staff_page(PATH, "moderator")
async def show(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_for(request, slug)
    plan = plan_for(request, process, plan_id)
    if plan.id not in await won_in(request, process):
        return plan_page(request, process, plan, refused="not_won")
    return form_page(request, process, plan)


def form_page(
    request: Request, process: Process, plan: Plan, text: str = "", day: str = "", wrong: Iterable[Wrong] = ()
) -> Reply:
    return staff_answer(
        request,
        "staff/progress.html",
        process,
        status=422 if wrong else 200,
        plan=plan,
        notes=progress.of_plan(site_of(request).reader, plan.id),
        text=text,
        day=day,
        wrong=list(wrong),
        longest=progress.LONGEST,
        done="gedaan" in request.query_params,
    )


@staff_post(PATH, "moderator")
async def tell(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, site, form = process_for(request, slug), site_of(request), await read_form(request)
    plan = plan_for(request, process, plan_id)
    text, day, wrong = progress.typed(form.get("text"), form.get("day"))
    won = await won_in(request, process)
    if wrong:
        return form_page(request, process, plan, form.get("text")[:20_000], form.get("day")[:20], wrong)
    try:
        arguments = (process, plan.id, won, text, day, site.now(), staff_of(request).id)
        await site.writer.write(progress.tell, *arguments)
    except Refused as refused:
        return plan_page(request, process, plan, refused=refused.kind)
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}/voortgang?gedaan=1")


ROUTES = [show, tell]
