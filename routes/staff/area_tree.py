"""All areas of the site: the tree with who lives there, the map, and changing one by hand."""

import asyncio

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import area_figures, areas, fields, maps
from domain.area_figures import FIGURES
from domain.areas import LEVELS, LONGEST_NAME, Area, AreaMap, Refused
from domain.database import Database, connect
from domain.fields import Wrong
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import OWNER, staff_answer, staff_of, staff_page, staff_post

START = "/beheer/wijken"
# Which field a refusal is about.
FIELDS = {"name_taken": "naam", "code_taken": "code", "wrong_level": "soort"}


@staff_page(START, OWNER)
async def index(request: Request) -> Reply:
    db = site_of(request).reader
    listed = areas.tree(db)
    figures = area_figures.of(db, [area.id for area in listed])
    query = request.query_params
    return staff_answer(
        request,
        "staff/area_tree.html",
        roots=[(root, branch(listed, root)) for root in listed if root.depth == 0],
        inhabitants={id_: known["inhabitants"].value for id_, known in figures.items() if "inhabitants" in known},
        maps={root.id: await drawn(request, root) for root in listed if root.depth == 0},
        done=query.get("gedaan", ""),
        counts={name: query.get(name, "") for name in ("nieuw", "gewijzigd", "plannen")},
    )


def branch(listed: list[Area], root: Area) -> list[Area]:
    """What lies in that root, in the order of the tree."""
    start = listed.index(root) + 1
    end = next((at for at in range(start, len(listed)) if listed[at].depth == 0), len(listed))
    return listed[start:end]


async def drawn(request: Request, area: Area) -> AreaMap | None:
    """On a thread: the first time after the areas changed it takes a while."""
    path = site_of(request).settings.db

    def draw() -> AreaMap | None:
        db: Database = connect(path, readonly=True)
        try:
            return areas.drawing(db, area.id)
        finally:
            db.close()

    return await asyncio.to_thread(draw)


def area_or_404(request: Request, area_id: int) -> Area:
    area = areas.of(site_of(request).reader, area_id)
    if area is None:
        raise NotFoundException
    return area


@staff_page(START + "/{area_id:int}", OWNER)
async def show(request: Request, area_id: FromPath[int]) -> Reply:
    return await area_page(request, area_or_404(request, area_id))


async def area_page(
    request: Request, area: Area, wrong: tuple[Wrong, ...] = (), typed: dict[str, str] | None = None, form: str = ""
) -> Reply:
    """`form`: which of its forms is wrong."""
    db = site_of(request).reader
    inside = areas.tree(db, area.id)
    known = area_figures.of_area(db, area.id)
    boundary = db.execute("SELECT boundary FROM areas WHERE id = ?", [area.id]).fetchone()[0]
    return staff_answer(
        request,
        "staff/area.html",
        status=422 if wrong else 200,
        area=area,
        above=areas.path(db, area.id)[:-1],
        inside=[one for one in inside if one.depth == 1],
        others=[one for one in areas.tree(db) if one.id not in {each.id for each in inside}],
        figures={name: known[name] for name in FIGURES if name in known},
        drawing=maps.drawn(boundary, ()) if boundary else None,
        uses=areas.uses(db, area.id),
        levels=LEVELS,
        longest=LONGEST_NAME,
        wrong=wrong,
        form=form,
        typed={"naam": area.name, "nieuw-naam": "", "nieuw-code": "", "nieuw-soort": "", "in": ""} | (typed or {}),
        done=request.query_params.get("gedaan", ""),
    )


@staff_post(START + "/{area_id:int}/naam", OWNER)
async def rename(request: Request, area_id: FromPath[int]) -> Reply:
    site, area = site_of(request), area_or_404(request, area_id)
    typed = fields.line((await read_form(request)).get("naam"))
    wrong = tuple(fields.check_text("naam", typed, LONGEST_NAME, required=True))
    if not wrong:
        try:
            await site.writer.write(areas.rename, area.id, typed, site.now(), staff_of(request).id)
            return see_other(f"{START}/{area.id}?gedaan=naam")
        except Refused as refused:
            wrong = (Wrong("naam", refused.kind),)
    return await area_page(request, area, wrong, {"naam": typed}, "naam")


@staff_post(START + "/{area_id:int}/plaats", OWNER)
async def move(request: Request, area_id: FromPath[int]) -> Reply:
    site, area = site_of(request), area_or_404(request, area_id)
    typed = (await read_form(request)).get("in")
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 9:
        return await area_page(request, area, (Wrong("in", "missing"),), {"in": ""}, "plaats")
    try:
        await site.writer.write(areas.move, area.id, int(typed), site.now(), staff_of(request).id)
    except Refused as refused:
        return await area_page(request, area, (Wrong("in", refused.kind),), {"in": typed}, "plaats")
    return see_other(f"{START}/{area.id}?gedaan=plaats")


@staff_post(START + "/{area_id:int}/verwijdering", OWNER)
async def remove(request: Request, area_id: FromPath[int]) -> Reply:
    site, area = site_of(request), area_or_404(request, area_id)
    try:
        await site.writer.write(areas.remove, area.id, site.now(), staff_of(request).id)
    except Refused as refused:
        return await area_page(request, area, (Wrong("weg", refused.kind),), form="weg")
    return see_other(f"{START}?gedaan=weg")


@staff_post(START + "/{area_id:int}/gebieden", OWNER)
async def add(request: Request, area_id: FromPath[int]) -> Reply:
    """Another area in this one, such as a stadsdeel: CBS doesn't know those."""
    site, area = site_of(request), area_or_404(request, area_id)
    form = await read_form(request)
    typed = {name: fields.line(form.get(name)) for name in ("nieuw-naam", "nieuw-code", "nieuw-soort")}
    name, code, level = typed["nieuw-naam"], typed["nieuw-code"].upper(), typed["nieuw-soort"]
    wrong = [*fields.check_text("nieuw-naam", name, LONGEST_NAME, required=True)]
    if code and not areas.CODE.fullmatch(code):
        wrong.append(Wrong("nieuw-code", "not_a_code"))
    if level not in ("", *LEVELS):
        wrong.append(Wrong("nieuw-soort", "not_a_choice"))
    if not wrong:
        try:
            new = (area.id, name, level, code, site.now(), staff_of(request).id)
            made = await site.writer.write(areas.add, *new)
            return see_other(f"{START}/{made}?gedaan=nieuw")
        except Refused as refused:
            wrong = [Wrong(f"nieuw-{FIELDS.get(refused.kind, 'naam')}", refused.kind)]
    return await area_page(request, area, tuple(wrong), typed, "nieuw")


ROUTES = [index, show, rename, move, remove, add]
