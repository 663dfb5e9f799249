"""The forms of the steps in which a process is designed: the same before it opens (designs.py) and after (choices.py).

A field is called as its choice, `vote-vote_age`; of themes and phases as below.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TypeVar

from domain import fields, phases
from domain.designs import model
from domain.designs.choices import Choice, Unfit, Value, as_typed, from_typed
from domain.designs.files import THEME
from domain.designs.model import MOST_THEMES, Design, Span, ThemeChoice
from domain.fields import Wrong
from domain.phase_kinds import KINDS
from domain.phases import HERE, NoSuchTime
from routes.forms import Form
from routes.staff import look_fields
from routes.staff.look_fields import LookForm
from routes.staff.phases import read_time

THEMES, PHASE = "themes", "phase"  # as if they were fields
NEW_THEMES = 2  # empty rows for more
LONGEST = 20_000  # characters of a field, before anybody says how long it may be
LARGEST_STEP = 300_000  # bytes of a form with every field filled, as a browser encodes it
ENDS = ("opens", "closes")
DAY = timedelta(days=1)

Typed = str | list[str]
T = TypeVar("T")


@dataclass(slots=True)
class StepForm:
    """A step as it stands in its form, right or wrong.

    `suggested`: the fields in which stands what nobody decided yet. `present`, `text`, `reactions`: of a phase.
    `moments`: dates and times by kind of phase; first_day: of the whole.
    """

    step: str
    choices: tuple[Choice, ...]
    typed: dict[str, Typed] = field(default_factory=dict)
    suggested: Collection[str] = ()
    themes: list[dict[str, str]] = field(default_factory=list)
    present: bool = False
    text: str = ""
    reactions: bool = True
    moments: dict[str, dict[str, str]] = field(default_factory=dict)
    first_day: str = ""
    look: LookForm | None = None
    wrong: list[Wrong] = field(default_factory=list)


def choices_in(step: str) -> tuple[Choice, ...]:
    return tuple(choice for choice in model.choices() if choice.section == step)


def shown(step: str, design: Design, seen: bool, suggestions: Mapping[str, Value]) -> StepForm:
    """The step as the design has it, with what is suggested where it has nothing."""
    listed = choices_in(step)
    form = StepForm(step, listed, suggested=[c.field for c in listed if suggested(c, design, suggestions)])
    for choice in listed:
        value = design.values.get(choice.field)
        form.typed[choice.field] = as_typed(
            choice, suggestions.get(choice.field, choice.default) if value is None else value
        )
    form.themes = [theme_typed(theme) for theme in design.themes] if step == "money" else []
    if step in KINDS:
        span = design.spans.get(step)
        example = KINDS[step].example.get(str(design["traject-language"]), "")
        form.present = span is not None
        form.text = span.text if span is not None and (span.text or seen) else example
        form.reactions = span is None or span.reactions
    if step == "planning":
        form.moments = {kind: moments_of(design.spans[kind]) for kind in design.kinds}
        form.first_day = first_day(design)
    if step == "look":
        form.look = look_fields.shown(design.tokens)
    return form


def suggested(choice: Choice, design: Design, suggestions: Mapping[str, Value]) -> bool:
    found = suggestions.get(choice.field, choice.default)
    return design.values.get(choice.field) is None and found not in (None, "", ())


def read(step: str, form: Form, design: Design, kept: Collection[str] = ()) -> tuple[StepForm, Design]:
    """What a form means, put into the design; `.wrong` says what can't be, and then the design is of no use.

    kept: the fields that stay as the design has them; THEMES: themes but for their names, PHASE: all of a phase but
    its choices.
    """
    listed = choices_in(step)
    filled = StepForm(step, listed, {choice.field: typed_in(choice, form) for choice in listed})
    filled.present = step in KINDS and (PHASE in kept or form.get(f"{step}-present") == "yes")
    if step not in KINDS or filled.present:
        wanted = [choice for choice in listed if choice.field not in kept]
        counting = [choice for choice in wanted if choice.field not in pointless(form)]
        values = dict.fromkeys(choice.field for choice in wanted) | read_values(counting, filled)
        design = model.decided(design, in_order(wanted, design, values))
    if step == "money":
        themes = renamed(form, filled, design.themes) if THEMES in kept else read_themes(form, filled)
        design = replace(design, themes=themes)
    if step in KINDS and PHASE not in kept:
        design = with_phase(step, form, filled, design)
    if step == "planning":
        design = with_dates(form, filled, design)
    if step == "look":
        filled.look = look_fields.read(form)
        filled.wrong += filled.look.wrong
        design = replace(design, tokens=filled.look.tokens)
    return filled, design


def pointless(form: Form) -> Collection[str]:
    """The fields that count for nothing with what was chosen beside them: whoever chooses one plan has no limits."""
    return LIMITS if form.get("vote-voting_method") == "choose-1" else ()


LIMITS = ("vote-min_length", "vote-max_length", "vote-max_sum_cost")


def in_order(listed: Iterable[Choice], design: Design, values: dict[str, Value]) -> dict[str, Value]:
    """The same members in the order in which they stood: boxes that are ticked have none."""
    for choice in listed:
        there = design.values.get(choice.field)
        if choice.type == "many_of" and there and set(there) == set(values.get(choice.field) or ()):
            values[choice.field] = there
    return values


def typed_in(choice: Choice, form: Form) -> Typed:
    if choice.type == "many_of":
        return [value[:LONGEST] for value in form.all(choice.field)]
    if choice.type == "lines":
        return form.get(choice.field)[:LONGEST].replace("\r\n", "\n").split("\n")
    return form.get(choice.field)[:LONGEST]


def read_values(listed: Iterable[Choice], filled: StepForm) -> dict[str, Value]:
    values = {}
    for choice in listed:
        typed = filled.typed[choice.field]
        try:
            values[choice.field] = from_typed(choice, typed if isinstance(typed, list) else [typed])
        except Unfit as unfit:
            filled.wrong.append(Wrong(choice.field, unfit.kind, unfit.limit))
    return values


# Themes: theme-1-name, theme-1-budget …; without a name there is none


def theme_typed(theme: ThemeChoice) -> dict[str, str]:
    typed = {name: str(as_typed(choice, getattr(theme, name))) for name, choice in THEME.items()}
    if not theme.min_length:
        typed["min_length"] = ""
    return typed | {"id": "" if theme.id is None else str(theme.id)}


def themes_in(form: Form) -> list[dict[str, str]]:
    """The rows in which something stands."""
    names = (*THEME, "id")
    rows = [
        {name: form.get(f"theme-{n}-{name}").strip()[:500] for name in names}
        for n in range(1, MOST_THEMES + 2 * NEW_THEMES + 1)
    ]
    return [row for row in rows if any(row.values())]


def read_themes(form: Form, filled: StepForm) -> tuple[ThemeChoice, ...]:
    filled.themes = themes_in(form)
    found = []
    for n, row in enumerate(filled.themes, 1):
        if row["name"]:
            found.append(read_theme(n, row, filled.wrong))
        elif any(row[name] for name in THEME):
            filled.wrong.append(Wrong(f"theme-{n}-name", "missing"))
    if len(found) > MOST_THEMES:
        filled.wrong.append(Wrong("theme-1-name", "too_many", MOST_THEMES))
    return tuple(found)


def renamed(form: Form, filled: StepForm, there: tuple[ThemeChoice, ...]) -> tuple[ThemeChoice, ...]:
    """The themes that are there, under the names that were typed."""
    typed = {row["id"]: row["name"] for row in themes_in(form)}
    filled.themes = [theme_typed(theme) | {"name": typed.get(str(theme.id), theme.name)} for theme in there]
    found = []
    for n, (theme, row) in enumerate(zip(there, filled.themes, strict=True), 1):
        read_ = read_theme(n, row, filled.wrong)
        if not read_.name:
            filled.wrong.append(Wrong(f"theme-{n}-name", "missing"))
        found.append(replace(theme, name=read_.name))
    return tuple(found)


def read_theme(n: int, row: Mapping[str, str], wrong: list[Wrong]) -> ThemeChoice:
    values: dict[str, Value] = {}
    for name, choice in THEME.items():
        try:
            values[name] = from_typed(choice, [row[name]])
        except Unfit as unfit:
            wrong.append(Wrong(f"theme-{n}-{name}", unfit.kind, unfit.limit))
    known = int(row["id"]) if row["id"].isascii() and row["id"].isdigit() and len(row["id"]) < 16 else None
    return ThemeChoice(
        str(values.get("name") or ""),
        values.get("budget"),
        values.get("min_length") or 0,
        values.get("max_length"),
        values.get("max_sum_cost"),
        known,
    )


def empty_themes(there: list[dict[str, str]], more: int = 0) -> list[dict[str, str]]:
    """The rows with empty ones behind them."""
    number = max(0, min(NEW_THEMES + more, MOST_THEMES - len(there)))
    return [*there, *[dict.fromkeys((*THEME, "id"), "") for _ in range(number)]]


# A phase: collect-present (yes or no), collect-text, collect-reactions


def with_phase(kind: str, form: Form, filled: StepForm, design: Design) -> Design:
    filled.text = fields.text(form.get(f"{kind}-text")[:LONGEST])
    filled.reactions = f"{kind}-reactions" in form
    spans = dict(design.spans)
    if not filled.present:
        if form.get(f"{kind}-present") != "no":
            filled.wrong.append(Wrong(f"{kind}-present", "not_a_choice"))
        spans.pop(kind, None)
        return without_values(replace(design, spans=spans), kind)
    filled.wrong += fields.check_text(f"{kind}-text", filled.text, model.LONGEST_TEXT)
    before = spans.get(kind) or model.laid_out([*spans, kind])[kind]
    spans[kind] = replace(before, text=filled.text, reactions=filled.reactions)
    return replace(design, spans={kind: spans[kind] for kind in KINDS if kind in spans})


def without_values(design: Design, section: str) -> Design:
    return replace(
        design, values={name: value for name, value in design.values.items() if not name.startswith(f"{section}-")}
    )


# Planning: collect-opens_date and collect-closes_date, both days whole unless collect-opens_time … say otherwise


def moments_of(span: Span) -> dict[str, str]:
    """The first and the last day, and the times where a phase doesn't begin or end with a day."""
    if span.opens is None or span.closes is None:
        return {f"{end}_{part}": "" for end in ENDS for part in ("date", "time")}
    opens, closes = span.opens.astimezone(HERE), span.closes.astimezone(HERE)
    last = phases.Phase("", span.opens, span.closes).last_day.astimezone(HERE)
    return {
        "opens_date": f"{opens:%Y-%m-%d}",
        "opens_time": f"{opens:%H:%M}" if opens.time() != time() else "",
        "closes_date": f"{last:%Y-%m-%d}",
        "closes_time": f"{closes:%H:%M}" if closes.time() != time() else "",
    }


