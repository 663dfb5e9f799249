"""Supporting a plan, and taking that back: at once for who showed to be a resident, else by their address or code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import ballots, makers, residents, supports
from domain.database import Database
from domain.fields import Wrong
from domain.phases import Phase
from domain.plans import Plan
from domain.processes import Process
from domain.residents import Resident
from domain.supports import Carry, Refused
from routes.confirmations import ask_address
from routes.forms import cookie, read_form
from routes.languages import language_of
from routes.notices import notice
from routes.pages import answer, is_htmx, page, process_or_404, site_of
from routes.replies import Reply, see_other
from routes.visitors import CODE_COOKIE, session_cookie, supporter_of


@dataclass(frozen=True, slots=True)
class Panel:
    """What the plan page says of its support. `phase`: when it can be given, now or next. `mine`: this
    visitor is a maker of the plan. `asked_again`: titles of
    plans that became part of this one, which this visitor supported. `carry`: what they, or an unknown visitor, may
    take along now that support closed. `age`: that they must say to have, or None."""

    shown: bool
    possible: bool
    given: bool
    phase: Phase | None
    over: bool
    mine: bool
    asked_again: list[str]
    carry: Carry | None = None
    age: int | None = None
    problem: str = ""


def on_plan(request: Request, process: Process, plan: Plan, problem: str = "") -> dict[str, Any]:
    """For templates/supports/on_plan.html; the same for all who are no resident of this browser."""
    site, resident = site_of(request), supporter_of(request, process)
    now = site.now()
    phase = supports.period(process, now)
    return {
        "support_panel": Panel(
            shown=phase is not None or process.support_threshold is not None or plan.supports > 0,
            possible=supports.possible(process, plan, now),
            given=resident is not None and supports.is_given(site.reader, plan.id, resident.id),
            phase=phase,
            mine=resident is not None and makers.is_maker(site.reader, plan.id, resident.id),
            over=phase is not None and phase.closes_at <= now,
            asked_again=supports.asked_again(site.reader, plan.id, resident.id) if resident else [],
            carry=carry_asked(request, process, plan, resident),
            age=age_asked(request, process, resident),
            problem=problem,
        )
    }


def carry_asked(request: Request, process: Process, plan: Plan, resident: Resident | None) -> Carry | None:
    db, now = site_of(request).reader, site_of(request).now()
    if supports.possible(process, plan, now) or not plan.public or plan.withdrawn:
        return None
    if resident is not None and supports.is_given(db, plan.id, resident.id):
        return None
    return supports.carry(db, plan.id, now, resident.id if resident else None)


def age_asked(request: Request, process: Process, resident: Resident | None) -> int | None:
    """The age from which one may support, for who did not say yet to be that old."""
    said = resident is not None and supports.gave_any(site_of(request).reader, process.id, resident.id)
    return process.support_age if process.support_age and not said else None


def plan_or_404(process: Process, plan_id: int) -> Plan:
    """A plan that residents may see, or that became part of another; else NotFoundException (404)."""
    plan = process.by_id.get(plan_id)
    if plan is None or not (plan.public or plan.status == "merged"):
        raise NotFoundException
    return plan


@page("/{slug:str}/plannen/{plan_id:int}/steun")
async def given_already(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Somebody typed or reloaded the address."""
    process = process_or_404(request, slug)
    return see_other(f"{plan_or_404(process, plan_id).url}#steun")


