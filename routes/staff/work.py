"""The work list: what waits for whoever looks, the oldest first."""

from litestar import Request
from litestar.params import FromPath

from domain import work
from routes.replies import Reply
from routes.staff import onward
from routes.staff.access import process_for, staff_answer, staff_page


@staff_page("/beheer/{slug:str}/werk", "toetser", "moderator")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    process = process_for(request, slug)
    items = onward.waiting(request, process)
    kind = request.query_params.get("soort", "")
    shown = [item for item in items if kind not in work.KINDS or item.kind == kind]
    return staff_answer(
        request,
        "staff/work.html",
        process,
        waiting=[(item, onward.place_of(process, item)) for item in shown],
        total=len(items),
        counts=work.numbers(items),
        kinds=tuple(work.KINDS),
        kind=kind if kind in work.KINDS else "",
        just_done=onward.done_of(request, process),
    )


ROUTES = [index]
