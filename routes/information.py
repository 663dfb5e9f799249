"""Help and contact, privacy, accessibility, and what machines ask: security.txt, robots.txt, health."""

from datetime import UTC, datetime, timedelta

from litestar import Request, get
from litestar.params import FromPath

from domain import retention
from routes.cache import cached_page
from routes.pages import page, process_or_404, served, shared, site_of
from routes.replies import Reply, reply

TEXT = "text/plain"


@page("/hulp")
async def help_page(request: Request) -> Reply:
    return shared(request, "information/help.html", None, "", dict)


@page("/privacy")
async def privacy(request: Request) -> Reply:
    return shared(request, "information/privacy.html", None, "", lambda: {"rules": retention.RULES})


@page("/{slug:str}/privacy")
async def process_privacy(request: Request, slug: FromPath[str]) -> Reply:
    """What is kept of who takes part in this process, and until which day."""
    process = process_or_404(request, slug)
    rules = [
        (rule, retention.day_after(rule, process)) for rule in retention.rules_of(process) if rule.name not in OF_STAFF
    ]
    return shared(request, "information/process_privacy.html", process, "", lambda: {"rules": rules})


OF_STAFF = ("staff_session", "account", "staff_text", "tile")  # of RULES; nothing of who takes part


@page("/toegankelijkheid")
async def accessibility(request: Request) -> Reply:
    return shared(request, "information/accessibility.html", None, "", dict)


@page("/.well-known/security.txt")
async def security(request: Request) -> Reply:
    """RFC 9116. Without an address to write to there is no such file."""
    site = site_of(request)
    address = site.settings.security_email or site.settings.contact_email
    expires = (site.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    contact = f"Contact: mailto:{address}\n" if address else f"Contact: {site.settings.url}/hulp\n"
    lines = (
        contact + f"Expires: {expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
        "Preferred-Languages: nl, en\n"
        f"Canonical: {site.settings.url}/.well-known/security.txt\n"
    )
    return served(request, cached_page(lines.encode()), media_type=TEXT)


@page("/robots.txt")
async def robots(request: Request) -> Reply:
    return served(request, cached_page(b"User-agent: *\nDisallow: /*/stemmen/\n"), media_type=TEXT)


@get("/health")
async def health(request: Request) -> Reply:
    """For a monitor: 200 as soon as the site answers and can read its database."""
    site_of(request).revision()
    now = datetime.now(UTC)
    return reply(f"ok {now:%Y-%m-%dT%H:%M:%SZ}\n".encode(), TEXT, {"Cache-Control": "no-store"})
