"""Drawing codes (stemcodes): how many there are, and a file with new ones that can be had once.

The file is made in memory and the codes are on no roll until it is whole; a visitor who went away meanwhile leaves
nothing behind. It is never written to the disk, and nothing can make it again.
"""

import asyncio
import io
import multiprocessing
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from litestar import Request
from litestar.params import FromPath

from domain import area_figures, batches, fields, sheets
from domain.batches import KINDS, MOST, MOST_ON_PAPER, Batch, Refused
from domain.database import connect, writing
from domain.fields import Wrong
from domain.processes import Process, slug_from
from routes import letters
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.replies import Reply, reply
from routes.site import Site
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

ON_ONE_FILE = 1_000  # letters or cards: what a browser prints well
MANY = 500  # of which the QR codes are drawn by other processes
ONE_AT_A_TIME = threading.Lock()
GONE = 0.01  # seconds to look whether the visitor still waits
NAMES = {"letter": "brieven", "card": "kaartjes", "list": "stemcodes"}


@dataclass(frozen=True, slots=True)
class File:
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for: numbers by area id, None for the whole; and which file."""

    numbers: Mapping[int | None, int]
    kind: str
    expected: int

    @property
    def total(self) -> int:
        return sum(self.numbers.values())


def field_of(area_id: int | None) -> str:
    return "aantal" if area_id is None else f"aantal-{area_id}"


@staff_page("/beheer/{slug:str}/codes", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return codes_page(request, process_for(request, slug))


def codes_page(
    request: Request,
    process: Process,
    typed: Mapping[str, str] | None = None,
    wrong: Sequence[Wrong] = (),
    refused: str = "",
    status: int = 200,
) -> Reply:
    """`refused`: why no codes were drawn just now."""
    site = site_of(request)
    places = batches.places(site.reader, process.id)
    figures = area_figures.of(site.reader, [area.id for area in places])
    counts = batches.issued(site.reader, process.id)
    here = {area.id for area in places}
    return staff_answer(
        request,
        "staff/codes.html",
        process,
        status=422 if wrong else status,
        places=places,
        inhabitants={id_: known["inhabitants"].value for id_, known in figures.items() if "inhabitants" in known},
        issued=counts,
        elsewhere=sum(number for area_id, number in counts.items() if area_id is not None and area_id not in here),
        total=sum(counts.values()),
        typed=typed or {},
        wrong=wrong,
        refused=refused or why_not(site, process),
        expected=sum(counts.values()),
        most=MOST,
        most_on_paper=MOST_ON_PAPER,
        field_of=field_of,
    )


def why_not(site: Site, process: Process) -> str:
    try:
        batches.refuse(site.reader, process, site.now())
    except Refused as refused:
        return refused.kind
    return ""


@staff_post("/beheer/{slug:str}/codes", "beheerder")
async def warn(request: Request, slug: FromPath[str]) -> Reply:
    """What will happen, before it happens; nothing is drawn yet."""
    process = process_for(request, slug)
    form = await read_form(request)
    typed, order, wrong = ordered(request, process, form)
    if wrong or why_not(site_of(request), process):
        return codes_page(request, process, typed, wrong, status=409)
    places = {area.id: area for area in batches.places(site_of(request).reader, process.id)}
    listed = [(places[id_].name if id_ else "", number, field_of(id_)) for id_, number in order.numbers.items()]
    return staff_answer(request, "staff/codes_confirm.html", process, order=order, listed=listed)


def ordered(request: Request, process: Process, form: Form) -> tuple[dict[str, str], Order, list[Wrong]]:
    """What was typed, what it means and what is wrong with it."""
    site = site_of(request)
    ids = [None, *(area.id for area in batches.places(site.reader, process.id))]
    typed = {field_of(id_): form.get(field_of(id_)).strip()[:20] for id_ in ids}
    typed |= {"soort": form.get("soort"), "verwacht": form.get("verwacht")}
    numbers: dict[int | None, int] = {}
    wrong: list[Wrong] = []
    for id_ in ids:
        name = field_of(id_)
        try:
            numbers[id_] = fields.number(typed[name] or "0")
        except ValueError:
            wrong.append(Wrong(name, "not_a_number"))
            continue
        if numbers[id_] < 0:
            wrong.append(Wrong(name, "too_low", 0))
    numbers = {id_: number for id_, number in numbers.items() if number}
    kind = typed["soort"] if typed["soort"] in KINDS else ""
    if not kind:
        wrong.append(Wrong("soort", "not_a_choice"))
    total, most = sum(numbers.values()), MOST if kind == "list" else MOST_ON_PAPER
    if not wrong and total < 1:
        wrong.append(Wrong("aantal", "nothing"))
    if not wrong and total > most:
        wrong.append(Wrong("aantal", "too_many_at_once" if kind == "list" else "too_many_on_paper", most))
    expected = typed["verwacht"]
    return (
        typed,
        Order(numbers, kind, int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 10 else -1),
        wrong,
    )


@staff_post("/beheer/{slug:str}/codes/bestand", "beheerder")
async def draw(request: Request, slug: FromPath[str]) -> Reply:
    """The file with new codes; from its answer on they count."""
    process, site = process_for(request, slug), site_of(request)
    account_id = staff_of(request).id
    typed, order, wrong = ordered(request, process, await read_form(request))
    if wrong:
        return codes_page(request, process, typed, wrong)
    names = {area.id: area.name for area in batches.places(site.reader, process.id)}
    try:
        batches.refuse(site.reader, process, site.now())
        batch, file = await asyncio.to_thread(make, site, process, order, names)
        if await went_away(request):
            return reply(b"", "text/plain", {"Cache-Control": "no-store"}, status=409)
        await asyncio.shield(asyncio.to_thread(enter, site, process, batch, order, account_id))
    except Refused as refused:
        return codes_page(request, process, typed, refused=refused.kind, status=409)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return reply(file.data, file.media_type, headers)


async def went_away(request: Request) -> bool:
    """Whether the visitor closed the line, as a second click on the button does: then nothing has happened yet."""
    try:
        async with asyncio.timeout(GONE):
            message = await request.receive()
    except TimeoutError:
        return False
    return message["type"] == "http.disconnect"


def make(site: Site, process: Process, order: Order, names: Mapping[int, str]) -> tuple[Batch, File]:
    """New codes and the file with them; for one at a time, for it takes memory. Blocks, for seconds if many."""
    with ONE_AT_A_TIME:
        batch = batches.draw(site.secret, process.id, order.numbers)
        files = (
            list_of(site, process, batch, names) if order.kind == "list" else paper(site, process, batch, order, names)
        )
        return batch, packed(process, order.kind, list(files))


def list_of(site: Site, process: Process, batch: Batch, names: Mapping[int, str]) -> Iterator[tuple[str, bytes]]:
    text = io.StringIO(newline="")
    named = ((code, name_of(names, area_id)) for area_id, drawn in batch.codes.items() for code in drawn)
    letters.write_list(text, site.settings, process, named)
    yield f"{process.slug}-stemcodes.csv", text.getvalue().encode()


def name_of(names: Mapping[int, str], area_id: int | None) -> str:
    return sheets.disarmed(names[area_id]) if area_id else ""


def paper(
    site: Site, process: Process, batch: Batch, order: Order, names: Mapping[int, str]
) -> Iterator[tuple[str, bytes]]:
    """Pages to print, those of one area together and no more in one file than a browser prints well."""
    with drawers(batch.number) as pool:
        for area_id, drawn in batch.codes.items():
            for start in range(0, len(drawn), ON_ONE_FILE):
                text = io.StringIO()
                part = drawn[start : start + ON_ONE_FILE]
                letters.write_letters(text, site.settings, process, part, order.kind, pool)
                where = [slug_from(names[area_id])] if area_id else []
                which = [str(start // ON_ONE_FILE + 1)] if len(drawn) > ON_ONE_FILE else []
                name = "-".join([process.slug, NAMES[order.kind], *where, *which])
                yield f"{name}.html", text.getvalue().encode()


@contextmanager
def drawers(number: int) -> Iterator[ProcessPoolExecutor | None]:
    """Other processes to draw many QR codes, so that visitors don't wait; made anew, for a copy of a process with
    threads can hang."""
    if number < MANY:
        yield None
        return
    workers = max(1, (os.cpu_count() or 2) - 1)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, fresh, initializer=os.nice, initargs=(10,)) as pool:
        yield pool


def packed(process: Process, kind: str, files: list[tuple[str, bytes]]) -> File:
    """The file, or a ZIP of them where there are more."""
    if len(files) == 1:
        name, data = files[0]
        return File(name, "text/csv" if name.endswith(".csv") else "text/html", data)
    together, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(together, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(files, 1):
            archive.writestr(name if name not in taken else f"{number}-{name}", data)
            taken.add(name)
    return File(f"{process.slug}-{NAMES[kind]}.zip", "application/zip", together.getvalue())


def enter(site: Site, process: Process, batch: Batch, order: Order, account_id: int) -> None:
    """On a connection of its own: thousands of rows would hold up every visitor."""
    db = connect(site.settings.db)
    try:
        with writing(db):
            batches.enter(db, process, batch, order.expected, order.kind, site.now(), account_id)
    finally:
        db.close()


ROUTES = [show, warn, draw]
