"""The text of a plan: its makers change it, and everybody sees what changed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from domain import photos, proposals, submissions, versions
from domain.database import Database
from domain.fields import Wrong
from domain.plans import Plan
from domain.processes import Process
from domain.proposals import Proposal
from domain.submissions import Typed
from domain.versions import Frozen, Judged, Stale
from routes.formats import money
from routes.forms import LARGEST_UPLOAD, Form, read_upload
from routes.languages import language_of
from routes.makers import may_edit, not_yours, plan_and_maker
from routes.notices import notice
from routes.pages import answer, page, shared, site_of
from routes.replies import Reply, see_other
from routes.submissions import form_values, pictures_from, status_of, with_pin


@page("/{slug:str}/plannen/{plan_id:int}/versies")
async def index(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    """What changed in a plan, when, and whether staff did it. For everyone who may see the plan."""
    process, plan, _ = plan_and_maker(request, slug, plan_id)

    def values() -> dict[str, Any]:
        changes, budget = versions.history(site_of(request).reader, plan_id), versions.Budget()
        return {
            "plan": plan,
            "changes": [(each, differences(process, language, each.old, each.new, budget)) for each in changes],
        }

    language = language_of(request)
    return shared(request, "versions/index.html", process, (plan_id,), values)


def differences(
    process: Process,
    language: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    budget: versions.Budget | None = None,
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What differs, per field that a page has a name for; of a photo and a pin only that they do."""
    texts = versions.diff(as_texts(process, language, old), as_texts(process, language, new), budget)
    shown = [(name, parts) for name, parts in texts.items()]
    if old["photo"] != new["photo"]:
        shown.append(("photo", []))
    if (old["lat"], old["lon"]) != (new["lat"], new["lon"]):
        shown.append(("pin", []))
    return shown


def as_texts(process: Process, language: str, fields: Mapping[str, Any]) -> dict[str, str]:
    themes = [theme.name for theme in process.themes if theme.id in fields["themes"]]
    lines = [f"{what}: {money(cents, process.currency, language)}" for what, cents in fields["items"]]
    texts = {name: fields[name] for name in versions.TEXTS}
    texts |= {"theme": ", ".join(themes), "items": "\n".join(lines)}
    return texts | {"cost": money(fields["cost"], process.currency, language)}


@page("/{slug:str}/plannen/{plan_id:int}/wijzigen")
async def edit(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    if not may_edit(process, plan, site_of(request).now()):
        return too_late(request, process, plan)
    waiting = proposals.of_plan(site_of(request).reader, plan.id)
    typed, photo = typed_before(plan, waiting)
    return edit_page(request, process, plan, typed, photo, plan.version, waiting.mark if waiting else "")


def typed_before(plan: Plan, waiting: Proposal | None) -> tuple[Typed, str]:
    """The form and photo that a maker goes on with: those of the change that waits for staff, where there is one."""
    if waiting is None:
        return submissions.typed_from_plan(plan), plan.photo
    fields = waiting.fields
    return submissions.typed_from_fields(fields), fields["photo"]


def too_late(request: Request, process: Process, plan: Plan, typed: Typed | None = None) -> Reply:
    """`typed`: what was written and is not saved, to be read."""
    status = 409 if typed else 200
    return answer(request, "versions/too_late.html", process, status=status, secret=True, plan=plan, typed=typed)


def edit_page(
    request: Request,
    process: Process,
    plan: Plan,
    typed: Typed,
    photo: str,
    version: int,
    mark: str = "",
    wrong: Sequence[Wrong] = (),
    conflict: list[tuple[str, list[tuple[str, str]]]] | None = None,
) -> Reply:
    return answer(
        request,
        "versions/edit.html",
        process,
        status=409 if conflict is not None else status_of(wrong),
        secret=True,
        plan=plan,
        version=version,
        mark=mark,
        read_first=proposals.read_first(site_of(request).reader, plan.id),
        conflict=conflict,
        unsaved=request.method == "POST",
        **form_values(request, process, typed, photo, wrong, photo_kept=photo == plan.photo),
    )


@post("/{slug:str}/plannen/{plan_id:int}/wijzigen", status_code=200, request_max_body_size=LARGEST_UPLOAD)
async def save(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    site = site_of(request)
    process, plan, maker = plan_and_maker(request, slug, plan_id)
    if maker is None:
        return not_yours(request, process, plan)
    form = await read_upload(request)
    typed, version, mark = with_pin(request, process, form), number(form.get("version")), form.get("mark")
    if not may_edit(process, plan, site.now()):
        return too_late(request, process, plan, typed)
    photo, wrong = await photo_from(request, form)
    values, wrong_fields = submissions.checked(process, typed, photo, maker=False)
    wrong += wrong_fields
    if any(button in form for button in NOT_YET):
        return edit_page(request, process, plan, typed, photo, version, mark, only_photo(wrong))
    if wrong:
        return edit_page(request, process, plan, typed, photo, version, mark, wrong)
    values["themes"] = themes_kept(plan, values["themes"])
    try:
        public = await site.writer.write(
            proposals.edit_by, process, plan_id, maker.id, version, mark, values, site.now()
        )
    except (Frozen, Judged):
        return too_late(request, process, plan, typed)
    except Stale as stale:
        return await stale_page(request, process, plan, typed, values, stale)
    return see_other(plan.url, [notice(request, "edited" if public else "edit_waits")])


NOT_YET = ("rij", "foto", "foto_weg", "prik.x", "prik_weg")  # buttons inside the form: it goes on


def number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def only_photo(wrong: Sequence[Wrong]) -> list[Wrong]:
    return [one for one in wrong if one.field == "photo"]


def themes_kept(plan: Plan, chosen: list[int]) -> list[int]:
    """The form chooses one theme; staff may have given the plan more, which stay where the first of them stays."""
    before = [theme.id for theme in plan.themes]
    return before if chosen == before[:1] else chosen


async def photo_from(request: Request, form: Form) -> tuple[str, list[Wrong]]:
    """The key of the photo: of the one that came along, or of the one that the form had before."""
    pictures, wrong = await pictures_from(request, form)
    site, before = site_of(request), form.get("photo_key")
    if pictures is not None:
        return await site.writer.write(photos.store, pictures), []
    if "foto_weg" in form:
        return "", wrong
    if before and not has_photo(site.reader, before):
        return "", [*wrong, Wrong("photo", "gone")]
    return before, wrong


def has_photo(db: Database, key: str) -> bool:
    return bool(db.execute("SELECT 1 FROM photos WHERE key = ?", [key]).fetchone())


async def stale_page(
    request: Request, process: Process, plan: Plan, typed: Typed, values: dict[str, Any], stale: Stale
) -> Reply:
    """Somebody was first: what they made of it beside what was typed, which is kept in the form."""
    conflict = await asyncio.to_thread(differences, process, language_of(request), stale.current, values)
    waiting = proposals.of_plan(site_of(request).reader, plan.id)
    mark = waiting.mark if waiting else ""
    return edit_page(request, process, plan, typed, values["photo"], stale.version, mark, (), conflict)


ROUTES = [index, edit, save]
