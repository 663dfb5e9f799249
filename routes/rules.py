"""Zo werkt het: the rules of a process for residents, and as data whose fingerprint shows that nothing changed."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import checklists, corrections, rules
from routes.cache import cached_page
from routes.pages import page, process_or_404, served, shared, site_of
from routes.replies import Reply

JSON = "application/json"


@page("/{slug:str}/zo-werkt-het")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    process, site = process_or_404(request, slug), site_of(request)
    checklist = checklists.of_process(site.reader, process.id) if process.phase("assess") else []

    def values() -> dict[str, Any]:
        return {
            "checklist": checklist,
            "corrections": corrections.applied(site.reader, process.id),
            "since": rules.fixed_since(process, site.now()),
            "fingerprint": rules.fingerprint(process),
        }

    return shared(request, "rules/show.html", process, tuple(item.text for item in checklist), values)


@page("/{slug:str}/regels.json")
async def as_data(request: Request, slug: FromPath[str]) -> Reply:
    """The rules, byte for byte what the fingerprint is of."""
    process = process_or_404(request, slug)
    if process.voting_phase is None:
        raise NotFoundException
    return served(request, cached_page(rules.canonical(process)), media_type=JSON)


ROUTES = [show, as_data]