def first_day(design: Design) -> str:
    opens = [phase.opens_at.astimezone(HERE) for phase in design.phases]
    return f"{min(opens):%Y-%m-%d}" if opens else ""


def with_dates(form: Form, filled: StepForm, design: Design) -> Design:
    """As typed, or with `schuif` everything so that the whole begins on the first day that was typed."""
    names = [f"{end}_{part}" for end in ENDS for part in ("date", "time")]
    filled.first_day = form.get("first_day").strip()[:20]
    for kind in design.kinds:
        filled.moments[kind] = {name: form.get(f"{kind}-{name}").strip()[:20] for name in names}
    if "schuif" in form:
        return moved(filled, design)
    spans = {kind: read_span(kind, design.spans[kind], filled) for kind in design.kinds}
    return replace(design, spans=spans)


def moved(filled: StepForm, design: Design) -> Design:
    try:
        return model.placed(design, fields.day(filled.first_day))
    except (ValueError, OverflowError):
        filled.wrong.append(Wrong("first_day", "not_a_date" if filled.first_day else "missing"))
        return design


def read_span(kind: str, span: Span, filled: StepForm) -> Span:
    typed = filled.moments[kind]
    opens = moment(kind, typed, "opens", filled.wrong)
    closes = moment(kind, typed, "closes", filled.wrong)
    if opens and closes and closes <= opens:
        filled.wrong.append(Wrong(f"{kind}-closes_date", "closes_before_opens"))
    return replace(span, opens=opens, closes=closes)


