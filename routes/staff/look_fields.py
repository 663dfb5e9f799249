"""The fields with which somebody chooses a look: the same for a process that runs (looks.py) and in the wizard."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain import looks, tokens
from domain.fields import Wrong
from domain.looks import ACCENT, BAR, MARK, Look
from domain.tokens import Found, Misfit, Unreadable
from routes.forms import Form

MAIN = {"accent": ACCENT, "mark": MARK, "bar": BAR}  # colours with a field of their own, for who has no token file
FONT, HEADING = "basis-text-font-family-default", "basis-heading-font-family"
FONTS = {
    "system": "",
    "arial": "Arial, Helvetica, sans-serif",
    "verdana": "Verdana, Geneva, sans-serif",
    "trebuchet": "Trebuchet MS, Tahoma, sans-serif",
    "georgia": "Georgia, Times New Roman, serif",
}
CORNERS = {"square": ("0rem", "0rem"), "small": ("0.25rem", "0.375rem"), "round": ("0.75rem", "1.25rem")}
RADII = ("basis-border-radius-sm", "basis-border-radius-md")


@dataclass(slots=True)
class LookForm:
    """A look as it stands in its form. `text`: the tokens as they are pasted; `colours`: what stands in the fields of
    MAIN; `before`: the tokens that the form began with; `found`: what was read just now."""

    text: str = ""
    colours: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    found: Found | None = None
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def look(self) -> Look:
        return looks.of(self.tokens)

    @property
    def packed(self) -> str:
        return pack(self.tokens)

    @property
    def packed_before(self) -> str:
        return pack(self.before)

    def picked(self, name: str) -> str:
        """What the colour picker shows: it can't be empty."""
        return self.look.light[MAIN[name]]


def shown(given: Mapping[str, str]) -> LookForm:
    kept = tokens.normal(given)
    return LookForm(looks.as_text(kept), colours_in(kept), kept, kept)


def colours_in(kept: Mapping[str, str]) -> dict[str, str]:
    return {name: kept.get(token, "") for name, token in MAIN.items()}


def read(form: Form) -> LookForm:
    """What the form means. A file goes before what is pasted, and a field that was changed before both."""
    upload = form.files.get("tokenfile")
    text = upload.data.decode("utf-8", "replace") if upload else form.get("tokens")
    filled = LookForm(text[: tokens.LARGEST + 1], before=unpack(form.get("voor")))
    if text.strip():
        try:
            filled.found = tokens.read(text)
            filled.tokens = dict(filled.found.tokens)
        except Unreadable as unreadable:
            filled.wrong.append(Wrong("tokens", unreadable.kind))
    take_colours(form, filled)
    take_shapes(form, filled.tokens)
    if not filled.wrong:
        filled.text, filled.colours = looks.as_text(filled.tokens), colours_in(filled.tokens)
    filled.tokens = tokens.normal(filled.tokens)
    return filled


def take_colours(form: Form, filled: LookForm) -> None:
    for name, token in MAIN.items():
        typed, picked = form.get(f"kleur-{name}").strip()[:60], form.get(f"kies-{name}")
        filled.colours[name] = typed
        if typed != form.get(f"was-{name}"):
            value = typed if not typed or typed.startswith(("#", "r", "h")) else f"#{typed}"
        elif picked and picked != form.get(f"stond-{name}"):
            value = picked
        else:
            continue
        try:
            set_token(filled.tokens, token, tokens.colour(value) if value else "")
        except Misfit:
            filled.wrong.append(Wrong(f"kleur-{name}", "not_a_colour"))


def take_shapes(form: Form, given: dict[str, str]) -> None:
    if (font := form.get("letter")) in FONTS:
        set_token(given, FONT, FONTS[font])
        set_token(given, HEADING, "")
    if (corners := form.get("hoeken")) in CORNERS:
        given |= dict(zip(RADII, CORNERS[corners], strict=True))
    elif corners == "usual":
        for radius in RADII:
            set_token(given, radius, "")


def set_token(given: dict[str, str], name: str, value: str) -> None:
    if value:
        given[name] = value
    else:
        given.pop(name, None)


def pack(given: Mapping[str, str]) -> str:
    """The tokens for an address or a hidden field."""
    return base64.urlsafe_b64encode(json.dumps(given, separators=(",", ":")).encode()).decode()


def unpack(packed: str) -> dict[str, str]:
    """The tokens again; whatever else was put there is left out."""
    try:
        found = json.loads(base64.urlsafe_b64decode(packed[:20_000]))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return tokens.normal({str(name): value for name, value in found.items() if isinstance(value, str)})
