"""Home, and the page of one process."""

from collections.abc import Iterable
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.params import FromPath

from domain import news
from domain.designs.model import BLOCKS
from domain.follows import path_of
from domain.front_pages import blocks_of
from domain.plans import ordered
from domain.processes import Process
from routes import hosts, maps
from routes.orders import shuffle_of
from routes.pages import page, process_or_404, shared, site_of
from routes.replies import Reply
from routes.results import result_of

SHOWN_PLANS, SHOWN_NEWS = 3, 3
LARGEST_DRAWING = 20_000  # characters of the boundary; a finer one is drawn on the page of the map only


@page("/")
async def home(request: Request) -> Reply:
    if own := hosts.asked_slug(request):
        return await front(request, process_or_404(request, own))
    processes = site_of(request).all()
    running = [process for process in processes if not process.finished]
    finished = [await result_of(request, process) for process in processes if process.finished]
    return shared(request, "home/index.html", None, "", lambda: {"running": running, "finished": finished})


@page("/{slug:str}")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    return await front(request, process_or_404(request, slug))


async def front(request: Request, process: Process) -> Reply:
    """Its blocks, in the order that staff chose. Which plans stand on it is chance, as in the list of plans."""
    result = await result_of(request, process) if process.finished else None
    blocks = shown_blocks(request, process)
    shuffle, cookies = shuffle_of(request) if "plans" in blocks and process.plans else (0, list[Cookie]())
    last = news.last(site_of(request).reader, process.id) if "news" in blocks else 0

    def values() -> dict[str, Any]:
        filled = in_blocks(request, process, blocks, shuffle)
        return {"turnout": result and result.turnout, "runs": runs_of(blocks), **filled}

    return shared(request, "processes/show.html", process, ("front", shuffle, last), values, cookies=cookies)


WIDE = ("plans", "map", "timeline")  # blocks that take the whole width; what stands between them stands side by side


def runs_of(blocks: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The blocks in their order, in runs of those that stand side by side where there is room."""
    runs: list[tuple[str, ...]] = []
    for block in blocks:
        if block in WIDE or not runs or runs[-1][0] in WIDE:
            runs.append((block,))
        else:
            runs[-1] = (*runs[-1], block)
    return runs


def shown_blocks(request: Request, process: Process) -> tuple[str, ...]:
    """The blocks that staff chose; where they are all there as they begin, those that have something to show."""
    chosen = process.blocks not in ((), BLOCKS)
    empty = {
        "how_to_vote": process.voting_phase is None,
        "how_we_count": process.voting_phase is None,
        "map": not any(plan.lat is not None for plan in process.plans),
        "news": not news.last(site_of(request).reader, process.id),
    }
    return tuple(block for block in blocks_of(process) if chosen or not empty.get(block))


def in_blocks(request: Request, process: Process, blocks: Iterable[str], shuffle: int) -> dict[str, Any]:
    """What these blocks show."""
    filled = dict[str, Any]()
    if "plans" in blocks:
        running = [plan for plan in process.plans if not plan.withdrawn]
        filled["some_plans"] = ordered(running, "", shuffle)[:SHOWN_PLANS]
    if "map" in blocks:
        drawing, pins = maps.map_of(process, maps.geometry_of(request, process))
        fits = drawing is not None and len(drawing.path) <= LARGEST_DRAWING
        filled |= {"drawing": drawing if fits else None, "pins": pins}
    if "news" in blocks:
        newest = news.newest(site_of(request).reader, process.id, most=SHOWN_NEWS)
        filled["news"] = [(item, path_of(process, item.plan_id, item.kind, item.merged_into)) for item in newest]
    return filled
