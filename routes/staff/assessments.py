"""The assessment of a plan: the page on which staff judge it, the list of all plans, and what the checklist asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from domain import assessments, checklists, makers, questions, versions, work
from domain.assessments import ANSWERS, LONGEST, OPINIONS, VERDICTS, Judgement, Seen
from domain.checklists import Item
from domain.fields import Wrong, WrongFields, check_text, euros, line, text
from domain.plans import Plan
from domain.processes import Process
from domain.search import fold
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import onward
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

PATH = "/beheer/{slug:str}/plannen/{plan_id:int}"
PAGE = 100  # plans a page of the list


@dataclass(frozen=True)
class Typed:
    """What was typed comes back: what is wrong with it in which section of the page, or which part was saved just now.
    `stale`: what somebody else changed meanwhile (assessments.Stale), or why the form can't be taken any more."""

    section: str = ""
    values: dict[str, str] = field(default_factory=dict)
    wrong: Sequence[Wrong] = ()
    stale: str = ""
    seen: Seen | None = None
    saved: str = ""

    @property
    def status(self) -> int:
        return 409 if self.stale else 422 if self.wrong else 200


def plan_for(request: Request, slug: str, plan_id: int) -> tuple[Process, Plan]:
    """Raises NotFoundException, also for a plan of another process."""
    process = process_for(request, slug)
    plan = process.by_id.get(plan_id)
    if plan is None:
        raise NotFoundException
    return process, plan


def path_of(process: Process, plan_id: int) -> str:
    return f"/beheer/{process.slug}/plannen/{plan_id}/toets"


