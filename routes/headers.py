"""What holds for every answer and every request: security headers, and no forged requests from other sites."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from litestar import Request
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.types import Message, Scope

from config.settings import Settings, secure
from domain.hosts import origins
from routes import hosts
from routes.replies import Reply


def security_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """Only our own files, nothing inline, no other site's frame, no address told to others."""
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; manifest-src 'self'; "
        f"frame-ancestors {settings.frame_ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    }
    if settings.frame_ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    if secure(settings):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


FRAMED = "framed"  # in the state of a request: the origins that may show this answer in a frame
SHARED = "shared"  # and that pages of others may load it


def frame_headers(headers: list[tuple[bytes, bytes]], framers: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """The same for a page that those origins may show in a frame, also if they isolate themselves (COEP): nothing can
    be sent from it."""
    if not framers:
        return headers
    named = dict(headers)
    policy = named[b"content-security-policy"].decode().rpartition("frame-ancestors")[0]
    policy = policy.replace("form-action 'self'", "form-action 'none'") + "frame-ancestors " + " ".join(framers)
    named[b"content-security-policy"] = policy.encode()
    named.pop(b"x-frame-options", None)  # it can't name more than one site; browsers of today go by the policy
    return [*shared_headers([*named.items()]), (b"cross-origin-embedder-policy", b"require-corp")]


def shared_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The same for what a page of another site may load."""
    return [*(dict(headers) | {b"cross-origin-resource-policy": b"cross-origin"}).items()]


def add_headers(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    headers = security_headers(settings)

    async def before_send(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            state = scope.get("state", {})
            mine = shared_headers(headers) if SHARED in state else headers
            mine = frame_headers(headers, origins(state[FRAMED])) if FRAMED in state else mine
            message["headers"] = [*message["headers"], *mine]

    return before_send


MOST_HEADERS = 16_000  # bytes; ours come to a tenth of it


async def check_request(request: Request) -> Reply | None:
    """Before every handler; what it returns is the answer. Raises ClientException (400) and PermissionDeniedException
    (403)."""
    if sum(len(name) + len(value) for name, value in request.scope["headers"]) > MOST_HEADERS:
        raise ClientException("too many headers")
    refuse_cross_site(request)
    return hosts.elsewhere(request)


def refuse_cross_site(request: Request) -> None:
    """Refuse what changes something and comes from another site's page. Raises PermissionDeniedException (403).

    Every browser of the last years says where a request comes from (Sec-Fetch-Site, or at least Origin); a page's
    own form says same-origin. What says neither is no browser, and has no visitor's cookies to abuse.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetch_site is not None:
        same = fetch_site in ("same-origin", "none")
    else:
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not same:
        raise PermissionDeniedException("cross-site")
