"""Languages: the catalogues, which language a visitor gets, and the form that chooses one."""

import io
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from litestar import Request, post
from litestar.datastructures import Cookie
from markupsafe import Markup

from routes.forms import Form, cookie, local_path, read_form
from routes.replies import Reply, see_other

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


class FixedTexts(NodeTransformer):
    """Puts the translation in the place of every `_("a text")` without values in it."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self.catalogue = catalogue

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name="_" | "gettext"), args=[nodes.Const(value=text)], kwargs=[]):
                return nodes.Const(Markup(self.catalogue.gettext(text) % {}), lineno=node.lineno)  # noqa: S704
        return node


class TranslatedEnvironment(Environment):
    """Templates in one language, whose fixed texts are translated when a template is compiled, not at every visit:
    looking them up took nearly half of the time of a page."""

    def __init__(self, language: str, **options: Any) -> None:
        super().__init__(**options, extensions=["jinja2.ext.i18n"])
        self.policies["ext.i18n.trimmed"] = True
        self.catalogue = translations(language)
        self.install_gettext_translations(self.catalogue, newstyle=True)  # type: ignore[attr-defined]

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        return super()._generate(FixedTexts(self.catalogue).visit(source), *arguments, **options)


def language_of(request: Request) -> str:
    """The language the visitor chose, else the first that the browser asks for and we have, else Dutch."""
    chosen = cookie(request, COOKIE)
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
async def choose_language(request: Request) -> Reply:
    form: Form = await read_form(request)
    language = form.get("taal") if form.get("taal") in CODES else SOURCE
    secure = request.app.state.site.secure
    back = local_path(form.get("terug"), "/")
    return see_other(back, [language_cookie(language, secure)])
