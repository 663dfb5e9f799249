"""A design as a whole: its choices, themes and phases, what is undecided, and what doesn't fit together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from domain import areas, hosts, phases
from domain.designs.choices import Choice, Value
from domain.phase_kinds import KINDS
from domain.phases import HERE, Phase

MOST_THEMES, LONGEST_THEME = 30, 40
LONGEST_TEXT = 500  # characters of what is said about a phase
BLOCKS = ("about", "how_to_vote", "how_we_count", "plans", "map", "news", "timeline", "contact")

GENERAL = (
    Choice("traject", "name", "line", high=80, needed="start"),
    Choice("traject", "municipality", "line", high=80, needed="start", kept="elsewhere"),
    Choice("traject", "area", "line", high=80, needed="start", kept="elsewhere"),
    Choice("traject", "area_code", "line", high=12, kept="elsewhere", refuse=areas.level_of, tidy=str.upper),
    Choice("traject", "summary", "line", high=300),
    Choice("traject", "description", "text", high=5_000),
    Choice("traject", "contact", "line", high=120),
    Choice("traject", "language", "one_of", "nl", options=("nl", "en")),
    Choice("traject", "languages", "many_of", ("nl", "en"), low=1, options=("nl", "en")),
    Choice("money", "budget", "amount", low=100, needed="start", fixed="vote"),
    Choice("look", "blocks", "many_of", BLOCKS, options=BLOCKS),
    Choice("look", "host", "line", high=hosts.LONGEST, refuse=hosts.host),
    Choice("look", "frame_ancestors", "lines", (), high=hosts.MOST_ORIGINS, refuse=hosts.only_origins),
    Choice(
        "privacy",
        "legal_basis",
        "one_of",
        options=("public_task", "legitimate_interest", "consent"),
        needed="law",
    ),
    Choice("privacy", "controller", "line", high=120, needed="law"),
    Choice("privacy", "privacy_contact", "line", high=200, needed="law"),
)


def steps() -> tuple[str, ...]:
    """The steps of the wizard; every choice stands in the step that its section is called."""
    return ("traject", "money", *KINDS, "planning", "look", "privacy")


def choices() -> tuple[Choice, ...]:
    """Every choice of every design, in the order of the steps."""
    every = [*GENERAL, *(choice for kind in KINDS.values() for choice in kind.choices)]
    return tuple(sorted(every, key=lambda choice: steps().index(choice.section)))


def choice_of(section: str, name: str) -> Choice | None:
    return next((choice for choice in choices() if (choice.section, choice.name) == (section, name)), None)


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """A theme: budget and max_sum_cost in cents; the limits are of one ballot. `id` of a theme that is there."""

    name: str
    budget: int | None = None
    min_length: int = 0
    max_length: int | None = None
    max_sum_cost: int | None = None
    id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A phase of a design: from one moment (UTC) up to another, or so many days from the first day of the whole:
    whole ones, or the first from one time of day (here), and the last up to another."""

    opens: datetime | None = None
    closes: datetime | None = None
    day: int = 0
    days: int = 28
    begins: time | None = None
    ends: time | None = None
    text: str = ""
    reactions: bool = True

    @property
    def dated(self) -> bool:
        return self.opens is not None and self.closes is not None


@dataclass(frozen=True, slots=True)
class Design:
    """`values` by Choice.field: what isn't there is undecided. `tokens`: the look, by their NL Design System names.
    `about`: title, source and taught, of a preset; nothing of the process itself."""

    values: Mapping[str, Value] = field(default_factory=dict)
    themes: tuple[ThemeChoice, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, of: str) -> Value:
        """The value of "section-name", or its default."""
        if of in self.values:
            return self.values[of]
        return next(choice.default for choice in choices() if choice.field == of)

    @property
    def kinds(self) -> list[str]:
        """Its phases, in the order of KINDS."""
        return [kind for kind in KINDS if kind in self.spans]

    @property
    def phases(self) -> list[Phase]:
        """Those that have dates."""
        return [
            Phase(kind, span.opens, span.closes, span.text, span.reactions)
            for kind in self.kinds
            if (span := self.spans[kind]).opens is not None and span.closes is not None
        ]


def asked(design: Design) -> Iterator[Choice]:
    """The choices that concern this design: not those of a phase it hasn't."""
    for choice in choices():
        if choice.section not in KINDS or choice.section in design.spans:
            yield choice


def undecided(design: Design) -> list[Choice]:
    """What must be decided before anything opens."""
    return [choice for choice in asked(design) if choice.needed and missing(design.values.get(choice.field))]


def missing(value: Value) -> bool:
    return value is None or value == ""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two choices that can't both be; `step` is where to look. The page words the kind."""

    kind: str
    step: str
    phase: str = ""
    theme: str = ""


def clashes(design: Design) -> list[Clash]:
    """What doesn't fit together; empty if the process can be made, once nothing is undecided."""
    return [*phase_clashes(design), *collect_clashes(design), *vote_clashes(design), *theme_clashes(design)]


