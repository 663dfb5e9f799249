"""How the tests read a page as a visitor does: its words, its tags, its forms. And which pages there are."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from domain.processes import Process

VOID = {"meta", "link", "input", "img", "br", "hr", "rect", "circle", "path", "use"}
BOXES = ("checkbox", "radio")
UNREAD = {"script", "style", "title", "noscript", "code"}

SITE_PAGES = ("/", "/hulp", "/privacy", "/toegankelijkheid", "/op-de-hoogte")
OF_A_PROCESS = (
    *("plannen", "plannen?volgorde=cost", "kaart", "plannen/nieuw", "volgen", "op-de-hoogte"),
    *("stemmen", "controle", "uitslag", "zo-werkt-het", "privacy"),
)
OF_A_PLAN = ("versies", "reacties", "melding")


def pages_of(process: Process) -> list[str]:
    """The address of every page of a process that anyone may open."""
    around = [f"{plan.url}/{path}" for plan in process.plans[:1] for path in OF_A_PLAN]
    of_process = [f"/{process.slug}", *(f"/{process.slug}/{path}" for path in OF_A_PROCESS)]
    return [*of_process, *(plan.url for plan in process.plans), *around]


@dataclass(frozen=True)
class Tag:
    name: str
    attrs: dict[str, str]


@dataclass(frozen=True)
class Form:
    """Where a form goes and what a browser sends when nobody touches its fields. Buttons by their words."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """A page of the site, read. `words` hold no more than one space in a row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.forms: list[Form] = []
        self.said: list[tuple[str, str]] = []  # language, text
        self.open: list[tuple[str, str]] = []  # tag, language
        self.area: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append(Tag(tag, known))
        if tag not in VOID:
            self.open.append((tag, known.get("lang", self.language)))
        if tag == "form":
            self.forms.append(Form(known["action"], known["method"]))
        if tag == "input" and self.forms and (known.get("type") not in BOXES or "checked" in known):
            self.forms[-1].fields.setdefault(known["name"], []).append(known.get("value", ""))
        if tag == "textarea":
            self.area = self.forms[-1].fields.setdefault(known["name"], []) if self.forms else []
            self.area.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "textarea":
            self.area[-1] = (self.area[-1] + data).removeprefix("\n")
        if (text := squeezed(data)) and not UNREAD & {tag for tag, _ in self.open}:
            self.said.append((self.language, text))

    @property
    def language(self) -> str:
        return self.open[-1][1] if self.open else ""

    @property
    def words(self) -> str:
        return squeezed(" ".join(text for _, text in self.said)).replace(" ,", ",")

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form.action == action)

    def all(self, name: str) -> list[dict[str, str]]:
        return [tag.attrs for tag in self.tags if tag.name == name]

    def link(self, rel: str) -> str | None:
        """Where the link to the next or previous one goes, if there is one."""
        return next((a["href"] for a in self.all("a") if a.get("rel") == rel), None)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("\u2011", "-").strip()  # \u2011 is a hyphen at which no line ends


def words(html: str) -> str:
    return Page(html).words
