"""The result of a vote, and the ballots from which anyone can recount it."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import exports, receipts, results
from domain.database import Database
from domain.outcomes import Outcome
from domain.plans import Plan
from domain.processes import Process
from domain.results import Result
from routes.cache import CachedPage, cached_page
from routes.languages import CODES, SOURCE
from routes.mail import plain_environment
from routes.pages import page, process_or_404, served, shared, site_of
from routes.replies import Reply
from routes.site import Site

TEXT = "text/plain"


async def result_of(request: Request, process: Process) -> Result:
    return await site_of(request).once(results.result, process)


KINDS = {"funded": "won", "partial": "partly"}  # of news.OUTCOMES, by the status of a row; else it did not win


async def outcomes_of(site: Site, process: Process) -> list[Outcome]:
    """How each plan of the ballot fared, in the words of the page of the result. Of one that was withdrawn everybody
    heard before."""
    result = await site.once(results.result, process)
    language = process.language if process.language in CODES else SOURCE
    reason = plain_environment(language).get_template("results/reason.txt")
    return [
        Outcome(
            row.plan.id,
            KINDS.get(row.status, "not_won"),
            reason.render(process=process, result=result, row=row).strip(),
        )
        for row in result.rows
        if row.status != "withdrawn"
    ]


def finished_or_404(request: Request, slug: str) -> Process:
    process = process_or_404(request, slug)
    if not process.finished:
        raise NotFoundException
    return process


@page("/{slug:str}/uitslag")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    if not process.finished:
        return shared(request, "results/pending.html", process, "", dict)
    result = await result_of(request, process)
    return shared(request, "results/show.html", process, "", lambda: {"result": result})


async def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """For templates/results/on_plan.html."""
    if not process.finished:
        return {"result": None, "row": None}
    result = await result_of(request, process)
    return {"result": result, "row": next((row for row in result.rows if row.plan.id == plan.id), None)}


async def won_in(request: Request, process: Process) -> frozenset[int]:
    """The plans that get money, wholly or in part; none before the result."""
    if not process.finished:
        return frozenset()
    result = await result_of(request, process)
    return frozenset(row.plan.id for row in (*result.selected, *result.partial))


@page("/{slug:str}/uitslag/stembiljetten.pb")
async def published_ballots(request: Request, slug: FromPath[str]) -> Reply:
    process = finished_or_404(request, slug)
    if (await result_of(request, process)).small:
        raise NotFoundException
    named = {"Content-Disposition": f'attachment; filename="{process.slug}.pb"'}
    return served(request, await site_of(request).once(ballots_file, process), media_type=TEXT, more=named)


@page("/{slug:str}/controle/lijst.txt")
async def published_receipts(request: Request, slug: FromPath[str]) -> Reply:
    process = finished_or_404(request, slug)
    return served(request, await site_of(request).once(receipts_file, process), media_type=TEXT)


def ballots_file(db: Database, process: Process) -> CachedPage:
    return cached_page(exports.pabulib_file(db, results.result(db, process)))


def receipts_file(db: Database, process: Process) -> CachedPage:
    return cached_page("".join(f"{hash_}\n" for hash_ in receipts.published(db, process.id)).encode())