def phase_clashes(design: Design) -> Iterator[Clash]:
    if not design.spans:
        yield Clash("no_phases", "planning")
    for kind in design.kinds:
        span = design.spans[kind]
        if span.opens is None or span.closes is None:
            yield Clash("no_dates", "planning", kind)
        elif span.closes <= span.opens:
            yield Clash("closes_before_opens", "planning", kind)
    if "vote" not in design.spans and "result" in design.spans:
        yield Clash("result_without_vote", "planning", "result")
    if "vote" in design.spans and "result" not in design.spans:  # nobody would have chosen what wins
        yield Clash("vote_without_result", "planning", "vote")
    if "support" in design.spans and "vote" not in design.spans and design["support-supporters"] == "code":
        yield Clash("codes_without_vote", "support", "support")


def collect_clashes(design: Design) -> Iterator[Clash]:
    most, budget = design["collect-max_plan_cost"], design["money-budget"]
    if "collect" in design.spans and most is not None and budget is not None and most > budget:
        yield Clash("plan_above_budget", "collect")


def vote_clashes(design: Design) -> Iterator[Clash]:
    low, high = design["vote-min_length"] or 0, design["vote-max_length"]
    method, room, budget = design["vote-voting_method"], design["vote-max_sum_cost"], design["money-budget"]
    if "vote" not in design.spans:
        return
    if high is not None and low > high and method != "choose-1":
        yield Clash("min_above_max", "vote")
    if method == "choose-1" and low > 1:
        yield Clash("min_above_max", "vote")
    if room is not None and budget is not None and room > budget:
        yield Clash("ballot_above_budget", "vote")
    least = sum(theme.min_length for theme in design.themes)
    most = 1 if method == "choose-1" else high
    if most is not None and least > most:
        yield Clash("themes_above_max", "vote")


def theme_clashes(design: Design) -> Iterator[Clash]:
    names = [theme.name.casefold() for theme in design.themes]
    budget = design["money-budget"]
    for theme in design.themes:
        if names.count(theme.name.casefold()) > 1:
            yield Clash("theme_twice", "money", theme=theme.name)
        if theme.max_length is not None and theme.min_length > theme.max_length:
            yield Clash("theme_min_above_max", "money", theme=theme.name)
        if theme.budget is not None and budget is not None and theme.budget > budget:
            yield Clash("theme_above_budget", "money", theme=theme.name)
    parts = [theme.budget for theme in design.themes if theme.budget is not None]
    if budget is not None and len(parts) == len(design.themes) > 1 and sum(parts) > budget:
        yield Clash("themes_above_budget", "money")


def ready(design: Design) -> bool:
    return not undecided(design) and not clashes(design)


def laid_out(kinds: Iterable[str]) -> dict[str, Span]:
    """Spans of these phases one after the other, as long as KINDS says."""
    spans: dict[str, Span] = {}
    end = 0
    for kind in (KINDS[name] for name in KINDS if name in set(kinds)):
        day = spans[kind.opens_with].day if kind.opens_with in spans else end + kind.after
        spans[kind.name] = Span(day=day, days=kind.days)
        end = max(end, day + kind.days)
    return spans


def placed(design: Design, first: date) -> Design:
    """The design with dates: its first phase opens on that day (here), the others as far from it as they are now.

    Whatever has no dates yet, begins and ends at midnight, or at its own time of day. Raises ValueError for a year
    nobody means.
    """
    dated = [span.opens for span in design.spans.values() if span.opens is not None]
    start = min(dated).astimezone(HERE).date() if dated else None
    earliest = min((span.day for span in design.spans.values() if not span.dated), default=0)
    return replace(
        design,
        spans={
            kind: moved(span, first - start) if span.dated and start else counted(span, first, earliest)
            for kind, span in design.spans.items()
        },
    )


def proposed(design: Design, first: date) -> Design:
    """The design with dates for each phase that has none: as `placed`, or else after the phase before it."""
    if not any(span.dated for span in design.spans.values()):
        return placed(design, first)
    spans: dict[str, Span] = {}
    for kind in design.kinds:
        beside = spans.get(KINDS[kind].opens_with)
        after = max((span.closes for span in spans.values() if span.closes), default=phases.moment(first, time()))
        opens = beside.opens if beside and beside.opens else after
        span = design.spans[kind]
        spans[kind] = span if span.dated else counted(span, opens.astimezone(HERE).date(), span.day)
    return replace(design, spans=spans)


def counted(span: Span, first: date, earliest: int) -> Span:
    opens = first + timedelta(days=span.day - earliest)
    last = opens + timedelta(days=span.days - 1)
    closes = clock(last, span.ends) if span.ends else phases.moment(last + timedelta(days=1), time())
    return Span(clock(opens, span.begins or time()), closes, text=span.text, reactions=span.reactions)


def moved(span: Span, by: timedelta) -> Span:
    """The same hours (here) on other days."""
    assert span.opens is not None
    assert span.closes is not None
    return replace(span, opens=same_time(span.opens, by), closes=same_time(span.closes, by))


def same_time(moment: datetime, by: timedelta) -> datetime:
    local = moment.astimezone(HERE)
    return clock(local.date() + by, local.time())


def clock(day: date, at: time) -> datetime:
    """That time of that day (here), or an hour later where the clock skips it."""
    try:
        return phases.moment(day, at)
    except phases.NoSuchTime:
        return phases.moment(day, at.replace(hour=at.hour + 1))


def decided(design: Design, values: Mapping[str, Value]) -> Design:
    """The design with these values; None takes one away."""
    kept = {**design.values, **values}
    return replace(design, values={name: value for name, value in kept.items() if value is not None})
