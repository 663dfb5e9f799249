"""The watch: who takes part and who doesn't, and what staff do about it. For everyone with a role in the process."""

import asyncio
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import areas, inhabitants, outreach, representation, turnout
from domain.database import Database
from domain.fields import WrongFields
from domain.outreach import Typed
from domain.processes import Process
from domain.sheets import Row
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, reply, see_other
from routes.site import Site
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.lists import WRITERS

PATH = "/beheer/{slug:str}/opkomst"


@staff_page(PATH)
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return await watch_page(request, process_for(request, slug))


async def watch_page(request: Request, process: Process, typed: Typed | None = None, wrong: Any = ()) -> Reply:
    return staff_answer(
        request,
        "staff/turnout.html",
        process,
        status=422 if wrong else 200,
        typed=typed or Typed(area=request.query_params.get("buurt", ""), done_on=""),
        wrong=list(wrong),
        said=request.query_params.get("gedaan", ""),
        longest=outreach.LONGEST,
        steps=representation.STEPS,
        actions=outreach.ACTIONS,
        age_groups=turnout.AGES,
        **await seen(site_of(request), process),
    )


async def seen(site: Site, process: Process) -> dict[str, Any]:
    """What `watched` says: once per revision, but for the codes issued before there are figures, which make none."""
    if turnout.last_made(site.reader, process.id) is None:
        return await asyncio.to_thread(site.read, watched, process)
    return await site.once(watched, process)


def watched(db: Database, process: Process) -> dict[str, Any]:
    watch = representation.watch(db, process)
    return {
        "watch": watch,
        "beside": inhabitants.beside(db, process, watch),
        "drawing": areas.drawing(db, areas.of_process(db, process.id)),
        "noted": [(each, outreach.change(each, watch)) for each in outreach.of_process(db, process.id)],
        "places": outreach.places(db, process),
        "made": turnout.last_made(db, process.id),
    }


@staff_post(PATH)
async def note(request: Request, slug: FromPath[str]) -> Reply:
    process, site, form = process_for(request, slug), site_of(request), await read_form(request)
    typed = Typed(*(form.get(name) for name in ("action", "done_on", "area", "age", "note")))
    try:
        values = outreach.checked(site.reader, process, typed, site.now())
        await site.writer.write(outreach.note, process.id, values, site.now(), staff_of(request).id)
    except WrongFields as error:
        return await watch_page(request, process, typed, error.wrong)
    return see_other(f"/beheer/{process.slug}/opkomst?gedaan=bewaard#gedaan")


@staff_post(PATH + "/acties/{outreach_id:int}/weg")
async def remove(request: Request, slug: FromPath[str], outreach_id: FromPath[int]) -> Reply:
    process, site = process_for(request, slug), site_of(request)
    if outreach.is_of_another(site.reader, process.id, outreach_id):
        raise NotFoundException
    await site.writer.write(outreach.remove, process.id, outreach_id, site.now(), staff_of(request).id)
    return see_other(f"/beheer/{process.slug}/opkomst?gedaan=weg#gedaan")


@staff_page(PATH + "/{file:str}")
async def download(request: Request, slug: FromPath[str], file: FromPath[str]) -> Reply:
    """All figures there ever were, as they were shown: no others leave the site."""
    process = process_for(request, slug)
    name, _, ending = file.partition(".")
    if name != "cijfers" or ending not in WRITERS:
        raise NotFoundException
    media_type, write = WRITERS[ending]
    body = await asyncio.to_thread(lambda: write(site_of(request).read(rows, process), COLUMNS))
    headers = {
        "Content-Disposition": f'attachment; filename="{process.slug}-opkomst.{ending}"',
        "Cache-Control": "no-store",
    }
    return reply(body, media_type, headers)


COLUMNS = ("dag", "waarvan", "indeling", "groep", "naam", "minstens", "stemcodes")
MEASURES = {"votes": "stemmen", "plans": "plannen", "supports": "steun", "reactions": "reacties"}
NAMES = {
    "total": "totaal",
    "area": "buurt",
    "channel": "hoe",
    "age": "leeftijd",
    "first_time": "eerste keer",
    "theme": "thema",
}


def rows(db: Database, process: Process) -> list[Row]:
    """A group that has no row is below ten, or could be told apart."""
    codes = turnout.issued_then(db, process.id)
    named = outreach.places(db, process)
    themes = {str(theme.id): theme.name for theme in process.themes}
    listed: list[Row] = []
    for dimension, days in sorted(turnout.history(db, process.id).items()):
        measure = turnout.measure_of(dimension)
        name = dimension if measure == turnout.VOTES else dimension.removeprefix(f"{measure}_")
        for day, groups in days.items():
            for key, number in groups.items():
                known = {"area": named, "theme": themes}.get(name, {})
                issued = {"area": codes.get(key), "total": sum(codes.values())}.get(name)
                listed.append(
                    {
                        "dag": day,
                        "waarvan": MEASURES[measure],
                        "indeling": NAMES[name],
                        "groep": key,
                        "naam": known.get(key, ""),
                        "minstens": number,
                        "stemcodes": issued if measure == turnout.VOTES else None,
                    }
                )
    return listed


ROUTES = [show, note, remove, download]
