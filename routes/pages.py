"""Pages: templates rendered for a visitor, alone or for everyone at once."""

import secrets
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from jinja2_fragments import render_block
from litestar import Request, route
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException

from domain import looks
from domain.processes import Process
from routes import formats, hosts, notices
from routes.cache import QUICK_ENCODERS, SMALL, CachedPage, best_encoding, cached_page
from routes.drafts import DraftView, draft_on_page
from routes.languages import CODES, LANGUAGES, TranslatedEnvironment, language_of, translations
from routes.replies import Reply, reply
from routes.site import Site
from routes.static_files import static_url
from routes.visitors import resident_of

HTML = "text/html"
PADDED_TO = 16_384  # bytes; the page after handing in holds some hundred plans before it is longer
VARY = "Accept-Encoding, Accept-Language, Cookie, HX-Request"
TEMPLATES = Path(__file__).parent.parent / "templates"

# A GET handler that answers HEAD too, for the crawlers that make link previews.
page = partial(route, http_method=["GET", "HEAD"])


@cache
def environment(language: str) -> TranslatedEnvironment:
    """The templates in one language."""
    env = TranslatedEnvironment(
        language,
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # all of them stay: compiling one takes up to a fifth of a second
    )

    @pass_context
    def euro(context: Context, cents: int, currency: str = "") -> str:
        return formats.money(cents, currency or currency_in(context), language)

    env.filters |= {
        "euro": euro,
        "number": lambda value: formats.number(value, language),
        "date": lambda moment: formats.date(moment, language),
        "date_of": lambda text: formats.date_of(text, language),
        "datetime": lambda moment: formats.date_time(moment, language),
        "until": lambda moment: formats.until(moment, language, translations(language).gettext),
        "day": lambda moment: formats.day(moment, language),
        "time": lambda at: formats.time(at, language),
        "period": lambda phase: formats.period(phase, language, translations(language).gettext),
        "when": lambda phase: formats.when(phase, language, translations(language).gettext),
        "paragraphs": formats.paragraphs,
        "with_links": formats.with_links,
        "markdown": formats.markdown,
        "excerpt": formats.excerpt,
        "new_window": formats.new_window,
    }
    env.globals |= {"static": static_url, "languages": LANGUAGES, "language": language}
    return env


def compile_ahead() -> threading.Thread:
    """Compile every page in every language on a thread, so that after a start no visitor waits for it: the watch of the
    staff took 1.6 s of processor time then. It rests as long as it works, and visitors go first."""
    environments = [environment(code) for code in CODES]

    def compile_all() -> None:
        for env in environments:
            for name in env.list_templates(extensions=["html", "atom"]):
                began = time.thread_time()
                env.get_template(name)
                time.sleep(time.thread_time() - began)

    thread = threading.Thread(target=compile_all, name="templates", daemon=True)
    thread.start()
    return thread


def currency_in(context: Context) -> str:
    process = context.get("process")
    return process.currency if isinstance(process, Process) else "EUR"


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def process_or_404(request: Request, slug: str) -> Process:
    process = site_of(request).process(slug)
    if process is None:
        raise NotFoundException
    return process


def encoding_of(request: Request) -> str:
    return best_encoding(request.headers.get("accept-encoding", ""))


