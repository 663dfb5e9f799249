"""Home, and the page of one process."""

from litestar import Request
from litestar.params import FromPath

from routes.pages import page, process_or_404, shared, site_of
from routes.replies import Reply
from routes.results import result_of


@page("/")
async def home(request: Request) -> Reply:
    processes = site_of(request).all()
    running = [process for process in processes if not process.finished]
    finished = [await result_of(request, process) for process in processes if process.finished]
    return shared(request, "home/index.html", None, "", lambda: {"running": running, "finished": finished})


@page("/{slug:str}")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    result = await result_of(request, process) if process.finished else None
    return shared(request, "processes/show.html", process, "", lambda: {"turnout": result and result.turnout})
