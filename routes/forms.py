"""Forms and cookies as the browser sends them.

Parsed here and not by Litestar: its parsers keep the last thousand bodies and cookies in a cache, and in these stand
codes beside choices. They also parse what no page of ours sends.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl, unquote

from litestar import Request
from litestar.exceptions import ClientException, HTTPException, ServiceUnavailableException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MOST_FIELDS = 5_000
PATIENCE = 10.0  # seconds that a body may take

LARGEST_UPLOAD = 40_000_000  # bytes; `request_max_body_size` of a route that takes files
MOST_OF_FILE = 12_000_001  # bytes that are kept of one: enough to see that it is larger than any of ours may be
MOST_OF_FIELD = 64_000  # bytes
MOST_PARTS = 500
MOST_HELD = 28_000_000  # bytes of all uploads together that are in memory at once: some seven photos of a phone
MOST_OF_NETWORK = 14_000_000  # of these by one network: the largest photo fits, and others keep as much
UPLOAD_PATIENCE = 60.0  # seconds; a photo over a poor phone line


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody sent it. What it is follows from `data` alone; `name` is what they call it, and no path."""

    name: str
    data: bytes


class Form:
    """The fields of a form, a name may come more than once; and its files, where the page takes any."""

    def __init__(self, fields: list[tuple[str, str]], files: Mapping[str, Upload] | None = None) -> None:
        self.fields: dict[str, list[str]] = {}
        for name, value in fields:
            self.fields.setdefault(name, []).append(value)
        self.files = dict(files or {})

    def get(self, name: str) -> str:
        """The last value of that name, or the empty text."""
        values = self.all(name)
        return values[-1] if values else ""

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self.fields


async def read_form(request: Request) -> Form:
    """Raises ClientException (400) for a body that is no form of ours, comes too slowly or breaks off."""
    if request.headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
        raise ClientException("not a form")
    with told_apart():
        async with asyncio.timeout(PATIENCE):
            body = await request.body()
        return form_of(body)


def form_of(body: bytes) -> Form:
    return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Raises ClientException (400) where the visitor is to blame: no form, too slow, or hung up."""
    try:
        yield
    except ParserLimitReached as error:
        raise RequestEntityTooLarge from error
    except (MultipartError, ValueError, TimeoutError) as error:
        raise ClientException("not a form") from error
    except HTTPException as error:
        if error.status_code == 500:  # the visitor hung up: nothing to answer, nothing to log
            raise ClientException("gone") from error
        raise


async def read_upload(request: Request, most: int = MOST_OF_FILE, room: "Held | None" = None) -> Form:
    """A form with files, of which at most `most` bytes are kept: a file of that length was too large, and whoever
    looks at it says so, on the page with all that was typed. A file that wasn't chosen isn't there. `room`: the memory
    it draws on, if not what all uploads share.

    The route sets `request_max_body_size=LARGEST_UPLOAD`. Raises ClientException (400) as `read_form` does,
    RequestEntityTooLarge (413), and ServiceUnavailableException (503) while others, or this network, upload too much;
    never for a form of text, as long as any may be.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", FORM))
    with told_apart(), room or Held(request.app.state.site.tries.network(request)) as held:
        async with asyncio.timeout(UPLOAD_PATIENCE):
            if media_type == MULTIPART:
                return held.until_gone(await read_parts(request, options.get("boundary", ""), most, held))
            return form_of(await read_small(request, media_type))


async def read_late(request: Request) -> Form:
    """As `read_form`, whatever the handler would take: a form of nobody who is known is held as text and no more."""
    media_type = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    with told_apart():
        async with asyncio.timeout(PATIENCE):
            return form_of(await read_small(request, media_type))


async def read_small(request: Request, media_type: str) -> bytes:
    """A form without files, where a browser sends one. Raises ValueError for what isn't one."""
    if media_type != FORM:
        raise ValueError(media_type)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_OF_FIELD:
            raise RequestEntityTooLarge
    return bytes(body)


async def read_parts(request: Request, boundary: str, most: int, held: "Held") -> Form:
    parts = Parts(most, held)
    if len(boundary) > 70:  # RFC 2046
        raise ValueError("boundary")
    with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
        async for chunk in request.stream():
            for event in parser.parse(chunk):
                parts.take(event)
    return Form(parts.fields, parts.files)


class Parts:
    """The parts of a multipart body, as they come in."""

    def __init__(self, most: int, held: "Held") -> None:
        self.most = most
        self.held = held
        self.fields: list[tuple[str, str]] = []
        self.files: dict[str, Upload] = {}
        self.part: MultipartSegment
        self.data = bytearray()
        self.text = 0

    def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """One event of the parser: a part begins, there is more of it, or it ends."""
        if isinstance(event, MultipartSegment):
            self.part, self.data = event, bytearray()
        elif event is None:
            self.finish()
        else:
            self.add(event)

    def add(self, chunk: bytes | bytearray) -> None:
        if self.part.filename is None and len(self.data) + len(chunk) > MOST_OF_FIELD:
            raise RequestEntityTooLarge
        kept = chunk[: self.most - len(self.data)]
        self.data += kept
        self.held.more(len(kept) if self.part.filename is not None else self.text_beyond(len(kept)))

    def text_beyond(self, number: int) -> int:
        """How many of that many bytes of text are more than a form of text alone may have."""
        before, self.text = self.text, self.text + number
        return max(0, self.text - MOST_OF_FIELD) - max(0, before - MOST_OF_FIELD)

    def finish(self) -> None:
        name, filename = self.part.name or "", self.part.filename
        if filename is None:
            self.fields.append((name, self.data.decode()))
        elif filename or self.data:
            self.files[name] = Upload(filename[:200], bytes(self.data))
        self.data = bytearray()


class Held:
    """How much one upload takes of the memory that all of them share, until nobody needs its form any more.

    `network` is that of the visitor, as routes/tries.py tells them apart.
    """

    together = 0
    by_network: ClassVar[dict[bytes, int]] = {}

    def __init__(self, network: bytes) -> None:
        self.network = network
        self.bytes = 0

    def more(self, number: int) -> None:
        """Raises ServiceUnavailableException (503)."""
        if not number:
            return
        of_network = Held.by_network.get(self.network, 0)
        if Held.together + number > MOST_HELD or of_network + number > MOST_OF_NETWORK:
            raise ServiceUnavailableException("too many uploads")
        Held.together += number
        Held.by_network[self.network] = of_network + number
        self.bytes += number

    def until_gone(self, form: Form) -> Form:
        weakref.finalize(form, give_back, self.network, self.bytes)
        self.bytes = 0
        return form

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: object) -> None:
        give_back(self.network, self.bytes)


def give_back(network: bytes, number: int) -> None:
    Held.together -= number
    if left := Held.by_network.pop(network, 0) - number:
        Held.by_network[network] = left


def cookie(request: Request, name: str) -> str:
    """The value of that cookie, or the empty text."""
    return cookies_of(request).get(name, "")


def cookies_of(request: Request) -> dict[str, str]:
    """The cookies, read once per request and gone with it."""
    kept: dict[str, str] | None = request.scope["state"].get("cookies")
    if kept is None:
        pairs = (pair.partition("=") for pair in request.headers.get("cookie", "").split(";"))
        kept = {name.strip(): unquote(value.strip().strip('"')) for name, _, value in pairs if name.strip()}
        request.scope["state"]["cookies"] = kept
    return kept


def local_path(path: str, otherwise: str) -> str:
    """`path` if it is a path of this site, else `otherwise`: a form can't send a visitor to somebody else's."""
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fine else otherwise
