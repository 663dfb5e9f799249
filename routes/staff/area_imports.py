"""Reading in a file of areas: choosing it, seeing what it would change, and then doing it."""

import asyncio
import weakref
from dataclasses import dataclass
from typing import ClassVar

from litestar import Request
from litestar.exceptions import ServiceUnavailableException

from domain import area_files, area_imports, areas, fields
from domain.area_files import LARGEST, AreaFile, FlawedAreaFile
from domain.area_imports import Comparison
from domain.database import connect, writing
from domain.fields import Wrong
from routes import forms
from routes.forms import Form, read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.site import Site
from routes.staff.access import OWNER, staff_answer, staff_of, staff_page, staff_post
from routes.staff.area_tree import START
from routes.staff.held import Held

HELD = Held()
NO_PROCESS = 0
IMPORT = f"{START}/inlezen"
MEGABYTE = 1_000_000
MOST_SHOWN = 400  # lines of a preview
AT_ONCE = 50  # plans that are placed in one write
TYPED = ("gemeente", "jaar")


class Alone(forms.Held):
    """The memory for a file that is larger than any other may be: for one at a time."""

    busy: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(b"")
        self.mine = False

    def more(self, number: int) -> None:
        if not number or self.mine:
            return
        if Alone.busy:
            raise ServiceUnavailableException("another large upload")
        Alone.busy = self.mine = True

    def until_gone(self, form: Form) -> Form:
        if self.mine:
            weakref.finalize(form, Alone.free)
        self.mine = False
        return form

    def __exit__(self, *_: object) -> None:
        if self.mine:
            Alone.free()

    @staticmethod
    def free() -> None:
        Alone.busy = False


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read, and what the person called it."""

    file: AreaFile
    name: str


@staff_page(IMPORT, OWNER)
async def new(request: Request) -> Reply:
    return upload_page(request)


def upload_page(
    request: Request,
    typed: dict[str, str] | None = None,
    wrong: tuple[Wrong, ...] = (),
    flaws: tuple[area_files.Flaw, ...] = (),
) -> Reply:
    """`flaws`: why the file can't be read in."""
    return staff_answer(
        request,
        "staff/area_imports.html",
        status=422 if wrong or flaws else 200,
        typed={"gemeente": usual_municipality(request), "jaar": ""} | (typed or {}),
        wrong=wrong,
        flaws=flaws,
        largest=LARGEST // MEGABYTE,
    )


def usual_municipality(request: Request) -> str:
    """The one that is here, or of several that of the settings; empty where neither says which: volunteers may run the
    site, and what they are called stands in no file of CBS."""
    site = site_of(request)
    known = [area.name for area in areas.tree(site.reader) if area.level == "municipality"]
    named = [name for name in known if area_files.same_name(name, site.settings.municipality)]
    return known[0] if len(known) == 1 else (named or [""])[0]


@staff_post(IMPORT, OWNER, request_max_body_size=LARGEST + 100_000)
async def look(request: Request) -> Reply:
    """What the file would change; nothing is read in yet."""
    site = site_of(request)
    form: Form | None = await read_upload(request, LARGEST + 1, Alone())
    assert form is not None
    typed = {name: fields.line(form.get(name))[:80] for name in TYPED}
    upload = form.files.get("bestand")
    wrong = () if not typed["jaar"] or is_year(typed["jaar"]) else (Wrong("jaar", "not_a_year"),)
    if upload is None or not upload.data:
        wrong = (Wrong("bestand", "missing"), *wrong)
    elif len(upload.data) > LARGEST:
        wrong = (Wrong("bestand", "too_large", LARGEST // MEGABYTE), *wrong)
    if wrong or upload is None:
        return upload_page(request, typed, wrong)
    asked = (upload.data, upload.name, typed["gemeente"], int(typed["jaar"] or 0))
    try:
        read = Read(await asyncio.to_thread(area_files.read_apart, *asked), upload.name)
    except FlawedAreaFile as flawed:
        return upload_page(request, typed, flaws=flawed.flaws)
    finally:
        del form, upload, asked  # 40 MB
    token = HELD.put(NO_PROCESS, staff_of(request).id, read, site.now())
    return preview_page(request, read, await asyncio.to_thread(compared, site, read.file), token)


def is_year(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) == 4 and int(typed) in area_files.YEARS


def compared(site: Site, file: AreaFile) -> Comparison:
    db = connect(site.settings.db, readonly=True)
    try:
        return area_imports.compare(db, file)
    finally:
        db.close()


def preview_page(request: Request, read: Read, made: Comparison, token: str) -> Reply:
    shown = [*made.of("new"), *made.of("changed")][:MOST_SHOWN]
    return staff_answer(
        request,
        "staff/area_imports_preview.html",
        read=read,
        file=read.file,
        made=made,
        shown=shown,
        most=MOST_SHOWN,
        bounded=sum(bool(found.boundary) for found in read.file.areas),
        token=token,
    )


@staff_post(f"{IMPORT}/gebieden", OWNER)
async def read_in(request: Request) -> Reply:
    """All of it, or nothing; then the plans with a pin are placed in the areas anew."""
    site, account_id = site_of(request), staff_of(request).id
    token = (await read_form(request)).get("bestand")
    read: Read | None = HELD.get(token, NO_PROCESS, account_id, site.now())
    if read is None:
        return upload_page(request, wrong=(Wrong("bestand", "gone"),))
    HELD.drop(token)
    made = await asyncio.to_thread(write, site, read.file, account_id)
    moved = 0
    pinned = areas.plans_with_a_pin(site.reader)
    for start in range(0, len(pinned), AT_ONCE):
        moved += await site.writer.write(areas.place_plans, pinned[start : start + AT_ONCE])
    new, changed = len(made.of("new")), len(made.of("changed"))
    return see_other(f"{START}?gedaan=ingelezen&nieuw={new}&gewijzigd={changed}&plannen={moved}")


def write(site: Site, file: AreaFile, account_id: int) -> Comparison:
    """On a connection of its own: a tenth of a second of statements would hold up every visitor."""
    db = connect(site.settings.db)
    try:
        with writing(db):
            return area_imports.read_in(db, file, site.now(), account_id)
    finally:
        db.close()


ROUTES = [new, look, read_in]
