"""Questions of staff to the makers of a plan, on the plan's own page. Nobody else sees them."""

from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import makers, questions
from domain.fields import Wrong, check_text, text
from domain.plans import Plan
from domain.processes import Process
from domain.questions import LONGEST, Question
from routes.confirmations import ask_address
from routes.forms import read_form
from routes.makers import not_yours, plan_and_maker
from routes.notices import notice
from routes.pages import answer, page, process_or_404, site_of
from routes.replies import Reply, see_other
from routes.visitors import resident_of


def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """What templates/questions/on_plan.html shows: the questions where a maker looks, and nothing to anybody else."""
    resident, db = resident_of(request), site_of(request).reader
    if resident is None or not makers.is_maker(db, plan.id, resident.id):
        return {"questions_asked": []}
    return {"questions_asked": questions.of_plan(db, plan.id)}


@page("/{slug:str}/plannen/{plan_id:int}/vragen")
async def index(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Where the mail with a question leads: a maker whose browser isn't known here is asked for their address first."""
    if resident_of(request) is None:
        process = process_or_404(request, slug)
        return await ask_address(request, process, "sign_in", {"to": request.url.path}, back=f"/{process.slug}")
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    asked = questions.of_plan(site_of(request).reader, plan.id)
    return answer(request, "questions/index.html", process, secret=True, plan=plan, questions_asked=asked)


@post("/{slug:str}/plannen/{plan_id:int}/vragen/{question_id:int}", status_code=200)
async def answered(request: Request, slug: FromPath[str], plan_id: FromPath[int], question_id: FromPath[int]) -> Reply:
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    site = site_of(request)
    asked = next((each for each in questions.of_plan(site.reader, plan.id) if each.id == question_id), None)
    if asked is None:
        raise NotFoundException
    name = f"antwoord-{asked.id}"
    typed = (await read_form(request)).get(name)
    given = text(typed)
    if wrong := check_text(name, given, LONGEST, required=True):
        return answer_page(request, process, plan, asked, typed, wrong=wrong)
    try:
        await site.writer.write(questions.answer, process, plan.id, asked.id, maker.id, given, site.now())
    except questions.Answered as first:
        return answer_page(request, process, plan, asked, typed, first=first.answer)
    return see_other(plan.url if plan.public else f"{plan.url}/vragen", [notice(request, "answered")])


def answer_page(
    request: Request,
    process: Process,
    plan: Plan,
    asked: Question,
    typed: str,
    *,
    wrong: list[Wrong] | None = None,
    first: str = "",
) -> Reply:
    """The question alone, with what was typed: it is not right yet, or another maker answered first."""
    return answer(
        request,
        "questions/show.html",
        process,
        status=409 if first else 422,
        secret=True,
        plan=plan,
        question=asked,
        typed=typed,
        wrong=wrong or [],
        first=first,
        questions_longest=LONGEST,
    )


ROUTES = [index, answered]
