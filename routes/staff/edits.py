"""Staff change the text of a plan, with a reason that everyone reads."""

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import moderation, submissions, versions
from domain.fields import Wrong
from domain.moderation import LONGEST_REASON, Refused
from domain.plans import Plan
from domain.processes import Process
from domain.submissions import Typed
from domain.versions import Frozen, Judged, Stale
from routes.forms import LARGEST_UPLOAD, read_upload
from routes.languages import language_of
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.plans import plan_for, reason_of
from routes.submissions import form_values, with_pin
from routes.versions import NOT_YET, differences, number, only_photo, photo_from, themes_kept


@staff_page("/beheer/{slug:str}/plannen/{plan_id:int}/wijzigen", "moderator")
async def new(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_for(request, slug)
    plan = plan_for(request, process, plan_id)
    if plan.status == "merged" or process.frozen(site_of(request).now()):
        return refused_page(request, process, plan, "merged" if plan.status == "merged" else "frozen", 200)
    return form_page(request, process, plan, submissions.typed_from_plan(plan), plan.photo, plan.version)


def refused_page(request: Request, process: Process, plan: Plan, kind: str, status: int = 409) -> Reply:
    return staff_answer(request, "staff/edits_refused.html", process, status=status, plan=plan, kind=kind)


def form_page(
    request: Request,
    process: Process,
    plan: Plan,
    typed: Typed,
    photo: str,
    version: int,
    wrong: Sequence[Wrong] = (),
    *,
    reason: str = "",
    conflict: list[tuple[str, list[tuple[str, str]]]] | None = None,
) -> Reply:
    """`conflict`: how what somebody else saved first differs from this."""
    return staff_answer(
        request,
        "staff/edits.html",
        process,
        status=409 if conflict is not None else 422 if wrong else 200,
        plan=plan,
        version=version,
        reason=reason,
        longest=LONGEST_REASON,
        conflict=conflict,
        **form_values(request, process, typed, photo, wrong, photo_kept=photo == plan.photo),
    )


@staff_post("/beheer/{slug:str}/plannen/{plan_id:int}/wijzigen", "moderator", request_max_body_size=LARGEST_UPLOAD)
async def edit(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    plan = plan_for(request, process, plan_id)
    form = await read_upload(request)
    typed, version = with_pin(request, process, form), number(form.get("version"))
    photo, wrong = await photo_from(request, form)
    reason, wrong_reason = reason_of(form)
    if any(button in form for button in NOT_YET):
        return form_page(request, process, plan, typed, photo, version, only_photo(wrong), reason=reason)
    values, wrong_fields = submissions.checked(process, typed, photo, maker=False)
    if wrong := [*wrong, *wrong_fields, *wrong_reason]:
        return form_page(request, process, plan, typed, photo, version, wrong, reason=reason)
    edited = as_edited(plan, values)
    asked = (process, plan_id, version, edited, reason, site.now(), staff_of(request).id)
    try:
        changed = await site.writer.write(moderation.edit, *asked)
    except Stale as first:
        both = first.current, {**first.current, **edited}
        conflict = await asyncio.to_thread(differences, process, language_of(request), *both)
        return form_page(request, process, plan, typed, photo, first.version, reason=reason, conflict=conflict)
    except Judged:
        judged = site.process(slug) or process
        wrong = [Wrong("items", "judged")]
        return form_page(request, judged, judged.by_id[plan_id], typed, photo, version, wrong, reason=reason)
    except (Frozen, Refused) as error:
        return refused_page(request, process, plan, error.kind if isinstance(error, Refused) else "frozen")
    return see_other(f"/beheer/{process.slug}/plannen/{plan.id}?gedaan={'edit' if changed else 'same'}")


def as_edited(plan: Plan, values: dict[str, Any]) -> dict[str, Any]:
    """The values without a cost: it goes along with the items, and else stays what a verdict made of it. A plan
    without items was shown with one, which is none of it."""
    shown = [[plan.title, plan.cost]]
    items = [] if not plan.items and values["items"] == shown else values["items"]
    themes = themes_kept(plan, values["themes"])
    return {name: values[name] for name in versions.FIELDS if name != "cost"} | {"items": items, "themes": themes}


ROUTES = [new, edit]