def is_htmx(request: Request) -> bool:
    """A block was asked for, not a page. What the back button restores is a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


def render(
    request: Request,
    template: str,
    process: Process | None,
    draft: DraftView | None,
    block: str | None,
    values: Any,
) -> str:
    site = site_of(request)
    context = {
        "site": hosts.settings_at(site.settings, process.host) if process else site.settings,
        "process": process,
        "draft": draft,
        "path": request.scope["path"],
        "url": hosts.canonical(site.settings, process, request.scope["path"]),
        "look": looks.of(process.look) if process else None,
        "front": front_here(request, process),
        "main": site.settings.url if hosts.asked_slug(request) else "",
        "now": site.now(),
        "hx": block is not None,
        "notice": "",
        **values,
    }
    env = environment(language_of(request))
    return render_block(env, template, block, context) if block else env.get_template(template).render(context)


def front_here(request: Request, process: Process | None) -> str:
    """The path of the front page of the process, on the host where this was asked."""
    return "/" if process is None or process.slug == hosts.asked_slug(request) else f"/{process.slug}"


def answer(
    request: Request,
    template: str,
    process: Process | None = None,
    *,
    draft: DraftView | None = None,
    block: str | None = None,
    status: int = 200,
    secret: bool = False,
    cookies: Iterable[Cookie] = (),
    **values: Any,
) -> Reply:
    """A page for this visitor alone. `secret`: it holds something nobody may see or keep, so it is not compressed
    (BREACH) and not stored. `block`: only that block of it, where htmx asks."""
    wanted = block if is_htmx(request) else None
    if not is_htmx(request) and (notice := notices.pending(request)):
        values, cookies = {"notice": notice, **values}, [*cookies, notices.said(request)]
    body = render(request, template, process, draft, wanted, values).encode()
    return private(request, body, cookies, status, secret=secret)


def filled(
    request: Request,
    template: str,
    process: Process,
    key: Hashable,
    holes: Mapping[str, str | None],
    values: Callable[[], Mapping[str, Any]],
    *,
    cookies: Iterable[Cookie] = (),
) -> Reply:
    """A secret page (see `answer`) of which all but the holes is from memory: `key` and `values` are those of `shared`.

    holes: what is this visitor's alone, as HTML; None where the page goes without. The template has each by its name.
    """
    shown = {name: html for name, html in holes.items() if html is not None}
    marks = {name: f"{HOLE}{name}{HOLE}" if name in shown else None for name in holes}
    if notice := notices.pending(request):
        body = render(request, template, process, None, None, {"notice": notice, **values(), **marks}).encode()
        cookies = [*cookies, notices.said(request)]
    else:
        body = cached(request, template, process, (template, (key, *shown), None), lambda: {**values(), **marks}).body
    parts = body.split(HOLE.encode())
    parts[1::2] = [shown[name.decode()].encode() for name in parts[1::2]]
    return private(request, b"".join(parts), cookies, secret=True)


HOLE = f"\0{secrets.token_hex(8)}\0"  # around the name of a hole: no text of people can hold it


def private(request: Request, body: bytes, cookies: Iterable[Cookie], status: int = 200, *, secret: bool) -> Reply:
    if secret:  # how long it is would tell who listens on the line which plans stand on it
        body += b" " * (-len(body) % PADDED_TO)
    headers = {"Cache-Control": "no-store" if secret else "private, no-cache", "Vary": VARY}
    encoding = "" if secret or len(body) < SMALL else encoding_of(request)
    if encoding:
        body = QUICK_ENCODERS[encoding](body)
        headers["Content-Encoding"] = encoding
    return reply(body, HTML, headers, cookies, status)


def shared(
    request: Request,
    template: str,
    process: Process | None,
    key: Hashable,
    values: Callable[[], Mapping[str, Any]],
    *,
    block: str | None = None,
    keep: bool = True,
    of_resident: bool = False,
    cookies: Iterable[Cookie] = (),
) -> Reply:
    """A page that is the same for everyone without a draft ballot, from memory if it was made since the last change.

    `key` names everything the page depends on besides language, path and htmx; `values` is called only to make it.
    Not `keep`: there are too many such pages to keep them, one for each word somebody searches. `of_resident`: who
    showed who they are sees more on it.
    """
    draft = draft_on_page(request, process)
    if draft or not keep or (of_resident and resident_of(request)) or notices.pending(request):
        return answer(request, template, process, draft=draft, block=block, cookies=cookies, **values())
    wanted = block if is_htmx(request) else None
    made = cached(request, template, process, (template, key, wanted), values)
    return served(request, made, cookies)


def cached(
    request: Request,
    template: str,
    process: Process | None,
    key: tuple[Any, ...],
    values: Callable[[], Mapping[str, Any]],
) -> CachedPage:
    site, now = site_of(request), site_of(request).now()
    full_key = (language_of(request), hosts.asked_slug(request), request.scope["path"].rstrip("/"), *key)
    revision = process.revision if process else site.revision()
    if (kept := site.cache.get(full_key, revision, now)) is not None:
        return kept
    body = render(request, template, process, None, key[2], values()).encode()
    boundaries = [at for p in site.all() for phase in p.phases for at in (phase.opens_at, phase.closes_at) if at > now]
    made = cached_page(body, revision, min(boundaries, default=None))
    site.cache.put(full_key, made)
    return made


def served(
    request: Request,
    made: CachedPage,
    cookies: Iterable[Cookie] = (),
    media_type: str = HTML,
    keep: str = "no-cache",
    more: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """The cached bytes as this browser takes them, or 304 if it has them. `more`: other headers of this page."""
    encoding = encoding_of(request) if len(made.body) >= SMALL else ""
    etag = f'"{made.etag}{"-" + encoding if encoding else ""}"'
    headers = {"ETag": etag, "Cache-Control": keep, "Vary": VARY, **more}
    if etag in request.headers.get("if-none-match", ""):
        return reply(b"", media_type, headers, cookies, 304)
    if encoding:
        headers["Content-Encoding"] = encoding
    if cookies:
        return reply(made.bytes_for(encoding), media_type, headers, cookies)
    key = (encoding, media_type, keep, *more.items())
    return made.reply(key, lambda: reply(made.bytes_for(encoding), media_type, headers))
