"""Following a plan or a process by mail, and ending that by the link in the mail."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import follows
from domain.fields import Wrong
from domain.follows import FREQUENCIES, Refused
from domain.plans import Plan
from domain.processes import Process
from routes.confirmations import ask_address
from routes.forms import read_form
from routes.notices import notice
from routes.pages import answer, page, process_or_404, shared, site_of
from routes.reactions import plan_or_404
from routes.replies import Reply, see_other
from routes.visitors import resident_of

NEVER = "none"  # as frequency: to follow no longer


def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """For templates/follows/on_plan.html: the same for everyone without a session."""
    known, over = frequency_of(request, process, plan), process.over(site_of(request).now())
    return {"follows_frequency": known, "follows_possible": plan.public, "follows_over": over}


def frequency_of(request: Request, process: Process, plan: Plan | None) -> str:
    resident = resident_of(request)
    if resident is None:
        return ""
    return follows.frequency_of(site_of(request).reader, process.id, plan.id if plan else None, resident.id)


@page("/{slug:str}/volgen")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    return shared(request, "follows/show.html", process, "", lambda: values(request, process, None), of_resident=True)


def values(request: Request, process: Process, plan: Plan | None, wrong: Sequence[Wrong] = ()) -> dict[str, Any]:
    known, over = frequency_of(request, process, plan), process.over(site_of(request).now())
    return {"plan": plan, "follows_frequency": known, "follows_over": over, "wrong": wrong}


@page("/{slug:str}/plannen/{plan_id:int}/volgen")
async def show_plan(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """The form is on the page of the plan."""
    return see_other(f"{plan_or_404(process_or_404(request, slug), plan_id).url}#volgen")


@post("/{slug:str}/volgen", status_code=303)
async def follow_process(request: Request, slug: FromPath[str]) -> Reply:
    return await follow(request, process_or_404(request, slug), None)


@post("/{slug:str}/plannen/{plan_id:int}/volgen", status_code=303)
async def follow_plan(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    return await follow(request, process, plan_or_404(process, plan_id))


async def follow(request: Request, process: Process, plan: Plan | None) -> Reply:
    """At once for who gets mail from us already; else only after the link in a mail says that they want it."""
    site, resident = site_of(request), resident_of(request)
    frequency = (await read_form(request)).get("frequency")
    if frequency not in (*FREQUENCIES, NEVER):
        wrong = values(request, process, plan, [Wrong("frequency", "not_a_choice")])
        return answer(request, "follows/show.html", process, status=422, **wrong)
    here, plan_id = f"{plan.url}#volgen" if plan else f"/{process.slug}/volgen", plan.id if plan else None
    if frequency == NEVER:
        if resident:
            await site.writer.write(follows.unfollow, process.id, plan_id, resident.id)
        return see_other(here, [notice(request, "unfollowed")])
    if process.over(site.now()):
        return answer(request, "follows/show.html", process, status=409, **values(request, process, plan))
    if resident is None or resident.email is None:
        payload = {"process": process.id, "plan": plan_id, "frequency": frequency}
        title = plan.title if plan else process.name
        return await ask_address(request, process, "follow", payload, title, back=here)
    try:
        await site.writer.write(follows.follow, process.id, plan_id, resident.id, frequency, site.now())
    except Refused as refused:
        raise NotFoundException from refused
    return see_other(here)


@page("/afmelden/{token:str}")
async def unsubscribe(request: Request, token: FromPath[str]) -> Reply:
    """Only asks: programs that check mail open every link in it."""
    site = site_of(request)
    there = bool(follows.of_token(site.reader, site.secret, token))
    return answer(request, "follows/unsubscribe.html", secret=True, state="ask" if there else "gone", token=token)


@post("/afmelden/{token:str}", status_code=200)
async def unsubscribed(request: Request, token: FromPath[str]) -> Reply:
    """From the page, or from a mail program by RFC 8058: without cookies, and with a body that says nothing new."""
    site = site_of(request)
    ended = await site.writer.write(follows.unsubscribe, site.secret, token)
    state = "ended" if ended else "gone"
    return answer(request, "follows/unsubscribe.html", secret=True, state=state, token=token)


ROUTES = [show, show_plan, follow_process, follow_plan, unsubscribe, unsubscribed]
