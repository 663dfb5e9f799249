"""The work list: what waits for whoever looks, the oldest first."""

from litestar import Request
from litestar.params import FromPath

from domain import work
from domain.processes import Process
from domain.sessions import Staff
from routes.pages import site_of
from routes.replies import Reply
from routes.staff.access import process_for, staff_answer, staff_of, staff_page
from routes.staff.assessments import judged_of, path_of


@staff_page("/beheer/{slug:str}/werk", "toetser", "moderator")
async def index(request: Request, slug: FromPath[str]) -> Reply:
    process, site, staff = process_for(request, slug), site_of(request), staff_of(request)
    items = work.waiting(site.reader, process, roles_in(staff, process), staff.id, site.now())
    kind = request.query_params.get("soort", "")
    shown = [item for item in items if kind not in work.KINDS or item.kind == kind]
    return staff_answer(
        request,
        "staff/work.html",
        process,
        waiting=[(item, place_of(process, item)) for item in shown],
        total=len(items),
        counts=work.numbers(items),
        kinds=tuple(work.KINDS),
        kind=kind if kind in work.KINDS else "",
        judged=judged_of(request, process),
    )


def roles_in(staff: Staff, process: Process) -> frozenset[str]:
    return frozenset({"beheerder"}) if staff.owner else staff.roles.get(process.id, frozenset())


def place_of(process: Process, item: work.Item) -> str:
    """The page on which this is dealt with."""
    if item.plan is None:
        return "/beheer/post"
    here = f"/beheer/{process.slug}"
    match item.kind:
        case "new":
            return f"{here}/plannen/{item.plan.id}"
        case "edit":
            return f"{here}/plannen/{item.plan.id}/voorstel"
        case "report":
            return f"{here}/meldingen"
        case "reaction":
            return f"{here}/reacties"
        case "opinion":
            return f"{path_of(process, item.plan.id)}#tweede-meningen"
        case "answer":
            return f"{path_of(process, item.plan.id)}#vragen"
    return f"{path_of(process, item.plan.id)}?volgende=1"


ROUTES = [index]
