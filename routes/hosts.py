"""Host names: a process can have one of its own, beside the address of the site.

On it “/” is the page of that process, and pages of other processes and of the staff are on the site itself. Cookies
name no Domain, so each host has its own: who voted on one or confirmed an address there is nobody on the other, and a
process on a municipality's own name never sees a cookie of the site's staff.

What a visitor says is the host is only compared with the names that we know, and never written into a page.
"""

from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.exceptions import NotFoundException

from config.settings import Settings
from domain import hosts
from domain.processes import Process
from routes.replies import Reply, reply
from routes.site import Site


def base_of(settings: Settings, process: Process | None) -> str:
    """What stands before every path of that process in a letter, a mail or a feed: its own host, or the site's."""
    return base_at(settings, process.host if process else "")


def base_at(settings: Settings, host: str) -> str:
    if not host or not hosts.HOST.fullmatch(host):
        return settings.url
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


@lru_cache(maxsize=64)
def settings_at(settings: Settings, host: str) -> Settings:
    """The settings with the address of such a process as `url`, which templates put before a path."""
    return replace(settings, url=base_at(settings, host))


def front_of(process: Process) -> str:
    """The path of its front page at base_of."""
    return "/" if process.host else f"/{process.slug}"


def canonical(settings: Settings, process: Process | None, path: str) -> str:
    """The one address of a page, whatever the host it was asked on. Pages of the staff are on the site alone."""
    if process is None or staffs(path):
        return settings.url + path
    return base_of(settings, process) + (front_of(process) if path.rstrip("/") in ("", f"/{process.slug}") else path)


def staffs(path: str) -> bool:
    return path == "/beheer" or path.startswith("/beheer/")


def asked_slug(request: Request) -> str:
    """The slug of the process on whose own host this was asked; empty on the site itself."""
    state = request.scope["state"]
    if "host_slug" not in state:
        site: Site = request.app.state.site
        state["host_slug"] = slug_at(site, request)
    slug: str = state["host_slug"]
    return slug


def slug_at(site: Site, request: Request) -> str:
    """By the Host header. A proxy of ours that sends another one on may say in X-Forwarded-Host what was asked; that
    of anyone else, or beside a Host that we know, counts for nothing: caches in between look at Host alone."""
    asked = name_in(request.headers.getall("host", []))
    if asked == site.host_name:
        return ""
    known = site.hosts()
    if asked in known or not site.tries.is_proxy(request.client.host if request.client else ""):
        return known.get(asked, "")
    forwarded = name_in(request.headers.getall("x-forwarded-host", []))
    return "" if forwarded == site.host_name else known.get(forwarded, "")


def name_in(values: list[str]) -> str:
    """The name in a Host header, without port; empty where it comes twice or can't be a name of ours."""
    if len(values) != 1 or len(values[0]) > 300:
        return ""
    name, _, port = values[0].strip().lower().partition(":")
    return "" if port and not (port.isascii() and port.isdigit()) else name.removesuffix(".")


def elsewhere(request: Request) -> Reply | None:
    """On to the site itself, for a page that isn't of the process whose host this is."""
    own = asked_slug(request)
    if not own:
        return None
    path, site = request.scope["path"], request.app.state.site
    first = [*path.split("/"), ""][1]
    if first == own or not (staffs(path) or site.process(first)):
        return None
    if request.method not in ("GET", "HEAD"):
        raise NotFoundException
    query = request.scope["query_string"].decode("latin-1")
    # The path begins with a slash and a name that we know, so it can't become another host.
    address = site.settings.url + quote(path) + (f"?{quote(query, safe=SAFE)}" if query else "")
    return reply(b"", "text/plain", {"Location": address, "Cache-Control": "no-store", "Vary": "Host"}, (), 302)


SAFE = "/?&=#%+:,;@!$'()*[]~"
