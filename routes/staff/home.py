"""The first page of the staff: their processes, and what waits in each."""

from collections import Counter

from litestar import Request

from domain import work
from domain.processes import Process
from domain.sessions import Staff
from routes.pages import site_of
from routes.replies import Reply
from routes.staff.access import processes_of, staff_answer, staff_of, staff_page


@staff_page("/beheer")
async def home(request: Request) -> Reply:
    staff = staff_of(request)
    waiting = [(process, counts(request, staff, process)) for process in processes_of(request, staff)]
    return staff_answer(request, "staff/home.html", waiting=waiting)


def counts(request: Request, staff: Staff, process: Process) -> Counter[str]:
    """How many of each kind (work.KINDS) wait for them there."""
    roles = {"beheerder"} if staff.owner else staff.roles[process.id]
    site = site_of(request)
    return Counter(item.kind for item in work.waiting(site.reader, process, roles, staff.id, site.now()))


ROUTES = [home]
