"""The desk (balie): a device on which several people vote is made one here, or one like any other again."""

from litestar import Request
from litestar.params import FromPath

from domain import devices, sessions
from domain.fields import Wrong
from domain.processes import Process
from routes.devices import cookie
from routes.forms import read_form
from routes.pages import site_of
from routes.replies import Reply, see_other
from routes.staff.access import process_for, session_cookie, staff_answer, staff_of, staff_page, staff_post

PATH = "/beheer/{slug:str}/balie"
ROLE = "stemhulp"


@staff_page(PATH, ROLE)
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return desk_page(request, process_for(request, slug))


def desk_page(request: Request, process: Process, wrong: tuple[Wrong, ...] = ()) -> Reply:
    return staff_answer(
        request,
        "staff/desk.html",
        process,
        status=422 if wrong else 200,
        wrong=wrong,
        done="gedaan" in request.query_params,
        hours=int(devices.LASTS.total_seconds()) // 3600,
    )


@staff_post(PATH, ROLE)
async def choose(request: Request, slug: FromPath[str]) -> Reply:
    """Voters get hold of such a device, so who chose it is signed out there."""
    process, site, staff = process_for(request, slug), site_of(request), staff_of(request)
    channel = (await read_form(request)).get("apparaat")
    if channel not in (devices.ONLINE, *devices.CHANNELS):
        return desk_page(request, process, (Wrong("apparaat", "missing"),))
    chosen = cookie(request, process, channel)
    if channel == devices.ONLINE:
        return see_other(f"/beheer/{process.slug}/balie?gedaan=1", [chosen])
    await site.writer.write(sessions.end, staff.id, staff.session_id)
    return see_other(f"/{process.slug}/stemmen", [chosen, session_cookie(request, "")])


ROUTES = [show, choose]
