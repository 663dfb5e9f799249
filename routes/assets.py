"""What pages are made of besides text: static files and photos."""

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from routes.pages import page, served, site_of
from routes.replies import Reply, reply
from routes.static_files import FOREVER, files

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@page("/static/{version:str}/{name:path}")
async def static_file(request: Request, version: FromPath[str], name: FromPath[str]) -> Reply:
    name = str(name).lstrip("/")
    if name not in files():
        raise NotFoundException
    media_type = TYPES.get(name.rpartition(".")[2], "text/plain")
    return served(request, files()[name], media_type=media_type, keep=FOREVER)


@page("/favicon.ico")
async def favicon(request: Request) -> Reply:
    return served(request, files()["favicon.svg"], media_type=TYPES["svg"])


@page("/foto/{name:str}")
async def photo(request: Request, name: FromPath[str]) -> Reply:
    key, _, width = name.removesuffix(".webp").rpartition("-")
    if not name.endswith(".webp") or width not in ("320", "640", "960"):
        raise NotFoundException
    query = "SELECT data FROM photos WHERE key = ? AND width = ?"
    row = site_of(request).reader.execute(query, (key, int(width))).fetchone()
    if row is None:
        raise NotFoundException
    return reply(row[0], "image/webp", {"Cache-Control": FOREVER})
