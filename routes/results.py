"""The result of a vote, and the ballots from which anyone can recount it."""

import asyncio

from litestar import Request, Response
from litestar.exceptions import NotFoundException

from domain import exports, results
from domain.database import connect
from domain.processes import Process
from domain.results import Result
from routes.cache import CachedPage, cached_page
from routes.pages import page, process_or_404, served, shared, site_of
from routes.site import Site


def count(site: Site, process: Process) -> Result:
    """On a thread and a connection of its own: 150,000 ballots take longer than others should wait."""
    db = connect(site.settings.db, readonly=True)
    try:
        return results.result(db, process)
    finally:
        db.close()


async def result_of(request: Request, process: Process) -> Result:
    """The result, counted once per revision."""
    site = site_of(request)
    kept = site.results.get(process.id)
    if kept is None or kept.process is not process:
        kept = site.results[process.id] = await asyncio.to_thread(count, site, process)
    return kept


@page("/{slug:str}/uitslag")
async def show(request: Request, slug: str) -> Response[bytes]:
    process = process_or_404(request, slug)
    if not process.finished:
        return shared(request, "results/pending.html", process, "", dict)
    result = await result_of(request, process)
    return shared(request, "results/show.html", process, "", lambda: {"result": result})


@page("/{slug:str}/uitslag/stembiljetten.pb")
async def published(request: Request, slug: str) -> Response[bytes]:
    process = process_or_404(request, slug)
    if not process.finished:
        raise NotFoundException
    result = await result_of(request, process)
    if result.small:
        raise NotFoundException
    site = site_of(request)
    made: CachedPage = await asyncio.to_thread(export, site, result)
    answer_ = served(request, made, media_type="text/plain; charset=utf-8")
    answer_.headers["Content-Disposition"] = f'attachment; filename="{process.slug}.pb"'
    return answer_


def export(site: Site, result: Result) -> CachedPage:
    db = connect(site.settings.db, readonly=True)
    try:
        return cached_page(exports.pabulib_file(db, result))
    finally:
        db.close()
