"""One process as its staff see it."""

from litestar import Request
from litestar.params import FromPath

from domain import interests, planning, work
from domain.processes import Process
from routes.pages import site_of
from routes.replies import Reply
from routes.staff.access import process_for, staff_answer, staff_of, staff_page
from routes.staff.home import waiting_for


@staff_page("/beheer/{slug:str}")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    """What is open, what waits, and what this person may do here."""
    process = process_for(request, slug)
    return staff_answer(
        request,
        "staff/processes.html",
        process,
        waiting=work.numbers(waiting_for(request, staff_of(request), process)),
        counted=planning.counts(site_of(request).reader, process.id),
        to_be_asked=to_be_asked(request, process),
        begun="begonnen" in request.query_params,
    )


def to_be_asked(request: Request, process: Process) -> int:
    """At least how many on this site asked to hear of a process that opens; 0 once this one did."""
    site = site_of(request)
    if not process.phases or min(phase.opens_at for phase in process.phases) <= site.now():
        return 0
    return interests.figure(site.reader)


ROUTES = [show]
