"""Voting: choose, confirm, hand in."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from domain import ballots, codes, receipts, turnout
from domain.ballots import Closed, Outcome, Problem, Refused
from domain.devices import ONLINE
from domain.drafts import Draft
from domain.plans import shuffled
from domain.processes import Process
from routes import devices, drafts
from routes.formats import date, money
from routes.forms import Form, cookies_of, local_path, read_form
from routes.languages import CODES, language_cookie, language_of
from routes.orders import shuffle_of
from routes.pages import answer, cached, environment, filled, is_htmx, page, process_or_404, served, site_of
from routes.replies import Reply, see_other
from routes.turnout import ASKED


def closed(request: Request, process: Process, *, handing_in: bool = False) -> Reply:
    """The page for who comes too early or too late; `handing_in`: with a ballot, which did not count."""
    phase, now = process.voting_phase, site_of(request).now()
    reason = "no_vote" if phase is None else "before" if now < phase.opens_at else "after"
    return answer(
        request,
        "ballots/closed.html",
        process,
        status=409 if handing_in else 200,
        reason=reason,
        opens_at=phase.opens_at if phase else None,
        closes_at=phase.closes_at if phase else None,
        handing_in=handing_in,
    )


@page("/{slug:str}/stemmen")
async def new(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    if not process.voting(site_of(request).now()):
        return closed(request, process)
    draft = drafts.read(request, process)
    if draft.plan_ids:
        return ballot_page(request, process, draft)
    # Nothing chosen yet: the page says that there is a code, not which, and is the same for all who have one.
    shuffle, cookies = shuffle_of(request)
    template, device = "ballots/new.html", devices.channel_of(request, process)
    made = cached(
        request,
        template,
        process,
        (template, (shuffle, bool(draft.code), device), None),
        lambda: {**ballot_values(process, draft, (), shuffle, device), "draft": drafts.view(process, draft)},
    )
    return served(request, made, cookies)


def ballot_page(
    request: Request,
    process: Process,
    draft: Draft,
    problems: Sequence[Problem] = (),
    cookies: Iterable[Cookie] = (),
) -> Reply:
    shuffle, order_cookies = shuffle_of(request)
    return answer(
        request,
        "ballots/new.html",
        process,
        draft=drafts.view(process, draft),
        block="bar",
        status=status_of(problems),
        cookies=[*cookies, *order_cookies],
        **ballot_values(process, draft, problems, shuffle, devices.channel_of(request, process)),
    )


def ballot_values(
    process: Process, draft: Draft, problems: Sequence[Problem], shuffle: int, device: str
) -> dict[str, Any]:
    return {
        "plans": shuffled(process.on_ballot, shuffle),
        "ballot_path": f"/{process.slug}/stemmen",
        "chosen": {process.by_id[id_].project_id for id_ in draft.plan_ids},
        "problems": problems,
        "device": device,
    }


def status_of(problems: Iterable[Problem]) -> int:
    kinds = {problem.kind for problem in problems}
    return 429 if "too_many_tries" in kinds else 422 if kinds else 200


@post("/{slug:str}/stemmen", status_code=200)
async def save(request: Request, slug: FromPath[str]) -> Reply:
    """Keep what was chosen as the draft; then on to the confirmation, or where the button pressed says."""
    process = process_or_404(request, slug)
    if not process.voting(site_of(request).now()):
        return closed(request, process, handing_in=True)
    form = await read_form(request)
    draft, problems = draft_from(request, process, form)
    kept = [drafts.cookie(request, process, draft)]
    here = f"/{process.slug}/stemmen"
    if form.get("taal") in CODES:
        return see_other(here, [*kept, language_cookie(form.get("taal"), site_of(request).secure)])
    if is_htmx(request):  # saved while typing and choosing: half a code is no mistake yet
        return ballot_page(request, process, draft, (), kept)
    if problems:
        return ballot_page(request, process, draft, problems, kept)
    if "wissel" in form:
        plan = process.by_project_id.get(form.get("wissel"))
        back = local_path(form.get("terug"), here)
        return see_other(f"{back}#plan-{plan.id}" if plan and back == here else back, kept)
    if any(button in form for button in ("bewaar", "wis", "wis_code")):
        return see_other(here, kept)
    problems = ballots.problems_with(process, [process.by_id[id_] for id_ in draft.plan_ids])
    if not draft.plan_ids and not problems and "blanco" not in form:
        problems = [Problem("nothing_chosen")]
    if problems:
        return ballot_page(request, process, draft, problems, kept)
    if draft.plan_ids and cookies_of(request):
        return see_other(f"{here}/bevestiging", kept)
    return confirm_page(request, process, draft)  # blank, or a browser that keeps no cookies: no draft to come back to


def draft_from(request: Request, process: Process, form: Form) -> tuple[Draft, list[Problem]]:
    """The draft as the form leaves it, and what is wrong with what was typed or named."""
    before = drafts.read(request, process)
    if "wis" in form or "blanco" in form:
        return Draft((), before.code), []
    # A form that holds the whole ballot says so: without it, no plan at all would look like no form at all.
    whole = "plan" in form or "compleet" in form
    asked = form.all("plan") if whole else [process.by_id[id_].project_id for id_ in before.plan_ids]
    plans, problems = ballots.chosen(process, toggled(asked, form.get("wissel")))
    code, code_problems = code_from(request, process, form, before)
    return Draft(tuple(plan.id for plan in plans), code), problems + code_problems


def toggled(project_ids: list[str], toggle: str) -> list[str]:
    if not toggle:
        return project_ids
    return [p for p in project_ids if p != toggle] if toggle in project_ids else [*project_ids, toggle]


def code_from(request: Request, process: Process, form: Form, before: Draft) -> tuple[str, list[Problem]]:
    """The code typed just now if it may be used, else the one kept before; and what is wrong with it."""
    if "wis_code" in form:
        return "", []
    typed = form.get("code")
    if not typed.strip():
        return before.code, [Problem("code_missing")] if "bewaar" in form and not before.code else []
    site = site_of(request)
    code, problems = ballots.check_code(site.reader, site.secret, process, typed)
    return ("" if problems else code), counted_tries(request, problems)


def counted_tries(request: Request, problems: list[Problem]) -> list[Problem]:
    """A code that doesn't exist counts as a try; a typing error and a used code don't."""
    unknown = any(problem.kind == "code_unknown" for problem in problems)
    if unknown and site_of(request).tries.too_many(request):
        return [Problem("too_many_tries")]
    return problems


@page("/{slug:str}/stemmen/bevestiging")
async def confirm(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    if not process.voting(site_of(request).now()):
        return closed(request, process)
    draft = drafts.read(request, process)
    if not draft.plan_ids or drafts.view(process, draft).problems:
        return see_other(f"/{process.slug}/stemmen")
    return confirm_page(request, process, draft)


def confirm_page(request: Request, process: Process, draft: Draft, problems: Sequence[Problem] = ()) -> Reply:
    return answer(
        request,
        "ballots/confirm.html",
        process,
        draft=drafts.view(process, draft),
        status=status_of(problems),
        secret=True,
        cookies=[drafts.cookie(request, process, draft)],
        problems=problems,
        receipt=receipts.draw(),
    )


@page("/{slug:str}/stemmen/inzending")
async def handed_in_already(request: Request, slug: FromPath[str]) -> Reply:
    """Somebody typed or reloaded the address of the hand-in."""
    return see_other(f"/{process_or_404(request, slug).slug}/stemmen")


@post("/{slug:str}/stemmen/inzending", status_code=200)
async def hand_in(request: Request, slug: FromPath[str]) -> Reply:
    """The one request that counts a ballot. It answers only after the commit."""
    site, process = site_of(request), process_or_404(request, slug)
    form = await read_form(request)
    now = site.now()  # a hand-in has arrived when all of it has: nobody holds the door open with half a request
    kept = drafts.read(request, process)
    named = form.all("plan")
    code, receipt, problems = code_and_receipt(form, kept)
    try:
        if problems:
            ballots.valid(process, named)
            raise Refused(*problems)
        channel = devices.channel_of(request, process)
        outcome = await site.writer.write(ballots.hand_in, site.secret, process, code, named, receipt, now, channel)
    except Closed:
        return closed(request, process, handing_in=True)
    except Refused as refused:
        return refused_page(request, process, named, code or kept.code, list(refused.problems))
    return success(request, process, named, receipt, outcome, channel)


def code_and_receipt(form: Form, kept: Draft) -> tuple[str, str, list[Problem]]:
    """Both in their normal form, the code from the form or else from the draft, and what is wrong with them."""
    typed = form.get("code") if form.get("code").strip() else kept.code
    if not typed:  # a page without the field knew the code; handing in, in another tab, ended that
        return "", "", [Problem("code_missing" if "code" in form else "code_gone")]
    code, problems = ballots.typed_code(typed)
    if problems:
        return "", "", problems
    try:
        return code, codes.normal(form.get("receipt"), codes.RECEIPT_LENGTH), []
    except codes.Typo:
        return code, "", [Problem("receipt_missing")]


CODE_PROBLEM = re.compile("code_|receipt_")


def refused_page(request: Request, process: Process, named: Sequence[str], code: str, problems: list[Problem]) -> Reply:
    """What was wrong, on the page where it can be mended: the ballot, or the code. What was chosen is kept."""
    if not process.voting(site_of(request).now()):
        return closed(request, process, handing_in=True)
    wrong_code = any(problem.kind.startswith("code_") for problem in problems)
    plans, _ = ballots.chosen(process, named)
    draft = Draft(tuple(plan.id for plan in plans), "" if wrong_code else code)
    if all(CODE_PROBLEM.match(problem.kind) for problem in problems):
        return confirm_page(request, process, draft, counted_tries(request, problems))
    return ballot_page(request, process, draft, problems, [drafts.cookie(request, process, draft)])


def success(
    request: Request, process: Process, named: Sequence[str], receipt: str, outcome: Outcome, channel: str
) -> Reply:
    """Made once for every voter, in the last minute before closing for many at a time: nearly all comes from memory."""
    now, language = site_of(request).now(), language_of(request)
    changed, again = outcome is Outcome.CHANGED, outcome is Outcome.AGAIN
    # Whoever votes next at the same device may go back and send the form again: it has shown the receipt once.
    hidden = changed or (again and channel != ONLINE)
    plans, _ = ballots.chosen(process, named)
    kind = {"changed": changed, "again": again, "blank": not plans, "device": channel, "today": date(now, language)}
    rows = "".join(row(language, plan.title, money(plan.cost, process.currency, language)) for plan in plans)
    return filled(
        request,
        "ballots/handed_in.html",
        process,
        tuple(kind.values()),
        {
            "receipt": None if hidden else codes.grouped(receipt),
            "rows": rows,
            "total": money(sum(plan.cost for plan in plans), process.currency, language),
            # A voter is asked once, right after the ballot was counted.
            "asked": ASKED.draw(process.id, now) if outcome is Outcome.COUNTED else None,
        },
        lambda: {
            **kind,
            "ages": turnout.ages_asked(process),
            "result_phase": next((phase for phase in process.phases if phase.kind == "result"), None),
        },
        cookies=drafts.ended(request, process),
    )


@lru_cache(maxsize=4096)
def row(language: str, title: str, amount: str) -> str:
    """A plan on the success page."""
    return str(environment(language).get_template("ballots/row.html").render(title=title, amount=amount))
