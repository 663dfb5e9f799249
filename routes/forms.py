"""Forms and cookies as the browser sends them.

Parsed here and not by Litestar: its parsers keep the last thousand bodies and cookies in a cache, and in these stand
codes beside choices. They also parse what no page of ours sends.
"""

import asyncio
from urllib.parse import parse_qsl, unquote

from litestar import Request
from litestar.exceptions import ClientException, HTTPException

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 5_000
PATIENCE = 10.0  # seconds that a body may take


class Form:
    """The fields of a form: text only, a name may come more than once."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields: dict[str, list[str]] = {}
        for name, value in fields:
            self.fields.setdefault(name, []).append(value)

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
    try:
        async with asyncio.timeout(PATIENCE):
            body = await request.body()
        return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except (ValueError, TimeoutError) as error:
        raise ClientException("not a form") from error
    except HTTPException as error:
        if error.status_code >= 500:  # the visitor hung up: nothing to answer, nothing to log
            raise ClientException("gone") from error
        raise


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