@staff_page(f"{PATH}/toets", "toetser")
async def show(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan = plan_for(request, slug, plan_id)
    await have_checklist(request, process)
    return assessment_page(request, process, plan)


async def have_checklist(request: Request, process: Process) -> None:
    """A process that was imported, or made before there were checklists, gets the default one now."""
    if not checklists.started(site_of(request).reader, process.id):
        await site_of(request).writer.write(checklists.insert_default, process.id)


def assessment_page(request: Request, process: Process, plan: Plan, typed: Typed | None = None) -> Reply:
    typed = typed or Typed()
    return staff_answer(
        request,
        "staff/assessments.html",
        process,
        status=typed.status,
        plan=plan,
        typed=typed,
        longest=LONGEST,
        saved=typed.saved or saved_of(request),
        **onward.marks(request, process, plan.id),
        **facts_of(request, process, plan),
        **differences(request, plan, typed),
    )


def saved_of(request: Request) -> str:
    return "mening" if request.query_params.get("bewaard") == "mening" else ""


def facts_of(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    db, now, staff = site_of(request).reader, site_of(request).now(), staff_of(request)
    order = [item.plan.id for item in work.to_judge(db, process, now) if item.plan]
    assessment = assessments.of_plan(db, plan.id)
    items = checklists.of_process(db, process.id, retired=True)
    return {
        "items": [item for item in items if not item.retired],
        "retired": [item for item in items if item.retired and item.id in assessment.answers],
        "assessment": assessment,
        "verdicts": assessments.verdicts(db, plan.id),
        "impossible": assessments.impossible(db, process.id, plan.id, now),
        "opinions": assessments.opinions(db, plan.id),
        "colleagues": [(id_, name) for id_, name, _ in assessments.colleagues(db, process.id, staff.id)],
        "notes": assessments.notes(db, plan.id),
        "questions": questions.of_plan(db, plan.id),
        "makers": makers.of_plan(db, plan.id),
        "history": versions.history(db, plan.id),
        "waiting": len(order),
        "next_id": work.next_after(order, plan.id, order),
        "asked": plan.cost if plan.asked_cost is None else plan.asked_cost,
        "amount": amount,
    }


def amount(cents: int) -> str:
    """As people type it: whole euros, cents only where there are some."""
    return f"{cents // 100}" + (f",{cents % 100:02d}" if cents % 100 else "")


def differences(request: Request, plan: Plan, typed: Typed) -> dict[str, Any]:
    """What somebody else changed since this page was opened."""
    changed: dict[str, list[tuple[str, str]]] = {}
    if typed.stale == "plan" and typed.seen:
        later = [c for c in versions.history(site_of(request).reader, plan.id) if c.number > typed.seen.version]
        if later:
            changed = versions.diff(texts(later[-1].old), texts(later[0].new))
    return {"changed": changed}


def texts(fields: dict[str, Any]) -> dict[str, str]:
    return {name: fields[name] for name in versions.TEXTS} | {"cost": amount(fields["cost"])}


@staff_post(f"{PATH}/toets", "toetser")
async def judge(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Give the verdict, or with the button `bewaar` keep only the checklist."""
    process, plan = plan_for(request, slug, plan_id)
    form, site = await read_form(request), site_of(request)
    db, now = site.reader, site.now()
    seen, answers = seen_from(form), answers_from(form, checklists.of_process(db, process.id))
    values = values_of(form)
    before, by = onward.waiting(request, process), staff_of(request).id
    try:
        if "bewaar" in form:
            version = await site.writer.write(assessments.save, process, plan.id, answers, seen.checklist, by, now)
            return kept_page(request, process, plan, values | {"checklist": str(version)}, "checklist")
        given = judgement_from(form, process)
        await site.writer.write(assessments.judge, process, plan.id, given, answers, seen, by, now)
    except WrongFields as error:
        return assessment_page(request, process, plan, Typed("verdict", values, error.wrong))
    except (assessments.Stale, assessments.NotPossible) as error:
        typed = Typed("verdict", values, stale=error.kind, seen=seen)
        return assessment_page(request, *plan_for(request, slug, plan_id), typed)
    except checklists.NoSuchItem:  # a beheerder changed the checklist this very moment
        return assessment_page(request, process, plan, Typed("verdict", values, stale="checklist", seen=seen))
    return see_other(after_judging(request, process_for(request, slug), plan.id, before, "judge"))


def values_of(form: Form) -> dict[str, str]:
    return {name: form.get(name) for name in form.fields}


def kept_page(
    request: Request, process: Process, plan: Plan, values: dict[str, str], saved: str, *fields: str
) -> Reply:
    """After one part of the page was saved, in those fields: what was typed elsewhere on it is still there."""
    left = {name: value for name, value in values.items() if name not in fields}
    return assessment_page(request, process, plan, Typed(values=left, saved=saved))


def after_judging(request: Request, process: Process, plan_id: int, before: Sequence[work.Item], done: str) -> str:
    """The next that waits, also for who did not come from the work list; the same plan where it waited for nothing."""
    kind = onward.kind_of(request) or "verdict"
    if (kind, plan_id) in (item.key for item in before):
        return onward.next_place(request, process, before, done, plan_id, kind=kind)
    return onward.said(path_of(process, plan_id), done, plan_id)


def seen_from(form: Form) -> Seen:
    return Seen(hidden(form, "versie"), hidden(form, "gezien"), hidden(form, "checklist"))


def hidden(form: Form, name: str) -> int:
    """A number that the page put in the form. Raises ClientException."""
    value = form.get(name)
    if not is_number(value):
        raise ClientException("not a form of ours")
    return int(value)


def is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 12


def answers_from(form: Form, items: Sequence[Item]) -> dict[int, str]:
    given = {item.id: form.get(f"item-{item.id}") for item in items}
    return {item_id: answer for item_id, answer in given.items() if answer in ANSWERS}


def judgement_from(form: Form, process: Process) -> Judgement:
    """Raises WrongFields."""
    verdict, reason = form.get("oordeel"), text(form.get("reden"))
    wrong = [] if verdict in VERDICTS else [Wrong("oordeel", "missing")]
    cost = None
    if verdict == "feasible":
        try:
            cost = euros(form.get("kosten"))
            wrong += [Wrong("kosten", "too_dear", process.budget)] if cost > process.budget else []
        except ValueError:
            wrong.append(Wrong("kosten", "not_an_amount" if form.get("kosten").strip() else "missing"))
    wrong += check_text("reden", reason, LONGEST, required=True)
    if wrong:
        raise WrongFields(*wrong)
    return Judgement(verdict, cost, reason)


@staff_post(f"{PATH}/notities", "toetser")
async def note(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan = plan_for(request, slug, plan_id)
    form, site = await read_form(request), site_of(request)
    written = text(form.get("notitie"))
    if wrong := check_text("notitie", written, LONGEST, required=True):
        return assessment_page(request, process, plan, Typed("note", values_of(form), wrong))
    await site.writer.write(assessments.write_note, process, plan.id, written, staff_of(request).id, site.now())
    return kept_page(request, process, plan, values_of(form), "notitie", "notitie")


@staff_post(f"{PATH}/vragen", "toetser")
async def question(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan = plan_for(request, slug, plan_id)
    form, site = await read_form(request), site_of(request)
    asked = text(form.get("vraag"))
    if wrong := check_text("vraag", asked, LONGEST, required=True):
        return assessment_page(request, process, plan, Typed("question", values_of(form), wrong))
    await site.writer.write(questions.ask, process, plan.id, asked, staff_of(request).id, site.now())
    return kept_page(request, process, plan, values_of(form), "vraag", "vraag")


@staff_post(f"{PATH}/tweede-meningen", "toetser")
async def ask_opinion(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan = plan_for(request, slug, plan_id)
    form, site = await read_form(request), site_of(request)
    typed = values_of(form)
    asked, whom = text(form.get("toelichting")), form.get("collega")
    wrong = check_text("toelichting", asked, LONGEST)
    if whom and not is_number(whom):
        wrong.append(Wrong("collega", "not_a_choice"))
    if wrong:
        return assessment_page(request, process, plan, Typed("opinion", typed, wrong))
    of, by = int(whom) if whom else None, staff_of(request).id
    try:
        await site.writer.write(assessments.ask_opinion, process, plan.id, of, asked, by, site.now())
    except assessments.NoColleague:
        gone = [Wrong("collega", "not_a_choice")]
        return assessment_page(request, process, plan, Typed("opinion", typed, gone))
    return kept_page(request, process, plan, typed, "tweede-mening", "collega", "toelichting")


@staff_post(f"{PATH}/tweede-meningen/{{opinion_id:int}}", "toetser")
async def give_opinion(
    request: Request, slug: FromPath[str], plan_id: FromPath[int], opinion_id: FromPath[int]
) -> Reply:
    process, plan = plan_for(request, slug, plan_id)
    form, site = await read_form(request), site_of(request)
    names = (f"mening-{opinion_id}", f"uitleg-{opinion_id}")
    verdict, why = form.get(names[0]), text(form.get(names[1]))
    wrong = [] if verdict in OPINIONS else [Wrong(names[0], "missing")]
    wrong += check_text(names[1], why, LONGEST, required=True)
    values = {name: form.get(name) for name in names}
    if wrong:
        return assessment_page(request, process, plan, Typed("opinion", values, wrong))
    before, by = onward.waiting(request, process), staff_of(request).id
    try:
        await site.writer.write(assessments.give_opinion, process, plan.id, opinion_id, verdict, why, by, site.now())
    except assessments.NoSuchPlan as error:
        raise NotFoundException from error
    except assessments.NotYours:
        return assessment_page(request, process, plan, Typed("opinion", values, stale="not_yours"))
    except assessments.AlreadyGiven:
        return assessment_page(request, process, plan, Typed("opinion", values, stale="already_given"))
    if onward.kind_of(request) == "opinion":
        return see_other(onward.next_place(request, process_for(request, slug), before, "opinion", plan.id))
    return see_other(f"{path_of(process, plan.id)}?bewaard=mening#tweede-meningen")


# The list of all plans

STATES = ("wacht", "zonder", "feasible", "infeasible")
SORTS = {
    "steun": lambda plan: (-plan.supports, plan.id),
    "naam": lambda plan: (fold(plan.title), plan.id),
    "kosten": lambda plan: (-plan.cost, plan.id),
}


@staff_page("/beheer/{slug:str}/toetsen", "toetser")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    since = {item.plan.id: item.since for item in work.to_judge(site.reader, process, site.now()) if item.plan}
    state, sort = chosen(request, "stand", STATES), chosen(request, "volgorde", SORTS)
    plans = [plan for plan in process.plans if not plan.withdrawn and in_state(plan, state, plan.id in since)]
    # What waits comes first, the longest first; the rest by number.
    last = site.now()
    plans.sort(key=SORTS[sort] if sort else lambda plan: (plan.id not in since, since.get(plan.id, last), plan.id))
    number = page_number(request)
    pages = max(1, -(-len(plans) // PAGE))
    if number > pages:
        raise NotFoundException
    return staff_answer(
        request,
        "staff/assessments_index.html",
        process,
        block="results",
        plans=plans[(number - 1) * PAGE : number * PAGE],
        total=len(plans),
        since=since,
        state=state,
        sort=sort,
        page=number,
        pages=pages,
    )


def chosen(request: Request, name: str, allowed: Any) -> str:
    value = request.query_params.get(name, "")
    return value if value in allowed else ""


def in_state(plan: Plan, state: str, waits: bool) -> bool:
    match state:
        case "wacht":
            return waits
        case "zonder":
            return not plan.verdict
        case "":
            return True
    return plan.verdict == state


def page_number(request: Request) -> int:
    asked = request.query_params.get("pagina", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked)):
        raise NotFoundException
    return int(asked)


# The checklist of a process

CHECKLIST = "/beheer/{slug:str}/checklist"


@staff_page(CHECKLIST, "beheerder")
async def checklist(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    await have_checklist(request, process)
    return checklist_page(request, process)


def checklist_page(request: Request, process: Process, typed: Typed | None = None) -> Reply:
    typed = typed or Typed()
    db, saved = site_of(request).reader, request.query_params.get("bewaard", "")
    return staff_answer(
        request,
        "staff/assessments_checklist.html",
        process,
        status=typed.status,
        items=checklists.of_process(db, process.id),
        typed=typed,
        longest=checklists.LONGEST,
        saved=saved if saved in ("nieuw", "tekst", "weg", "plaats") else "",
    )


@staff_post(CHECKLIST, "beheerder")
async def add_item(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    wording = line(form.get("nieuw"))
    if wrong := check_text("nieuw", wording, checklists.LONGEST, required=True):
        return checklist_page(request, process, Typed("add", {"nieuw": form.get("nieuw")}, wrong))
    await site.writer.write(checklists.add, process.id, wording, staff_of(request).id, site.now())
    return see_other(f"/beheer/{process.slug}/checklist?bewaard=nieuw")


@staff_post(f"{CHECKLIST}/{{item_id:int}}", "beheerder")
async def change_item(request: Request, slug: FromPath[str], item_id: FromPath[int]) -> Reply:
    """The button pressed says what: `weg`, `omhoog`, `omlaag`, or else the words are kept."""
    process, site = process_for(request, slug), site_of(request)
    form, name = await read_form(request), f"tekst-{item_id}"
    here, by, now = f"/beheer/{process.slug}/checklist", staff_of(request).id, site.now()
    try:
        if "weg" in form:
            await site.writer.write(checklists.retire, process.id, item_id, by, now)
            return see_other(f"{here}?bewaard=weg")
        if "omhoog" in form or "omlaag" in form:
            steps = -1 if "omhoog" in form else 1
            await site.writer.write(checklists.move, process.id, item_id, steps, by, now)
            return see_other(f"{here}?bewaard=plaats#vraag-{item_id}")
        wording = line(form.get(name))
        if wrong := check_text(name, wording, checklists.LONGEST, required=True):
            return checklist_page(request, process, Typed("change", {name: form.get(name)}, wrong))
        new_id = await site.writer.write(checklists.change, process.id, item_id, wording, by, now)
    except checklists.NoSuchItem as error:
        raise NotFoundException from error
    return see_other(f"{here}?bewaard=tekst#vraag-{new_id}")


ROUTES = [
    show,
    judge,
    note,
    question,
    ask_opinion,
    give_opinion,
    index,
    checklist,
    add_item,
    change_item,
]