@post("/{slug:str}/plannen/{plan_id:int}/steun", status_code=200)
async def give(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """One more support, or with the button `weg` one less."""
    site, process = site_of(request), process_or_404(request, slug)
    plan = plan_or_404(process, plan_id)
    form = await read_form(request)
    resident = supporter_of(request, process)
    verb = supports.take_back if "weg" in form else supports.give
    if "weg" not in form and "leeftijd" not in form and age_asked(request, process, resident):
        return age_page(request, process, plan)
    if resident is None:
        return await ask_who(request, process, plan, "weg" in form, form.get("code") if "code" in form else None)
    try:
        await site.writer.write(verb, plan.id, resident.id, site.now())
    except Refused as refused:
        return refused_page(request, process, plan, refused.kind)
    return done(request, process, plan, "support_back" if "weg" in form else "")


def age_page(request: Request, process: Process, plan: Plan) -> Reply:
    """Only for who sent the form without its checkbox. htmx shows nothing of a 4xx."""
    if not supports.possible(process, plan, site_of(request).now()):
        return refused_page(request, process, plan, "closed" if plan.public and not plan.withdrawn else "gone")
    status = 200 if is_htmx(request) else 422
    wrong = [Wrong("leeftijd", "missing")]
    return answer(request, "supports/age.html", process, block="age", status=status, plan=plan, wrong=wrong)


def done(request: Request, process: Process, plan: Plan, said: str) -> Reply:
    """`said`: the notice that the panel shows, if any."""
    if not is_htmx(request):
        return see_other(f"{plan.url}#steun", [notice(request, said)] if said else ())
    fresh = process_or_404(request, process.slug)
    plan = fresh.by_id[plan.id]
    return answer(request, "supports/on_plan.html", fresh, notice=said, plan=plan, **on_plan(request, fresh, plan))


def refused_page(request: Request, process: Process, plan: Plan, kind: str) -> Reply:
    """The phase closed or the plan went while the page stood open. htmx shows nothing of a 4xx, so its answer isn't."""
    fresh = process_or_404(request, process.slug)
    plan = fresh.by_id[plan.id]
    values = {"plan": plan, **on_plan(request, fresh, plan, kind)}
    if is_htmx(request):
        return answer(request, "supports/on_plan.html", fresh, **values)
    return answer(request, "supports/refused.html", fresh, status=409, **values)


async def ask_who(request: Request, process: Process, plan: Plan, back: bool, code: str | None) -> Reply:
    """By stemcode where the process wants that, else by mail. `back`: to take support back, so it's only to sign in."""
    possible = supports.possible(process, plan, site_of(request).now())
    if not possible and (back or not carry_asked(request, process, plan, None)):
        return refused_page(request, process, plan, "closed" if plan.public and not plan.withdrawn else "gone")
    if process.supporters == "code":
        return await by_code(request, process, plan, code) if code is not None else code_page(request, process, plan)
    if back:
        return await ask_address(request, process, "sign_in", {"to": f"{plan.url}#steun"}, back=plan.url)
    return await ask_address(request, process, "support", {"plan": plan.id}, plan.title, back=plan.url)


def code_page(request: Request, process: Process, plan: Plan, problem: str = "") -> Reply:
    status = 429 if problem == "too_many_tries" else 422 if problem else 200
    return answer(
        request,
        "supports/code.html",
        process,
        block="code",
        status=status,
        secret=True,
        plan=plan,
        problem=problem,
    )


async def by_code(request: Request, process: Process, plan: Plan, typed: str) -> Reply:
    site = site_of(request)
    code, problems = ballots.typed_code(typed)
    if problems:
        return code_page(request, process, plan, problems[0].kind)
    try:
        arguments = (site.secret, process, plan.id, code, language_of(request), site.now())
        token = await site.writer.write(with_session, *arguments, cookie(request, CODE_COOKIE))
    except Refused as refused:
        if refused.kind != "code_unknown":
            return refused_page(request, process, plan, refused.kind)
        return code_page(request, process, plan, "too_many_tries" if site.tries.too_many(request) else refused.kind)
    return see_other(f"{plan.url}#steun", [session_cookie(request, token, CODE_COOKIE)])


def with_session(
    db: Database,
    secret: bytes,
    process: Process,
    plan_id: int,
    code: str,
    language: str,
    now: datetime,
    old_session: str,
) -> str:
    """Support by code, and the token of a new session for taking it back. Raises Refused."""
    resident_id = supports.give_by_code(db, secret, process, plan_id, code, language, now)
    residents.end_session(db, old_session)
    return residents.start_session(db, resident_id, now, process.id)


ROUTES = [given_already, give]
