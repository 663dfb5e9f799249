"""What a maker wants to change in a plan that is public: staff read the difference, and allow it or not."""

from collections.abc import Iterable

from litestar import Request
from litestar.params import FromPath

from domain import proposals, versions
from domain.fields import Wrong
from domain.moderation import LONGEST_REASON, Refused
from domain.plans import Plan
from domain.processes import Process
from domain.proposals import Gone
from domain.versions import Frozen, Stale
from routes.forms import read_form
from routes.languages import language_of
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff import onward
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.plans import after, plan_for, reason_of
from routes.versions import differences, number


@staff_page("/beheer/{slug:str}/plannen/{plan_id:int}/voorstel", "moderator")
async def show(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_for(request, slug)
    return proposal_page(request, process, plan_for(request, process, plan_id))


def proposal_page(
    request: Request,
    process: Process,
    plan: Plan,
    wrong: Iterable[Wrong] = (),
    *,
    refused: str = "",
    changed: bool = False,
    reason: str = "",
) -> Reply:
    """`changed`: the plan or the proposal did while staff read it. Without a proposal the page says so."""
    db = site_of(request).reader
    waiting, now_there = proposals.of_plan(db, plan.id), versions.current(db, plan.id)
    language = language_of(request)
    return staff_answer(
        request,
        "staff/proposal.html",
        process,
        status=409 if refused or changed else 422 if wrong else 200,
        plan=plan,
        version=versions.version_of(db, plan.id),
        proposal=waiting,
        changes=differences(process, language, now_there, waiting.fields) if waiting else [],
        photo=waiting.fields["photo"] if waiting and waiting.fields["photo"] != now_there["photo"] else "",
        refused=refused or ("" if waiting else "proposal_gone"),
        changed=changed,
        reason=reason,
        longest=LONGEST_REASON,
        wrong=list(wrong),
        **onward.marks(request, process, plan.id),
    )


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/voorstel", "moderator")
async def judge(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """Allow the change, or with the button `afwijzen` refuse it."""
    site, process = site_of(request), process_for(request, slug)
    plan, form = plan_for(request, process, plan_id), await read_form(request)
    refuses, mark = "afwijzen" in form, form.get("mark")
    reason, wrong = reason_of(form) if refuses else ("", [])
    if wrong:
        return proposal_page(request, process, plan, wrong, reason=reason)
    who, before = staff_of(request).id, onward.waiting(request, process)
    try:
        if refuses:
            await site.writer.write(proposals.refuse, process, plan.id, mark, reason, site.now(), who)
        else:
            version = number(form.get("version"))
            await site.writer.write(proposals.allow, process, plan.id, version, mark, site.now(), who)
    except Stale:
        return proposal_page(request, process, plan, changed=True, reason=reason)
    except Gone:
        return proposal_page(request, process, plan, refused="proposal_gone")
    except (Frozen, Refused) as error:
        kind = error.kind if isinstance(error, Refused) else "frozen"
        return proposal_page(request, process, plan, refused=kind, reason=reason)
    done = "refuse" if refuses else "allow"
    return see_other(after(request, slug, before, done, plan.id))


ROUTES = [show, judge]
