"""The first page of the staff: their processes, and what waits in each."""

from litestar import Request

from domain import work
from domain.designs import drafts
from domain.processes import Process
from domain.sessions import Staff
from domain.work import Item
from routes.pages import site_of
from routes.replies import Reply
from routes.staff.access import processes_of, staff_answer, staff_of, staff_page


@staff_page("/beheer")
async def home(request: Request) -> Reply:
    """Where something waits stands first."""
    staff = staff_of(request)
    listed = [(process, waiting_for(request, staff, process)) for process in processes_of(request, staff)]
    listed.sort(key=lambda each: not each[1])
    return staff_answer(
        request,
        "staff/home.html",
        listed=[(process, work.numbers(items), items) for process, items in listed],
        busy=sum(bool(items) for _, items in listed),
        designs=drafts.number(site_of(request).reader, None if staff.owner else staff.id),
        waiting=sum(item.count for _, items in listed for item in items),
    )


def waiting_for(request: Request, staff: Staff, process: Process) -> tuple[Item, ...]:
    """What waits for them there, the oldest first."""
    roles = {"beheerder"} if staff.owner else staff.roles[process.id]
    site = site_of(request)
    return work.waiting(site.reader, process, roles, staff.id, site.now())


ROUTES = [home]
