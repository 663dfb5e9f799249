"""A device on which several people vote: what staff made of this browser, and the next voter."""

from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from domain import devices, residents
from domain.database import Database
from domain.processes import Process
from routes import forms, submissions, visitors
from routes.drafts import PREFIX
from routes.forms import read_form
from routes.pages import page, process_or_404, site_of
from routes.replies import Reply, see_other

COOKIE = "apparaat"


def channel_of(request: Request, process: Process) -> str:
    """How a ballot that is handed in here comes in."""
    site, text = site_of(request), forms.cookie(request, COOKIE)
    return devices.channel_of(site.secret, process.id, text, site.now()) if text else devices.ONLINE


def cookie(request: Request, process: Process, channel: str) -> Cookie:
    """The cookie that makes it such a device, in this process alone; the one that ends it, if it votes online."""
    site = site_of(request)
    shared = channel in devices.CHANNELS
    return Cookie(
        COOKIE,
        value=devices.sealed(site.secret, process.id, channel, site.now()) if shared else "",
        max_age=int(devices.LASTS.total_seconds()) if shared else 0,
        path=f"/{process.slug}",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )


@post("/{slug:str}/stemmen/apparaat", status_code=303)
async def next_voter(request: Request, slug: FromPath[str]) -> Reply:
    """Nothing is left of who voted here; and with “gewoon” the device is one like any other again."""
    process, form = process_or_404(request, slug), await read_form(request)
    tokens = visitors.tokens_of(request)
    if tokens:
        await site_of(request).writer.write(end_sessions, tokens)
    ended = [cookie(request, process, devices.ONLINE)] if "gewoon" in form else []
    gone = [*ended, *nobody(request), *submissions.tokens_ended(request), *visitors.signed_out(request)]
    answer = see_other(f"/{process.slug}/stemmen", gone)
    answer.headers["Clear-Site-Data"] = '"storage"'  # a reaction that somebody began
    return answer


def end_sessions(db: Database, tokens: list[str]) -> None:
    for token in tokens:
        residents.end_session(db, token)


def nobody(request: Request) -> list[Cookie]:
    """The cookies that end every draft ballot of this browser."""
    kept = [name for name in forms.cookies_of(request) if name.startswith(PREFIX)]
    return [Cookie(name, value="", max_age=0, path="/", httponly=True, samesite="lax") for name in kept]


@page("/{slug:str}/stemmen/apparaat")
async def lead_on(request: Request, slug: FromPath[str]) -> Reply:
    """Somebody typed or reloaded the address of the button."""
    return see_other(f"/{process_or_404(request, slug).slug}/stemmen")


ROUTES = [next_voter, lead_on]
