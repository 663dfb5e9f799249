"""The plannenbus: plans and lists of signatures that staff put in for somebody, and the papers for it to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import fields, paper, submissions, supports
from domain.fields import Wrong, WrongFields
from domain.moderation import LONGEST_REASON
from domain.paper import CHANNELS, Entry, Refused
from domain.plans import Plan
from domain.processes import Process
from domain.submissions import Closed, Gone, HandedIn, Submission, Typed
from routes.forms import LARGEST_UPLOAD, read_form, read_upload
from routes.languages import language_of
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.submissions import form_values, pictures_from, with_pin

ROLES = ("stemhulp", "moderator")
KEEPERS = ("bewaar", "rij", "foto", "foto_weg", "prik.x", "prik_weg")  # buttons after which one types on
SAID = ("channel", "email", "reden", "leeftijd")
MOST_PRINTED = 20  # lists at once


def here(process: Process) -> str:
    return f"/beheer/{process.slug}/papier"


@staff_page("/beheer/{slug:str}/papier", *ROLES)
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return paper_page(request, process_for(request, slug))


def paper_page(
    request: Request,
    process: Process,
    typed: Mapping[str, str] | None = None,
    wrong: Sequence[Wrong] = (),
    refused: Refused | None = None,
) -> Reply:
    """`refused`: why the list was not entered, or not taken back, just now."""
    site, asked = site_of(request), request.query_params
    now, today = site.now(), paper.today(site.now())
    staff = staff_of(request)
    manages = staff.may(process.id, "beheerder")
    lists = paper.entered(site.reader, process.id)
    return staff_answer(
        request,
        "staff/paper.html",
        process,
        status=(404 if refused.kind == "unknown_list" else 409) if refused else 422 if wrong else 200,
        entry=paper.entry(process, now),
        late_days=paper.LATE.days,
        period=supports.period(process, now),
        supportable=sorted((plan for plan in process.plans if supports.possible(process, plan, now)), key=by_number),
        lists=lists,
        may_undo={one.number for one in lists if one.day == today and (manages or one.account_id == staff.id)},
        left=paper.MOST_A_DAY - paper.entered_on(site.reader, process.id, today),
        lines=paper.LINES,
        typed=typed or {"plan": asked.get("plan", "")},
        wrong=wrong,
        refused=refused,
        done=asked.get("gedaan", ""),
        done_plan=process.by_id.get(whole(asked.get("nr", ""))),
        done_list=next((one for one in lists if one.number == whole(asked.get("lijst", ""))), None),
    )


def by_number(plan: Plan) -> tuple[int, str]:
    return (int(plan.project_id) if plan.project_id.isdecimal() else 1 << 62, plan.project_id)


def whole(typed: str) -> int:
    """The number, or 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


# Lists of signatures


