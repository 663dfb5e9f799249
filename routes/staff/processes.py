"""One process as its staff see it, and making a new one."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from litestar import Request
from litestar.params import FromPath

from domain import choices, fields, phases, planning
from domain.fields import Wrong
from domain.phases import KINDS, Phase
from routes.forms import Form, read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import OWNER, process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.home import counts
from routes.staff.phases import ENDS, Row, read_time, row_of

NEW = "/beheer/nieuw"
TYPED = ("name", "municipality", "area", "summary", "budget", "support_threshold", "themes")


@staff_page("/beheer/{slug:str}")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    """What is open, what waits, and what this person may do here."""
    process = process_for(request, slug)
    return staff_answer(
        request,
        "staff/processes.html",
        process,
        waiting=counts(request, staff_of(request), process),
        counted=planning.counts(site_of(request).reader, process.id),
    )


@staff_page(NEW, OWNER)
async def new(request: Request) -> Reply:
    today = site_of(request).now().astimezone(phases.HERE).date()
    first = today + timedelta(days=7 - today.weekday())
    rows = {phase.kind: row_of(phase) for phase in choices.default_phases(first)}
    return new_page(request, {"municipality": site_of(request).settings.municipality}, rows)


def new_page(request: Request, typed: Mapping[str, str], rows: Mapping[str, Row], wrong: Iterable[Wrong] = ()) -> Reply:
    return staff_answer(
        request,
        "staff/processes_new.html",
        status=422 if wrong else 200,
        typed={name: typed.get(name, "") for name in TYPED},
        kinds=KINDS,
        rows=rows,
        wrong=list(wrong),
        most=choices.MOST,
    )


@staff_post(NEW, OWNER)
async def create(request: Request) -> Reply:
    site = site_of(request)
    form = await read_form(request)
    typed = {name: form.get(name)[:20_000] for name in TYPED}
    rows = {kind: row_from(form, kind) for kind in KINDS}
    row, wrong = choices.read_new(typed)
    listed, wrong_dates = read_phases(rows)
    if wrong := [*wrong, *wrong_dates]:
        return new_page(request, typed, rows, wrong)
    slug = await site.writer.write(choices.create, row, listed, site.now(), staff_of(request).id)
    return see_other(f"/beheer/{slug}")


def row_from(form: Form, kind: str) -> Row:
    """Of a new process only the days are asked; every phase begins and ends at midnight."""
    moments = {f"{end}_time": "0:00" for end in ENDS}
    moments |= {f"{end}_date": form.get(f"{kind}-{end}_date").strip()[:20] for end in ENDS}
    return Row(any(moments[f"{end}_date"] for end in ENDS), moments)


def read_phases(rows: Mapping[str, Row]) -> tuple[list[Phase], list[Wrong]]:
    """The phases that have dates, and what is wrong with those."""
    listed: list[Phase] = []
    wrong: list[Wrong] = []
    for kind, row in rows.items():
        ends = []
        for end in ENDS if row.present else ():
            name = f"{end}_date"
            try:
                ends.append(planning.moment(fields.day(row[name]), read_time("0:00")))
            except ValueError:
                wrong.append(Wrong(f"{kind}-{name}", "not_a_date" if row[name] else "missing"))
        if len(ends) == len(ENDS):
            if ends[0] >= ends[1]:
                wrong.append(Wrong(f"{kind}-closes_date", "closes_before_opens"))
            else:
                listed.append(Phase(kind, ends[0], ends[1]))
    return listed, wrong


ROUTES = [show, new, create]
