"""Every plan of a process, whatever its status, and what staff may do with it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import accounts, fields, makers, merges, moderation, search, versions
from domain.fields import Wrong
from domain.moderation import LONGEST_REASON, VERBS, Done, Refused
from domain.plans import Plan, ordered
from domain.processes import Process
from domain.sessions import NotAllowed
from domain.withdrawals import TooLate
from domain.work import Item
from routes.forms import Form, read_form
from routes.orders import MOST_SEARCHED
from routes.pages import site_of
from routes.plans import page_number
from routes.replies import Reply, see_other
from routes.results import won_in
from routes.staff import onward
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

PAGE = 50
STATUSES = ("submitted", "published", "hidden", "merged", "withdrawn")
DONE = (*VERBS, "withdraw", "reinstate", "edit", "allow", "refuse", "same", "merge", "unmerge", "seen")
VERDICTS = ("none", "feasible", "infeasible")


@dataclass(frozen=True, slots=True)
class Filters:
    """What staff asked of the list; anything that doesn't exist is dropped."""

    q: str = ""
    status: str = ""
    verdict: str = ""
    theme_id: int | None = None
    supported: bool = False

    def query(self, page: int = 1) -> str:
        fields = {
            "zoek": self.q,
            "status": self.status,
            "oordeel": self.verdict,
            "thema": self.theme_id,
            "steun": int(self.supported),
            "pagina": page if page > 1 else None,
        }
        return urlencode({name: value for name, value in fields.items() if value})

    def hold(self, process: Process, plan: Plan) -> bool:
        if self.status and self.status != status_of(plan):
            return False
        if self.verdict and self.verdict != (plan.verdict or "none"):
            return False
        if self.theme_id is not None and all(theme.id != self.theme_id for theme in plan.themes):
            return False
        return not self.supported or plan.supports >= (process.support_threshold or 0)


def status_of(plan: Plan) -> str:
    """One of STATUSES: withdrawn comes before what it was else."""
    return "withdrawn" if plan.withdrawn else plan.status


def filters_of(request: Request, process: Process) -> Filters:
    asked = request.query_params
    status, verdict = asked.get("status", ""), asked.get("oordeel", "")
    return Filters(
        q=" ".join(asked.get("zoek", "").split())[:MOST_SEARCHED],
        status=status if status in STATUSES else "",
        verdict=verdict if verdict in VERDICTS else "",
        theme_id=next((theme.id for theme in process.themes if str(theme.id) == asked.get("thema", "")), None),
        supported=asked.get("steun", "") == "1",
    )


@staff_page("/beheer/{slug:str}/plannen", "moderator", "toetser")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    return list_page(request, process_for(request, slug))


