"""Atom feeds (RFC 4287) of a process and of a plan: what followers get by mail, for who would rather not give an
address."""

import re
from urllib.parse import urlsplit

from litestar import Request
from litestar.params import FromPath

from domain import news
from domain.follows import path_of
from domain.plans import Plan
from domain.processes import Process
from routes import hosts
from routes.cache import CachedPage, cached_page
from routes.languages import CODES, SOURCE
from routes.pages import environment, page, process_or_404, served, site_of
from routes.reactions import plan_or_404
from routes.replies import Reply

ATOM = "application/atom+xml"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@page("/{slug:str}/feed.atom")
async def of_process(request: Request, slug: FromPath[str]) -> Reply:
    return feed(request, process_or_404(request, slug), None)


@page("/{slug:str}/plannen/{plan_id:int}/feed.atom")
async def of_plan(request: Request, slug: FromPath[str], plan_id: FromPath[int]) -> Reply:
    process = process_or_404(request, slug)
    return feed(request, process, plan_or_404(process, plan_id))


def feed(request: Request, process: Process, plan: Plan | None) -> Reply:
    """From memory, as long as there is no other news and nothing public changed."""
    site = site_of(request)
    key = ("feed", process.id, plan and plan.id, news.last(site.reader, process.id))
    made = site.cache.get(key, process.revision, site.now())
    if made is None:
        made = rendered(request, process, plan)
        site.cache.put(key, made)
    return served(request, made, media_type=ATOM)


def rendered(request: Request, process: Process, plan: Plan | None) -> CachedPage:
    """In the language of the process: those who read it share it."""
    site = site_of(request)
    language = process.language if process.language in CODES else SOURCE
    found = news.newest(site.reader, process.id, plan.id if plan else None)
    items = [(item, path_of(process, item.plan_id, item.kind, item.merged_into)) for item in found]
    text = (
        environment(language)
        .get_template("feeds/feed.atom")
        .render(
            site=hosts.settings_at(site.settings, process.host),
            process=process,
            plan=plan,
            items=items,
            path=request.scope["path"],
            authority=urlsplit(site.settings.url).hostname,
            began=min((phase.opens_at for phase in process.phases), default=news.BEGINNING),
        )
    )
    return cached_page(NOT_XML.sub("", text).encode(), process.revision)


ROUTES = [of_process, of_plan]
