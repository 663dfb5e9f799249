"""The phases of a process: open and close now, move dates, with what that changes said first."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import fields, phases, planning
from domain.fields import Wrong
from domain.phase_kinds import KINDS
from domain.phases import HERE, NoSuchTime, Phase
from domain.planning import LONGEST_TEXT, Change, Refused, Stale
from domain.processes import Process
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post

ENDS = ("opens", "closes")
NOW = tuple(f"{kind}-{end}" for kind in KINDS for end in ENDS)  # what “open now” and “close now” send


@dataclass(frozen=True, slots=True)
class Row:
    """A phase as it stands in the form, right or wrong; dates and times as typed."""

    present: bool = False
    moments: Mapping[str, str] = field(default_factory=dict)  # opens_date, opens_time, closes_date, closes_time
    text: str = ""
    reactions_allowed: bool = True

    def __getitem__(self, name: str) -> str:
        return self.moments.get(name, "")


@staff_page("/beheer/{slug:str}/fasen", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    return form_page(request, process, {kind: row_of(process.phase(kind)) for kind in KINDS})


def row_of(phase: Phase | None) -> Row:
    if phase is None:
        return Row()
    moments: dict[str, str] = {}
    for end, at in (("opens", phase.opens_at), ("closes", phase.closes_at)):
        local = at.astimezone(HERE)
        moments |= {f"{end}_date": f"{local:%Y-%m-%d}", f"{end}_time": f"{local:%H:%M}"}
    return Row(True, moments, phase.text, phase.reactions_allowed)


def form_page(
    request: Request,
    process: Process,
    rows: Mapping[str, Row],
    wrong: Iterable[Wrong] = (),
    change: Change | None = None,
    *,
    stale: bool = False,
    same: bool = False,
) -> Reply:
    """`change`: what was asked and refused. `stale`: somebody else moved the phases first. `same`: what was sent is how
    it is already."""
    return staff_answer(
        request,
        "staff/phases.html",
        process,
        status=409 if stale or change else 422 if wrong else 200,
        kinds=KINDS,
        rows=rows,
        wrong=list(wrong),
        change=change,
        stale=stale,
        same=same,
        longest=LONGEST_TEXT,
        done=request.query_params.get("gedaan") == "1",
    )


def now_of(request: Request) -> datetime:
    """Now, in the whole seconds in which phases open and close."""
    return site_of(request).now().replace(microsecond=0)


@staff_post("/beheer/{slug:str}/fasen", "beheerder")
async def confirm(request: Request, slug: FromPath[str]) -> Reply:
    """What the dates that were typed would change; nothing changes yet."""
    process, now = process_for(request, slug), now_of(request)
    form = await read_form(request)
    if "nu" in form:
        return await confirm_page(request, process, at_once(process, form.get("nu"), now), now, form.get("nu"))
    rows = {kind: row_from(form, kind) for kind in KINDS}
    wanted, wrong = read(process, rows)
    if wrong:
        return form_page(request, process, rows, wrong)
    return await confirm_page(request, process, wanted, now, rows=rows)


def at_once(process: Process, asked: str, now: datetime) -> tuple[Phase, ...]:
    """The phases with one that opens or closes now. Raises NotFoundException for what nobody can ask."""
    if asked not in NOW:
        raise NotFoundException
    kind, _, end = asked.partition("-")
    if end == "opens":
        return planning.opened(process, kind, now)
    # A second later: what was handed in during this second came before closing.
    return planning.closed(process, kind, now + timedelta(seconds=1))


def row_from(form: Form, kind: str) -> Row:
    names = [f"{end}_{part}" for end in ENDS for part in ("date", "time")]
    moments = {name: form.get(f"{kind}-{name}").strip()[:20] for name in names}
    text = fields.text(form.get(f"{kind}-text"))
    return Row(f"{kind}-present" in form, moments, text, f"{kind}-reactions" in form)


def read(process: Process, rows: Mapping[str, Row]) -> tuple[list[Phase], list[Wrong]]:
    """The phases that the form means, and what is wrong with it."""
    wanted: list[Phase] = []
    wrong: list[Wrong] = []
    for kind, row in rows.items():
        if row.present:
            wrong += fields.check_text(f"{kind}-text", row.text, LONGEST_TEXT)
            opens, closes = (read_moment(process, kind, row, end, wrong) for end in ENDS)
            if opens and closes:
                wanted.append(Phase(kind, opens, closes, row.text, row.reactions_allowed))
    return wanted, wrong


def read_moment(process: Process, kind: str, row: Row, end: str, wrong: list[Wrong]) -> datetime | None:
    there = process.phase(kind)
    before = getattr(there, f"{end}_at") if there else None
    for part, check in (("date", fields.day), ("time", read_time)):
        typed = row[f"{end}_{part}"]
        try:
            check(typed)
        except ValueError:
            wrong.append(Wrong(f"{kind}-{end}_{part}", f"not_a_{part}" if typed else "missing"))
            return None
    try:
        return phases.moment(fields.day(row[f"{end}_date"]), read_time(row[f"{end}_time"]), before)
    except NoSuchTime:
        wrong.append(Wrong(f"{kind}-{end}_time", "no_such_time"))
    except ValueError:
        wrong.append(Wrong(f"{kind}-{end}_date", "not_a_date"))
    return None


def read_time(typed: str) -> time:
    """A time as the browser sends it (09:30), or as people type it (9.30). Raises ValueError."""
    hours, _, minutes = typed.replace(".", ":").partition(":")
    if not (hours + minutes[:2]).isascii() or not (hours + minutes[:2]).isdigit() or len(minutes[:2]) != 2:
        raise ValueError(typed)
    return time(int(hours), int(minutes[:2]))


async def confirm_page(
    request: Request,
    process: Process,
    wanted: Iterable[Phase],
    now: datetime,
    at_once: str = "",
    *,
    rows: Mapping[str, Row] | None = None,
    stale: bool = False,
) -> Reply:
    """What would happen; where it can't, the form again with why."""
    wanted = tuple(wanted)
    # On a thread: a town has a million codes to count.
    read, look = site_of(request).read, lambda db, there: planning.change(db, there, wanted, now)
    change = await asyncio.to_thread(read, look, process)
    shown = rows or {kind: row_of(next((p for p in wanted if p.kind == kind), None)) for kind in KINDS}
    if change.refused:
        return form_page(request, process, shown, change=change)
    if not change.moves:
        return form_page(request, process, shown, stale=stale, same=not stale)
    return staff_answer(
        request,
        "staff/phases_confirm.html",
        process,
        status=409 if stale else 200,
        change=change,
        wanted=[(phase, phases.to_text(phase.opens_at), phases.to_text(phase.closes_at)) for phase in wanted],
        mark=planning.mark(process.phases),
        at_once=at_once,
        stale=stale,
    )


