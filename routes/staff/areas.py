"""The boundary of the area of a process: looked at on a drawing before it is kept."""

import asyncio

from litestar import Request
from litestar.params import FromPath

from domain import boundaries, maps
from domain.fields import Wrong
from domain.maps import NotABoundary
from domain.processes import Process
from routes.forms import Form, read_form, read_upload
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, staff_answer, staff_of, staff_page, staff_post
from routes.staff.held import Held

HELD = Held()
MEGABYTE = 1_000_000


@staff_page("/beheer/{slug:str}/gebied", "beheerder")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return area_page(request, process_for(request, slug))


def area_page(
    request: Request, process: Process, wrong: tuple[Wrong, ...] = (), *, proposed: str = "", token: str = ""
) -> Reply:
    """`proposed`: a boundary that is not kept yet, under the name `token`."""
    boundary = proposed or maps.boundary_of(site_of(request).reader, process.id)
    pins = [(plan.lat, plan.lon) for plan in process.plans if plan.lat is not None and plan.lon is not None]
    return staff_answer(
        request,
        "staff/areas.html",
        process,
        status=422 if wrong else 200,
        drawing=maps.drawn(boundary, pins) if boundary else None,
        outside=sum(not maps.contains(boundary, lat, lon) for lat, lon in pins) if boundary else 0,
        token=token,
        wrong=wrong,
        largest=maps.LARGEST // MEGABYTE,
        done=request.query_params.get("gedaan", ""),
        can_put_back=boundaries.can_put_back(site_of(request).reader, process.id),
    )


@staff_post("/beheer/{slug:str}/gebied", "beheerder", request_max_body_size=maps.LARGEST + 100_000)
async def look(request: Request, slug: FromPath[str]) -> Reply:
    """Draw what the file holds; it is not kept yet."""
    process, site = process_for(request, slug), site_of(request)
    form: Form = await read_upload(request, maps.LARGEST + 1)
    upload = form.files.get("grens")
    if upload is None or not upload.data:
        return area_page(request, process, (Wrong("grens", "missing"),))
    try:
        boundary = await asyncio.to_thread(maps.boundary, upload.data)
    except NotABoundary as refused:
        return area_page(request, process, (Wrong("grens", refused.kind, maps.LARGEST // MEGABYTE),))
    token = HELD.put(process.id, staff_of(request).id, boundary, site.now())
    return area_page(request, process, proposed=boundary, token=token)


@staff_post("/beheer/{slug:str}/gebied/grens", "beheerder")
async def keep(request: Request, slug: FromPath[str]) -> Reply:
    """Keep the boundary that was looked at, have none any more, or have the removed one back."""
    process, site = process_for(request, slug), site_of(request)
    form, account_id = await read_form(request), staff_of(request).id
    if "weg" in form:
        await site.writer.write(boundaries.set_boundary, process, None, site.now(), account_id)
        return see_other(f"/beheer/{process.slug}/gebied?gedaan=weg")
    if "terug" in form:
        back = await site.writer.write(boundaries.put_boundary_back, process, site.now(), account_id)
        return see_other(f"/beheer/{process.slug}/gebied{'?gedaan=terug' if back else ''}")
    boundary = HELD.get(form.get("bestand"), process.id, account_id, site.now())
    if boundary is None:
        return area_page(request, process, (Wrong("grens", "gone"),))
    await site.writer.write(boundaries.set_boundary, process, boundary, site.now(), account_id)
    HELD.drop(form.get("bestand"))
    return see_other(f"/beheer/{process.slug}/gebied?gedaan=bewaard")


ROUTES = [show, look, keep]
