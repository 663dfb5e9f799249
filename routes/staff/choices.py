"""The choices of a process that staff make, its photo, and the boundary of its area."""

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import choices, photos
from domain.choices import ThemeRow
from domain.fields import Wrong, WrongFields, line
from domain.photos import NotAPhoto
from domain.processes import Process
from domain.submissions import amount
from routes.forms import Form, read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

MEGABYTE = 1_000_000
NEW_THEMES = 3  # empty fields for more
TEXTS = ("name", "summary", "description", "budget", "support_threshold", "max_plan_cost", *choices.ALLOWED)


@staff_page("/beheer/{slug:str}/keuzes", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process, db = process_for(request, slug), site_of(request).reader
    return form_page(
        request,
        process,
        typed_from(choices.of(db, process.id)),
        choices.themes_of(db, process.id),
        choices.mark(db, process.id),
    )


def typed_from(row: Mapping[str, Any]) -> dict[str, str]:
    """The choices as they stand in fields."""
    typed = {name: "" if row[name] is None else str(row[name]) for name in TEXTS}
    for name in ("budget", "max_plan_cost"):
        typed[name] = "" if row[name] is None else amount(row[name])
    return typed | {"reactions_allowed": "1" if row["reactions_allowed"] else ""}


def form_page(
    request: Request,
    process: Process,
    typed: Mapping[str, str],
    themes: Iterable[ThemeRow],
    mark: str,
    wrong: Iterable[Wrong] = (),
    *,
    meanwhile: Mapping[str, str] | None = None,
) -> Reply:
    """`meanwhile`: what a colleague chose first, of what differs from what was typed."""
    listed = [*themes]
    empty = NEW_THEMES - sum(theme.id is None for theme in listed)
    return staff_answer(
        request,
        "staff/choices.html",
        process,
        status=409 if meanwhile is not None else 422 if wrong else 200,
        typed=typed,
        themes=[*listed, *[ThemeRow(None, "")] * max(0, empty)],
        mark=mark,
        wrong=list(wrong),
        meanwhile=meanwhile,
        most=choices.MOST,
        longest_theme=choices.LONGEST_THEME,
        voting=process.frozen(site_of(request).now()),
        largest=photos.LARGEST // MEGABYTE,
        done=request.query_params.get("gedaan", ""),
    )


@staff_post("/beheer/{slug:str}/keuzes", "beheerder")
async def save(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    form = await read_form(request)
    typed = {name: form.get(name)[:20_000] for name in (*TEXTS, "reactions_allowed")}
    themes = themes_from(form)
    row, wrong = choices.read(typed)
    if wrong:
        return form_page(request, process, typed, themes, form.get("mark"), wrong)
    arguments = (process, form.get("mark"), row, themes, site.now(), staff_of(request).id)
    try:
        changed = await site.writer.write(choices.save, *arguments)
    except WrongFields as refused:
        return form_page(request, process, typed, themes, form.get("mark"), refused.wrong)
    except choices.Stale as first:
        return stale_page(request, process_for(request, slug), typed, typed_from(first.current), themes)
    return see_other(f"/beheer/{process.slug}/keuzes?gedaan={'keuzes' if changed else 'niets'}")


def stale_page(
    request: Request, process: Process, typed: Mapping[str, str], there: Mapping[str, str], themes: list[ThemeRow]
) -> Reply:
    differs = {name: value for name, value in there.items() if value != typed[name]}
    mark = choices.mark(site_of(request).reader, process.id)
    return form_page(request, process, typed, themes, mark, meanwhile=differs)


def themes_from(form: Form) -> list[ThemeRow]:
    """The themes as the form has them: theme-1 with theme-1-id, theme-2 …; new ones without a name are left out."""
    listed = []
    for n in range(1, choices.MOST_THEMES + NEW_THEMES + 1):
        name, typed_id = line(form.get(f"theme-{n}"))[:500], form.get(f"theme-{n}-id")
        known = int(typed_id) if typed_id.isascii() and typed_id.isdigit() and len(typed_id) < 16 else None
        if name or known is not None:
            listed.append(ThemeRow(known, name))
    return listed


@staff_post("/beheer/{slug:str}/foto", "beheerder", request_max_body_size=photos.LARGEST + 200_000)
async def photo(request: Request, slug: FromPath[str]) -> Reply:
    """The photo on top of the process's page, or none any more."""
    process, site = process_for(request, slug), site_of(request)
    form = await read_upload(request)
    upload = form.files.get("photo")
    if "weg" in form:
        await site.writer.write(choices.set_photo, process, "", site.now(), staff_of(request).id)
        return see_other(f"/beheer/{process.slug}/keuzes?gedaan=foto#photo-part")
    if upload is None or not upload.data:
        return photo_refused(request, process, "missing")
    try:
        pictures = await photos.prepared(upload.data)
    except NotAPhoto as refused:
        return photo_refused(request, process, refused.kind)
    key = await site.writer.write(photos.store, pictures)
    await site.writer.write(choices.set_photo, process, key, site.now(), staff_of(request).id)
    return see_other(f"/beheer/{process.slug}/keuzes?gedaan=foto#photo-part")


def photo_refused(request: Request, process: Process, kind: str) -> Reply:
    db = site_of(request).reader
    wrong = [Wrong("photo", kind, photos.LARGEST // MEGABYTE)]
    typed = typed_from(choices.of(db, process.id))
    return form_page(request, process, typed, choices.themes_of(db, process.id), choices.mark(db, process.id), wrong)


ROUTES = [show, save, photo]