@staff_post("/beheer/{slug:str}/fasen/wijziging", "beheerder")
async def move(request: Request, slug: FromPath[str]) -> Reply:
    process, site, now = process_for(request, slug), site_of(request), now_of(request)
    form = await read_form(request)
    asked = form.get("nu")
    wanted = at_once(process, asked, now) if asked else confirmed(form)
    arguments = (process, form.get("mark"), wanted, now, staff_of(request).id)
    try:
        await site.writer.write(planning.move, *arguments)
    except (Stale, Refused):  # it is not any more as it was when the page said what would happen
        there = process_for(request, slug)
        again = at_once(there, asked, now) if asked else wanted
        return await confirm_page(request, there, again, now, asked, stale=True)
    return see_other(f"/beheer/{process.slug}/fasen?gedaan=1")


def confirmed(form: Form) -> tuple[Phase, ...]:
    """The phases as the confirmation page holds them. Raises NotFoundException for what that page never sends."""
    listed = []
    for kind in KINDS:
        if f"{kind}-opens" in form:
            try:
                opens, closes = (phases.from_text(form.get(f"{kind}-{end}")) for end in ENDS)
            except ValueError as error:
                raise NotFoundException from error
            text = fields.text(form.get(f"{kind}-text"))[:LONGEST_TEXT]
            listed.append(Phase(kind, opens, closes, text, f"{kind}-reactions" in form))
    return tuple(listed)


ROUTES = [show, confirm, move]
