"""Languages: the catalogues, which language a visitor gets, and the form that chooses one."""

import io
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from routes.forms import Form, local_path, read_form

SOURCE = "nl"  # the texts in templates are Dutch
LANGUAGES = (("nl", "Nederlands"), ("en", "English"))
CODES = tuple(code for code, _ in LANGUAGES)
COOKIE = "taal"
YEAR = 365 * 24 * 3600
LOCALES = Path(__file__).parent.parent / "config" / "locales"


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language, read from its .po file: nothing has to be compiled before the start."""
    if language == SOURCE:
        return NullTranslations()
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language the visitor chose, else the first that the browser asks for and we have, else Dutch."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in CODES else preferred(request.headers.get("accept-language", ""))


@lru_cache(maxsize=512)
def preferred(accept: str) -> str:
    weighted = [weight(part) for part in accept[:500].split(",") if part.strip()]
    for _, code in sorted(weighted, key=lambda pair: -pair[0]):
        if code in CODES:
            return code
    return SOURCE


def weight(part: str) -> tuple[float, str]:
    name, _, parameters = part.strip().partition(";")
    try:
        quality = float(parameters.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0.0
    return quality, name.split("-")[0].strip().lower()


def language_cookie(language: str, secure: bool) -> Cookie:
    return Cookie(COOKIE, value=language, max_age=YEAR, path="/", secure=secure, httponly=True, samesite="lax")


@post("/taal", status_code=303)
async def choose_language(request: Request) -> Redirect:
    form: Form = await read_form(request)
    language = form.get("taal") if form.get("taal") in CODES else SOURCE
    secure = request.app.state.site.secure
    back = local_path(form.get("terug"), "/")
    return Redirect(back, status_code=303, cookies=[language_cookie(language, secure)])
