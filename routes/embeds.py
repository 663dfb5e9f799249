"""Pages for in a frame (inbedden) on the municipality's own site: the front page of a process, or only its plans.

They are the same for everyone: no cookie is read but that of the language, none is set, and nothing can be sent from
them. Voting happens in a window of its own.
"""

import secrets
from typing import Any

from litestar import Request
from litestar.params import FromPath

from domain import hosts as names
from domain.plans import SHUFFLES, ordered
from domain.processes import Process
from routes.headers import FRAMED, SHARED
from routes.hosts import base_of, front_of
from routes.pages import cached, page, process_or_404, served, site_of
from routes.processes import SHOWN_PLANS
from routes.replies import Reply
from routes.results import result_of
from routes.static_files import files

MOST_PLANS = 24


@page("/{slug:str}/inbed")
async def front(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    result = await result_of(request, process) if process.finished else None
    base = base_of(site_of(request).settings, process)
    values = {"turnout": result and result.turnout, "canonical": base + front_of(process)}
    return framed(request, "embeds/front.html", process, SHOWN_PLANS, values)


@page("/{slug:str}/inbed/plannen")
async def plans(request: Request, slug: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    canonical = f"{base_of(site_of(request).settings, process)}/{process.slug}/plannen"
    return framed(request, "embeds/plans.html", process, MOST_PLANS, {"canonical": canonical})


def framed(request: Request, template: str, process: Process, most: int, more: dict[str, Any]) -> Reply:
    """The page with that many plans at most, in an order of chance: there is no cookie to keep one."""
    framers = names.origins(process.frame_ancestors)
    request.scope["state"][FRAMED] = framers
    shuffle = secrets.randbelow(SHUFFLES)

    def values() -> dict[str, Any]:
        running = [plan for plan in process.plans if not plan.withdrawn]
        return {"some_plans": ordered(running, "", shuffle)[:most], "framers": framers, **more}

    return served(request, cached(request, template, process, (template, shuffle, None), values))


@page("/inbed.js")
async def script(request: Request) -> Reply:
    """What the page around it loads, under a name that stays: it stands in pages that we can't change."""
    request.scope["state"][SHARED] = True
    return served(request, files()["embed.js"], media_type="text/javascript", keep="public, max-age=3600")


def snippets(base: str, process: Process) -> dict[str, str]:
    """What somebody copies into a page of theirs: for the front page and for the plans."""
    return {
        "front": snippet(base, process, "inbed", process.name, 1200),
        "plans": snippet(base, process, "inbed/plannen", process.name, 1600),
    }


def snippet(base: str, process: Process, path: str, title: str, height: int) -> str:
    shown = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<iframe src="{base}/{process.slug}/{path}" title="{shown}" data-wijkbudget loading="lazy"\n'
        f'  width="100%" height="{height}" style="border: 0"></iframe>\n'
        f'<script src="{base}/inbed.js" async></script>'
    )


ROUTES = [front, plans, script]
