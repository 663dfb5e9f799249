"""The look of a process: its style sheet and its logo, each under a name that changes with what it holds."""

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import logos, looks
from routes.cache import cached_page
from routes.pages import page, process_or_404, served, site_of
from routes.replies import Reply, reply
from routes.static_files import FOREVER

CSS = "text/css"


@page("/{slug:str}/stijl/{name:str}")
async def style(request: Request, slug: FromPath[str], name: FromPath[str]) -> Reply:
    """A page from before the last change asks under the name of then: it gets the look of now, and keeps it not."""
    process, site = process_or_404(request, slug), site_of(request)
    if not name.endswith(".css") or len(name) > 40:
        raise NotFoundException
    look = looks.of(process.look)
    made = site.cache.get(("look", look.key), 0, site.now())
    if made is None:
        made = cached_page(b"" if look.plain else looks.sheet(look).encode())
        site.cache.put(("look", look.key), made)
    return served(request, made, media_type=CSS, keep=FOREVER if name == f"{look.key}.css" else "no-cache")


@page("/{slug:str}/logo/{name:str}")
async def logo(request: Request, slug: FromPath[str], name: FromPath[str]) -> Reply:
    process = process_or_404(request, slug)
    data = logos.data(site_of(request).reader, process.id, name.removesuffix(".webp"))
    if data is None or not name.endswith(".webp"):
        raise NotFoundException
    return reply(data, "image/webp", {"Cache-Control": FOREVER})


ROUTES = [style, logo]