@staff_post("/beheer/{slug:str}/papier/lijsten", *ROLES)
async def enter(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    typed = {name: form.get(name).strip()[:20] for name in ("plan", "nummer", "aantal")}
    wrong = [] if whole(typed["plan"]) in process.by_id else [Wrong("plan", "missing")]
    wrong += in_range("nummer", typed["nummer"], paper.HIGHEST) + in_range("aantal", typed["aantal"], paper.LINES)
    if wrong:
        return paper_page(request, process, typed, wrong)
    number, plan_id = fields.number(typed["nummer"]), whole(typed["plan"])
    arguments = (process.id, plan_id, number, fields.number(typed["aantal"]), site.now(), staff_of(request).id)
    try:
        await site.writer.write(paper.enter, *arguments)
    except Refused as refused:
        return paper_page(request, site.process(slug) or process, typed, refused=refused)
    return see_other(f"{here(process)}?gedaan=lijst&lijst={number}#lijsten")


def in_range(name: str, typed: str, most: int) -> list[Wrong]:
    try:
        number = fields.number(typed)
    except ValueError:
        return [Wrong(name, "not_a_number" if typed else "missing")]
    if number < 1:
        return [Wrong(name, "too_low", 1)]
    return [Wrong(name, "too_high", most)] if number > most else []


@staff_post("/beheer/{slug:str}/papier/lijsten/{number:int}/terugname", *ROLES)
async def undo(request: Request, slug: FromPath[str], number: FromPath[int]) -> Reply:
    process, site, staff = process_for(request, slug), site_of(request), staff_of(request)
    await read_form(request)
    manages = staff.may(process.id, "beheerder")
    try:
        taken: paper.PaperList = await site.writer.write(
            lambda db: paper.undo(db, process.id, number, site.now(), staff.id, manages=manages)
        )
    except Refused as refused:
        return paper_page(request, site.process(slug) or process, refused=refused)
    return see_other(f"{here(process)}?gedaan=terug&nr={taken.plan_id}#lijsten")


# Plans


@dataclass(frozen=True, slots=True)
class Typing:
    """A plan that is being put in: `token` is the key of its draft, `said` what stands beside the plan itself."""

    token: str
    draft: Submission | None
    typed: Typed
    said: Mapping[str, str]


@staff_page("/beheer/{slug:str}/papier/plan", *ROLES)
async def new_plan(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    if not paper.entry(process, site_of(request).now()):
        return closed(request, process, 200)
    blank = dict.fromkeys(SAID, "") | {"channel": CHANNELS[0]}
    return plan_page(request, process, Typing(submissions.new_token(), None, Typed(), blank))


def closed(request: Request, process: Process, status: int) -> Reply:
    return staff_answer(
        *(request, "staff/paper_closed.html", process),
        status=status,
        phase=process.phase("collect"),
        late_days=paper.LATE.days,
    )


def plan_page(
    request: Request, process: Process, typing: Typing, wrong: Sequence[Wrong] = (), new_row: str = ""
) -> Reply:
    photo = typing.draft.photo if typing.draft else ""
    values = form_values(request, process, typing.typed, photo, wrong, photo_kept=True)
    if new_row:
        values["new_row"] = new_row
    return staff_answer(
        request,
        "staff/paper_plan.html",
        process,
        status=429 if any(one.kind == "too_many_tries" for one in wrong) else 422 if wrong else 200,
        token=typing.token,
        said=typing.said,
        channels=CHANNELS,
        late=paper.entry(process, site_of(request).now()) == "late",
        late_days=paper.LATE.days,
        phase=process.phase("collect"),
        longest_reason=LONGEST_REASON,
        **values,
    )


@staff_post("/beheer/{slug:str}/papier/plan", *ROLES, request_max_body_size=LARGEST_UPLOAD)
async def put_in(request: Request, slug: FromPath[str]) -> Reply:
    """Keep the form, and hand the plan in unless it was a button after which one types on."""
    site, process = site_of(request), process_for(request, slug)
    form = await read_upload(request)
    if not paper.entry(process, site.now()):
        return closed(request, process, 409)
    token = form.get("sleutel")
    if not 20 <= len(token) <= 60:
        raise NotFoundException
    pictures, wrong = await pictures_from(request, form)
    typed, said = with_pin(request, process, form), {name: form.get(name).strip()[:2_000] for name in SAID}
    try:
        arguments = (process.id, token, typed, pictures, site.now(), "foto_weg" in form)
        draft: Submission = await site.writer.write(submissions.save, *arguments)
    except HandedIn as done:
        return to_done(process, done.plan_id)
    typing = Typing(token, draft, draft.typed, said)
    if any(button in form for button in KEEPERS):
        row = str(len(draft.typed.items)) if "rij" in form else ""
        return plan_page(request, process, typing, wrong, row)
    entry, wrong_entry = entry_of(request, process, said)
    wrong = [*wrong, *submissions.checked(process, draft.typed, draft.photo)[1], *wrong_entry]
    if wrong:
        return plan_page(request, process, typing, wrong)
    return await hand_in(request, process, typing, entry)


async def hand_in(request: Request, process: Process, typing: Typing, entry: Entry) -> Reply:
    site = site_of(request)
    assert typing.draft is not None, "it was saved just now"
    try:
        arguments = (typing.draft.id, entry, site.now(), staff_of(request).id)
        plan_id = await site.writer.write(paper.hand_in, *arguments)
    except WrongFields as refused:
        return plan_page(request, process, typing, refused.wrong)
    except (Closed, Gone):
        return closed(request, process, 409)
    return to_done(process, plan_id)


def to_done(process: Process, plan_id: int) -> Reply:
    return see_other(f"{here(process)}?gedaan=plan&nr={plan_id}")


def entry_of(request: Request, process: Process, said: Mapping[str, str]) -> tuple[Entry, list[Wrong]]:
    """What staff say of the plan, and what is wrong with it."""
    wrong, email, reason = [], "", fields.text(said["reden"])
    if said["channel"] not in CHANNELS:
        wrong.append(Wrong("channel", "not_a_choice"))
    if process.submit_age and not said["leeftijd"]:
        wrong.append(Wrong("leeftijd", "missing"))
    if said["email"]:
        try:
            email = fields.address(said["email"])
        except ValueError:
            wrong.append(Wrong("email", "not_an_address"))
    late = paper.entry(process, site_of(request).now()) == "late"
    wrong += fields.check_text("reden", reason, LONGEST_REASON, required=late)
    return Entry(said["channel"], email, reason if late else "", language_of(request)), wrong


# To print


@staff_page("/beheer/{slug:str}/papier/formulier", *ROLES)
async def form_to_print(request: Request, slug: FromPath[str]) -> Reply:
    """The form of the plannenbus: one sheet, both sides."""
    process = process_for(request, slug)
    return staff_answer(
        *(request, "paper/plan.html", process),
        phase=process.phase("collect"),
        most=submissions.most_cost(process),
        weeks=paper.KEPT.days // 7,
    )


@staff_page("/beheer/{slug:str}/papier/handtekeningen", *ROLES)
async def lists_to_print(request: Request, slug: FromPath[str]) -> Reply:
    """Lists for one plan, or for any; numbered from `van`, or with room to write the number."""
    process, asked = process_for(request, slug), request.query_params
    if process.supporters == "code":
        return paper_page(request, process, refused=Refused("codes_only"))
    plan = process.by_id.get(whole(asked.get("plan", "")))
    first, number = whole(asked.get("van", "")), min(max(1, whole(asked.get("aantal", ""))), MOST_PRINTED)
    numbers: list[Any] = [first + n if first else "" for n in range(number)]
    period = supports.period(process, site_of(request).now())
    return staff_answer(
        *(request, "paper/signatures.html", process),
        plan=plan if plan and plan.public else None,
        numbers=numbers,
        lines=range(1, paper.LINES + 1),
        period=period,
        weeks=paper.KEPT.days // 7,
        kept_until=period.closes_at + paper.KEPT if period else None,
    )


ROUTES = [show, enter, undo, new_plan, put_in, form_to_print, lists_to_print]