def list_page(
    request: Request, process: Process, wrong: Iterable[Wrong] = (), *, ticked: Collection[int] = ()
) -> Reply:
    filters, number = filters_of(request, process), page_number(request)
    listed = [plan for plan in process.all_plans if filters.hold(process, plan)]
    if filters.q:
        ids = search.found(site_of(request).reader, process, filters.q)
        listed = [plan for plan in listed if plan.id in ids]
    listed.sort(key=lambda plan: -plan.id)
    pages = max(1, -(-len(listed) // PAGE))
    if not 1 <= number <= pages:
        raise NotFoundException
    return staff_answer(
        request,
        "staff/plans.html",
        process,
        status=422 if wrong else 200,
        plans=listed[(number - 1) * PAGE : number * PAGE],
        total=len(listed),
        filters=filters,
        number=number,
        pages=pages,
        status_of=status_of,
        statuses=STATUSES,
        verdicts=VERDICTS,
        ticked=ticked,
        wrong=list(wrong),
    )


def plan_for(request: Request, process: Process, plan_id: int) -> Plan:
    """The plan of this page. Raises NotFoundException, also for one of another process."""
    plan = process.by_id.get(plan_id)
    if plan is None:
        raise NotFoundException
    return plan


@staff_page("/beheer/{slug:str}/plannen/{plan_id:int}", "moderator", "toetser")
async def show(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_for(request, slug)
    plan = plan_for(request, process, plan_id)
    return plan_page(request, process, plan, won=plan.id in await won_in(request, process))


def plan_page(
    request: Request,
    process: Process,
    plan: Plan,
    wrong: Iterable[Wrong] = (),
    *,
    refused: str = "",
    reason: str = "",
    won: bool = False,
) -> Reply:
    """The plan with everything that staff know of it; `refused` is why what was just asked was not done, `won` that
    there is progress to write about."""
    db, now = site_of(request).reader, site_of(request).now()
    frozen = moderation.on_frozen_ballot(db, process.id, plan.verdict, now)
    return staff_answer(
        request,
        "staff/plan.html",
        process,
        status=409 if refused else 422 if wrong else 200,
        plan=plan,
        plan_status=status_of(plan),
        makers=makers.of_plan(db, plan.id),
        entered_by=accounts.names(db).get(plan.account_id or 0, ""),
        history=versions.history(db, plan.id),
        verdicts=verdicts_of(request, plan),
        reports=reports_of(request, plan),
        merged_from=[other for other in process.all_plans if other.merged_into == plan.id],
        into=merges.destination(process.by_id, plan),
        frozen=frozen,
        voting=process.frozen(now),
        wrong=list(wrong),
        refused=refused,
        reason=reason,
        won=won,
        done=done_of(request),
        **onward.marks(request, process, plan.id),
    )


def done_of(request: Request) -> str:
    """What was just done to this plan, as the address says; empty if nothing."""
    done = request.query_params.get("gedaan", "")
    return done if done in DONE else ""


def verdicts_of(request: Request, plan: Plan) -> list[dict[str, Any]]:
    rows = site_of(request).reader.query(
        "SELECT verdict, cost, reason, accounts.name, given_at FROM verdicts "
        "LEFT JOIN accounts ON accounts.id = account_id WHERE plan_id = ? ORDER BY verdicts.id DESC",
        [plan.id],
    )
    return list(rows)


def reports_of(request: Request, plan: Plan) -> list[dict[str, Any]]:
    rows = site_of(request).reader.query(
        "SELECT reason, reaction_id, reported_at, handled_at FROM reports WHERE plan_id = ? ORDER BY id DESC",
        [plan.id],
    )
    return list(rows)


@staff_post("/beheer/{slug:str}/plannen", "moderator")
async def confirm(request: Request, slug: FromPath[str]) -> Reply:
    """What would happen to which plans; nothing happens yet."""
    process = process_for(request, slug)
    form = await read_form(request)
    if form.get("actie") == "merge":
        return to_merge(request, process, [*plans_in(form)])
    verb, plan_ids = asked_of(form)
    if not plan_ids:
        return list_page(request, process, [Wrong("plannen", "nothing_chosen")])
    return confirm_page(request, process, verb, plan_ids)


def asked_of(form: Form) -> tuple[str, dict[int, int | None]]:
    """The verb and the plans that a form names, with the version of each that was read.

    Raises NotFoundException for a verb that there isn't.
    """
    verb = form.get("actie")
    if verb not in VERBS:
        raise NotFoundException
    return verb, plans_in(form)


PLAN = re.compile(r"(?P<id>[0-9]{1,15})(\.(?P<version>[0-9]{1,9}))?")


def plans_in(form: Form) -> dict[int, int | None]:
    """Of each plan its version, as “12.3”; None where only the plan is named."""
    found = filter(None, map(PLAN.fullmatch, form.all("plan")))
    return {int(one["id"]): int(one["version"]) if one["version"] else None for one in found}


def to_merge(request: Request, process: Process, plan_ids: list[int]) -> Reply:
    """On to what merging two plans would mean; the one with most support stays, and that page offers the other way."""
    if not staff_of(request).may(process.id, "beheerder"):
        raise NotAllowed
    chosen = [process.by_id[plan_id] for plan_id in dict.fromkeys(plan_ids) if plan_id in process.by_id]
    if len(chosen) != 2:
        return list_page(request, process, [Wrong("plannen", "choose_two")], ticked=plan_ids)
    goes, stays = sorted(chosen, key=lambda plan: (plan.public and not plan.withdrawn, plan.supports, -plan.id))
    return see_other(f"/beheer/{process.slug}/plannen/{goes.id}/samenvoegen?met={stays.id}")


def confirm_page(
    request: Request,
    process: Process,
    verb: str,
    plan_ids: Mapping[int, int | None],
    wrong: Iterable[Wrong] = (),
    reason: str = "",
) -> Reply:
    plans = [process.by_id[plan_id] for plan_id in plan_ids if plan_id in process.by_id]
    if not plans:
        raise NotFoundException
    return staff_answer(
        request,
        "staff/plans_confirm.html",
        process,
        status=422 if wrong else 200,
        verb=verb,
        plans=ordered(plans, "title", 0),
        read={plan_id: version for plan_id, version in plan_ids.items() if version is not None},
        status_of=status_of,
        reason=reason,
        longest=LONGEST_REASON,
        wrong=list(wrong),
        **onward.marks(request, process),
    )


@staff_post("/beheer/{slug:str}/moderatie", "moderator")
async def moderate(request: Request, slug: FromPath[str]) -> Reply:
    """Does it, to each of the plans that takes it, and says what became of each."""
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    verb, plan_ids = asked_of(form)
    reason, wrong = reason_of(form) if verb == "hide" else ("", [])
    if wrong:
        return confirm_page(request, process, verb, plan_ids, wrong, reason)
    before = onward.waiting(request, process)
    done: list[Done] = await site.writer.write(
        *(moderation.each, verb, process, plan_ids, reason, site.now(), staff_of(request).id)
    )
    known = [each for each in done if each.refused != "unknown"]
    if not known:
        raise NotFoundException
    if len(known) == 1 and not known[0].refused:
        return see_other(after(request, slug, before, verb, known[0].plan_id))
    return staff_answer(
        request,
        "staff/plans_done.html",
        site.process(slug),
        status=200 if any(not each.refused for each in known) else 409,
        verb=verb,
        succeeded=[each for each in known if not each.refused],
        refused=[each for each in known if each.refused],
        **onward.marks(request, process),
    )


def after(request: Request, slug: str, before: Sequence[Item], done: str, plan_id: int) -> str:
    """The next piece of work for who came from the work list, else the page of the plan."""
    if onward.kind_of(request):
        return onward.next_place(request, process_for(request, slug), before, done, plan_id)
    return f"/beheer/{slug}/plannen/{plan_id}?gedaan={done}"


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/gezien", "moderator")
async def see(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Somebody looked at a plan that residents made public themselves: it waits for nobody any more."""
    process, site = process_for(request, slug), site_of(request)
    plan, before = plan_for(request, process, plan_id), onward.waiting(request, process)
    await site.writer.write(moderation.seen, process, plan.id, site.now(), staff_of(request).id)
    return see_other(after(request, slug, before, "seen", plan.id))


def reason_of(form: Form) -> tuple[str, list[Wrong]]:
    """The reason that residents will read, and what is wrong with it."""
    reason = fields.text(form.get("reden"))
    return reason, fields.check_text("reden", reason, LONGEST_REASON, required=True)


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/intrekking", "moderator")
async def withdraw(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Also while the vote is open: the one thing that can still be done to a plan on the ballot. Nothing undoes it,
    so the first press shows what it does. With the button `weer_mee` it takes part again."""
    process, site = process_for(request, slug), site_of(request)
    plan = plan_for(request, process, plan_id)
    form = await read_form(request)
    if "weer_mee" in form:
        return await reinstate(request, process, plan)
    reason, wrong = reason_of(form)
    if wrong:
        return plan_page(request, process, plan, wrong, reason=reason)
    possible = not (plan.withdrawn or plan.status == "merged" or process.finished)
    if possible and "zeker" not in form:
        return staff_answer(request, "staff/plans_withdrawal.html", process, plan=plan, reason=reason)
    try:
        await site.writer.write(*(moderation.withdraw, process, plan.id, reason, site.now(), staff_of(request).id))
    except (Refused, TooLate) as error:
        kind = error.kind if isinstance(error, Refused) else "sealed"
        now_there = site.process(slug) or process
        return plan_page(request, now_there, now_there.by_id[plan_id], refused=kind, reason=reason)
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}?gedaan=withdraw")


async def reinstate(request: Request, process: Process, plan: Plan) -> Reply:
    site = site_of(request)
    try:
        await site.writer.write(moderation.reinstate, process, plan.id, site.now(), staff_of(request).id)
    except Refused as error:
        now_there = site.process(process.slug) or process
        return plan_page(request, now_there, now_there.by_id[plan.id], refused=error.kind)
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}?gedaan=reinstate")


ROUTES = [index, show, confirm, moderate, see, withdraw]
