"""Letters (brieven) with a stemcode each, and the list of codes for the printer."""

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import segno

from config.settings import Settings
from domain import codes, processes, roll
from domain.database import Database, writing
from domain.processes import Process
from routes.hosts import base_of
from routes.pages import environment

Pool = ProcessPoolExecutor | None
TEMPLATES = {"letter": "letters/letters.html", "card": "letters/cards.html"}


class Refused(Exception):
    """No codes were drawn; its text says why."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One page: the code in groups, the address to scan, and its QR code as SVG."""

    code: str
    url: str
    qr: str


def issue(
    db: Database,
    secret: bytes,
    settings: Settings,
    slug: str,
    number: int,
    area: str,
    list_path: Path,
    letters_path: Path | None,
    now: datetime,
) -> None:
    """Draw codes, write them to the files, and only then commit: they exist in those files and nowhere else.

    The files are mode 0600 and new. Raises Refused; then no file and no code is there.
    """
    process = processes.load(db, slug)
    refuse(process, slug, now)
    if area.startswith(("=", "+", "-", "@", "\t")):
        raise Refused("The name of an area can't start with = + - or @: a spreadsheet would take it for a formula.")
    assert process is not None
    with new_file(list_path) as code_list, maybe_file(letters_path) as letters, writing(db):
        area_id = area_of(db, process, area)
        drawn = roll.issue(db, secret, process.id, number, area_id)
        write_list(code_list, settings, process, ((code, area) for code in drawn))
        to_disk(code_list)
        if letters is not None:
            write_letters(letters, settings, process, drawn)
            to_disk(letters)


def refuse(process: Process | None, slug: str, now: datetime) -> None:
    if process is None:
        raise Refused(f"There is no process “{slug}”.")
    phase = process.voting_phase
    if phase is None:
        raise Refused(f"The process “{slug}” has no vote.")
    if process.finished or now >= phase.closes_at:
        raise Refused(f"The vote of “{slug}” is closed.")


def area_of(db: Database, process: Process, name: str) -> int | None:
    if not name:
        return None
    (parent,) = db.execute("SELECT area_id FROM processes WHERE id = ?", [process.id]).fetchone()
    return processes.area(db, name, parent)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A file that wasn't there, mode 0600; gone again if the block fails."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(f"{path} exists already. Choose another name.") from error
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def maybe_file(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
    else:
        with new_file(path) as file:
            yield file


def to_disk(file: TextIO) -> None:
    """Codes are on the disk before the database knows them: the other way round they could get lost."""
    file.flush()
    os.fsync(file.fileno())


def url_of(settings: Settings, process: Process, code: str) -> str:
    """The code stands behind the #: a browser sends that to nobody, so it reaches no log."""
    return f"{base_of(settings, process)}/{process.slug}/stemmen#{codes.grouped(code)}"


def write_list(file: TextIO, settings: Settings, process: Process, drawn: Iterable[tuple[str, str]]) -> None:
    """Codes, each with the name of its area."""
    rows = csv.writer(file)
    rows.writerow(["code", "url", "area"])
    rows.writerows([codes.grouped(code), url_of(settings, process, code), area] for code, area in drawn)


def write_letters(
    file: TextIO, settings: Settings, process: Process, drawn: Sequence[str], kind: str = "letter", pool: Pool = None
) -> None:
    """One page a code, or with kind “card” eight cards a page. `pool`: see `drawings`."""
    phase = process.voting_phase
    assert phase is not None
    urls = [url_of(settings, process, code) for code in drawn]
    template = environment("nl").get_template(TEMPLATES[kind])
    with drawings(urls, pool) as qrs:
        letters = (Letter(codes.grouped(code), url, qr) for code, url, qr in zip(drawn, urls, qrs, strict=True))
        context = {"site": settings, "process": process, "opens_at": phase.opens_at, "closes_at": phase.closes_at}
        file.writelines(template.generate(letters=letters, **context))


MANY = 500  # letters; below it, starting other processes takes longer than it saves


@contextlib.contextmanager
def drawings(urls: list[str], pool: Pool = None) -> Iterator[Iterator[str]]:
    """The QR codes of these addresses, drawn on every core where they are many; by the processes of `pool` if given."""
    if pool is not None:
        yield pool.map(draw_qr, urls, chunksize=50)
    elif len(urls) < MANY:
        yield map(draw_qr, urls)
    else:
        with ProcessPoolExecutor() as pool:
            yield pool.map(draw_qr, urls, chunksize=200)


def draw_qr(url: str) -> str:
    """The address as an SVG drawing. A fixed mask: every reader takes any, and choosing takes four times as long."""
    drawing = io.BytesIO()
    qr = segno.make(url, error="m", micro=False, mask=2)
    qr.save(drawing, kind="svg", xmldecl=False, border=2, omitsize=True, svgclass="qr", lineclass=None)
    return drawing.getvalue().decode()