def moment(kind: str, typed: Mapping[str, str], end: str, wrong: list[Wrong]) -> datetime | None:
    """The moment that the fields mean: of a day the begin, and where it ends the end. None where nothing is typed."""
    date_, time_ = typed[f"{end}_date"], typed[f"{end}_time"]
    name = f"{kind}-{end}_date"
    other = typed[f"{'closes' if end == 'opens' else 'opens'}_date"]
    if not date_:
        if other or time_:
            wrong.append(Wrong(name, "missing"))
        return None
    day = part(fields.day, date_, Wrong(name, "not_a_date"), wrong)
    at = part(read_time, time_, Wrong(f"{kind}-{end}_time", "not_a_time"), wrong) if time_ else None
    if day is None or (time_ and at is None):
        return None
    try:
        return phases.moment(day if end == "opens" or at else day + DAY, at or time())
    except NoSuchTime:
        wrong.append(Wrong(f"{kind}-{end}_time", "no_such_time"))
    except (ValueError, OverflowError):
        wrong.append(Wrong(name, "not_a_date"))
    return None


def part(read: Callable[[str], T], typed: str, otherwise: Wrong, wrong: list[Wrong]) -> T | None:
    try:
        return read(typed)
    except ValueError:
        wrong.append(otherwise)
        return None


def differences(mine: StepForm, theirs: StepForm) -> list[tuple[Choice, Typed]]:
    """The choices of which somebody else saved another value than what was typed here."""
    return [
        (choice, theirs.typed[choice.field])
        for choice in mine.choices
        if normal(mine, choice) != normal(theirs, choice)
    ]


def normal(form: StepForm, choice: Choice) -> Value:
    typed = form.typed[choice.field]
    try:
        return from_typed(choice, typed if isinstance(typed, list) else [typed])
    except Unfit:
        return typed


def has_hours(form: StepForm) -> Iterable[bool]:
    """Of each phase, whether it begins or ends in the middle of a day."""
    return (bool(typed["opens_time"] or typed["closes_time"]) for typed in form.moments.values())
