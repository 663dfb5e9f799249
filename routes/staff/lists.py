"""Lists: plans, supports and reactions to download, and plans to read in."""

import asyncio
from collections.abc import Callable

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import fields, lists, sheets, submissions
from domain.database import Database
from domain.fields import Wrong
from domain.lists import Preview
from domain.moderation import LONGEST_REASON, Refused
from domain.processes import Process
from domain.sheets import Unreadable
from domain.versions import Frozen, Judged, Stale
from routes.forms import read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.held import Held

HELD = Held()
LARGEST = 4_000_000  # bytes of a list
MEGABYTE = 1_000_000
MOST_SHOWN = 200  # lines of a preview

MAKERS: dict[str, tuple[tuple[str, ...], Callable[[Database, Process], list[lists.Row]]]] = {
    "plannen": (lists.PLANS, lambda _db, process: lists.plans_of(process)),
    "steun": (lists.SUPPORTS, lists.supports_of),
    "reacties": (lists.REACTIONS, lists.reactions_of),
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITERS = {"csv": ("text/csv", sheets.write_csv), "xlsx": (XLSX, sheets.write_xlsx)}


@staff_page("/beheer/{slug:str}/export", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return staff_answer(request, "staff/lists.html", process_for(request, slug), formats=tuple(WRITERS))


@staff_page("/beheer/{slug:str}/export/{file:str}", "beheerder")
async def download(request: Request, slug: FromPath[str], file: FromPath[str]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    name, _, ending = file.partition(".")
    if name not in MAKERS or ending not in WRITERS:
        raise NotFoundException
    columns, rows_of = MAKERS[name]
    media_type, write = WRITERS[ending]
    body = await asyncio.to_thread(lambda: write(site.read(rows_of, process), columns))
    headers = {
        "Content-Disposition": f'attachment; filename="{process.slug}-{name}.{ending}"',
        "Cache-Control": "no-store",
    }
    return reply(body, media_type, headers)


@staff_page("/beheer/{slug:str}/import", "beheerder")
async def new(request: Request, slug: FromPath[str]) -> Reply:
    return upload_page(request, process_for(request, slug))


def upload_page(request: Request, process: Process, wrong: tuple[Wrong, ...] = (), row: int | None = None) -> Reply:
    return staff_answer(
        request,
        "staff/lists_import.html",
        process,
        status=422 if wrong else 200,
        columns=lists.EDITED,
        of_new=lists.OF_NEW,
        most_cost=submissions.most_cost(process),
        wrong=wrong,
        row=row,
        voting=process.frozen(site_of(request).now()),
        largest=LARGEST // MEGABYTE,
        done=request.query_params.get("nieuw", ""),
        changed=request.query_params.get("gewijzigd", ""),
    )


@staff_post("/beheer/{slug:str}/import", "beheerder", request_max_body_size=LARGEST + 100_000)
async def look(request: Request, slug: FromPath[str]) -> Reply:
    """What the list would do, row by row; nothing is read in yet."""
    process, site = process_for(request, slug), site_of(request)
    form = await read_upload(request, LARGEST + 1)
    upload = form.files.get("lijst")
    if upload is None or not upload.data:
        return upload_page(request, process, (Wrong("lijst", "missing"),))
    if len(upload.data) > LARGEST:
        return upload_page(request, process, (Wrong("lijst", "too_large", LARGEST // MEGABYTE),))
    try:
        rows = await asyncio.to_thread(sheets.read, upload.data)
        letters = await asyncio.to_thread(sheets.letters, upload.data)
    except Unreadable as refused:
        return upload_page(request, process, (Wrong("lijst", refused.kind, LARGEST // MEGABYTE),), refused.row)
    made = await asyncio.to_thread(lists.preview, process, rows, letters)
    token = HELD.put(process.id, staff_of(request).id, made, site.now())
    return preview_page(request, process, made, token)


def preview_page(
    request: Request,
    process: Process,
    made: Preview,
    token: str,
    wrong: tuple[Wrong, ...] = (),
    *,
    reason: str = "",
    refused: str = "",
) -> Reply:
    """`refused`: why it was not read in just now."""
    return staff_answer(
        request,
        "staff/lists_preview.html",
        process,
        status=409 if refused else 422 if wrong or made.mistakes else 200,
        made=made,
        voting=process.frozen(site_of(request).now()),
        most=MOST_SHOWN,
        token=token,
        wrong=wrong,
        reason=reason,
        refused=refused,
        longest=LONGEST_REASON,
    )


@staff_post("/beheer/{slug:str}/import/plannen", "beheerder")
async def read_in(request: Request, slug: FromPath[str]) -> Reply:
    """All of it, or nothing."""
    process, site = process_for(request, slug), site_of(request)
    form, account_id = await read_form(request), staff_of(request).id
    token = form.get("bestand")
    made: Preview | None = HELD.get(token, process.id, account_id, site.now())
    if made is None:
        return upload_page(request, process, (Wrong("lijst", "gone"),))
    reason = fields.text(form.get("reden"))
    wrong = tuple(fields.check_text("reden", reason, LONGEST_REASON, required=bool(made.of("changed"))))
    if wrong or made.mistakes:
        return preview_page(request, process, made, token, wrong, reason=reason)
    arguments = (process, made.lines, reason, site.now(), account_id)
    try:
        new, changed = await site.writer.write(lists.read_in, *arguments)
    except (Stale, Frozen, Judged, Refused) as error:
        kind = error.kind if isinstance(error, Refused) else type(error).__name__.lower()
        return preview_page(request, process, made, token, reason=reason, refused=kind)
    HELD.drop(token)
    return see_other(f"/beheer/{process.slug}/import?nieuw={new}&gewijzigd={changed}")


ROUTES = [show, download, new, look, read_in]
