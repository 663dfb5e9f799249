"""What pages are made of besides text: static files, photos, a process's own colour."""

from litestar import Request, Response
from litestar.exceptions import NotFoundException

from routes.cache import cached_page
from routes.pages import page, served, site_of
from routes.static_files import FOREVER, files

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@page("/static/{version:str}/{name:path}")
async def static_file(request: Request, version: str, name: str) -> Response[bytes]:
    name = str(name).lstrip("/")
    if name not in files():
        raise NotFoundException
    media_type = TYPES.get(name.rpartition(".")[2], "text/plain")
    return served(request, files()[name], media_type=media_type, keep=FOREVER)


@page("/favicon.ico")
async def favicon(request: Request) -> Response[bytes]:
    return served(request, files()["favicon.svg"], media_type=TYPES["svg"])


@page("/foto/{name:str}")
async def photo(request: Request, name: str) -> Response[bytes]:
    key, _, width = name.removesuffix(".webp").rpartition("-")
    if not name.endswith(".webp") or width not in ("320", "640", "960"):
        raise NotFoundException
    query = "SELECT data FROM photos WHERE key = ? AND width = ?"
    row = site_of(request).reader.execute(query, (key, int(width))).fetchone()
    if row is None:
        raise NotFoundException
    return Response(row[0], media_type="image/webp", headers={"Cache-Control": FOREVER})


@page("/{slug:str}/kleur-{colour:str}.css")
async def colour(request: Request, slug: str, colour: str) -> Response[bytes]:
    process = site_of(request).process(slug)
    if process is None or process.colour != f"#{colour}":
        raise NotFoundException
    css = f":root {{ --basis-color-accent: {process.colour} }}\n".encode()
    return served(request, cached_page(css), media_type=TYPES["css"], keep=FOREVER)
