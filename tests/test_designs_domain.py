"""A design: what is undecided, what doesn't fit, and that file, process and design are the same."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from domain import phase_kinds, phases, processes
from domain.database import writing
from domain.designs import drafts, files, making, model
from domain.designs.choices import Choice
from domain.designs.files import FlawedFile
from domain.designs.making import NotReady
from domain.designs.model import Design, Span, ThemeChoice, laid_out, placed
from domain.fields import WrongFields
from domain.phase_kinds import PhaseKind

ACCOUNT = 1
MONDAY = date(2027, 3, 1)


def made(**values):
    """A design with everything decided that must be; `vote_age=None` takes one away."""
    decided = {
        "traject-name": "Laak aan zet",
        "traject-municipality": "Den Haag",
        "traject-area": "Laak",
        "money-budget": 30_000_00,
        "vote-voting_method": "knapsack",
        "vote-codes_by": "letter",
        "vote-vote_age": 12,
        "result-counting_rule": "greedy",
        "privacy-legal_basis": "public_task",
        "privacy-controller": "Gemeente Den Haag",
        "privacy-privacy_contact": "privacy@denhaag.example",
    } | {name.replace("__", "-"): value for name, value in values.items()}
    design = model.decided(Design(spans=laid_out(phase_kinds.KINDS)), decided)
    return placed(design, MONDAY)


@pytest.fixture(autouse=True)
def account(db):
    with writing(db):
        db.execute(
            "INSERT OR IGNORE INTO accounts (id, email, name, created_at) "
            "VALUES (1, 'bea@x.example', 'Bea', '2026-01-01T00:00:00Z')"
        )


def opened(db, design, now):
    with writing(db):
        slug = making.create(db, design, now, ACCOUNT)
    return processes.load(db, slug)


def test_nothing_opens_before_what_law_and_fairness_need_is_decided(db, clock):
    design = made(vote__vote_age=None, privacy__controller="")
    assert [choice.field for choice in model.undecided(design)] == ["vote-vote_age", "privacy-controller"]
    with pytest.raises(NotReady), writing(db):
        making.create(db, design, clock.now, ACCOUNT)
    assert processes.load(db, "laak-aan-zet") is None


def test_without_a_vote_nothing_of_a_vote_needs_to_be_decided():
    design = made(vote__vote_age=None, vote__codes_by=None)
    only_plans = replace(design, spans={kind: design.spans[kind] for kind in ("collect", "support")})
    assert not [choice for choice in model.undecided(only_plans) if choice.section == "vote"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"vote__min_length": 4, "vote__max_length": 3}, "min_above_max"),
        ({"vote__max_sum_cost": 40_000_00}, "ballot_above_budget"),
        ({"collect__max_plan_cost": 30_000_01}, "plan_above_budget"),
    ],
)
def test_what_does_not_fit_together_is_told(values, kind):
    assert [clash.kind for clash in model.clashes(made(**values))] == [kind]


def test_themes_that_ask_more_than_a_ballot_may_hold_do_not_fit():
    themes = (ThemeChoice("Groen", min_length=2), ThemeChoice("Straat", min_length=2))
    clashes = model.clashes(replace(made(vote__max_length=3), themes=themes))
    assert [clash.kind for clash in clashes] == ["themes_above_max"]


def test_themes_together_above_the_budget_do_not_fit():
    themes = (ThemeChoice("Groen", 20_000_00), ThemeChoice("Straat", 20_000_00))
    assert [clash.kind for clash in model.clashes(replace(made(), themes=themes))] == ["themes_above_budget"]


def test_a_process_gives_back_the_design_it_was_made_of(db, clock):
    themes = (ThemeChoice("Groen", 10_000_00, 1, 2), ThemeChoice("Straat", max_sum_cost=5_000_00))
    design = replace(
        made(vote__max_sum_cost=20_000_00, result__overflow="partial", look__blocks=["about", "map"]),
        themes=themes,
        tokens={"basis-color-action": "#8a1538"},
    )
    there = making.of(db, opened(db, design, clock.now))
    for name, value in design.values.items():
        assert there.values[name] == value, name
    assert (there.themes, there.tokens) == (themes, design.tokens)
    assert [(p.kind, p.opens_at, p.closes_at) for p in there.phases] == [
        (p.kind, p.opens_at, p.closes_at) for p in design.phases
    ]


def test_the_code_of_its_area_comes_back_too_though_no_area_had_it(db, clock):
    process = opened(db, made(traject__area_code="WK051899"), clock.now)
    assert making.of(db, process)["traject-area_code"] == "WK051899"
    twin = opened(db, making.of(db, process), clock.now)
    assert (twin.area, twin.municipality) == ("Laak", "Den Haag")
    assert db.execute("SELECT count(*) FROM areas").fetchone() == (2,)


def test_an_area_that_is_there_without_a_code_gets_it(db, clock):
    opened(db, made(), clock.now)
    process = opened(db, made(traject__area_code="WK051899"), clock.now)
    assert making.of(db, process)["traject-area_code"] == "WK051899"
    assert db.execute("SELECT count(*) FROM areas").fetchone() == (2,)


def test_the_same_area_in_other_capitals_is_no_second_area(db, clock):
    first = opened(db, made(), clock.now)
    second = opened(db, made(traject__area="laak", traject__municipality="DEN HAAG"), clock.now)
    assert (second.area, second.municipality) == (first.area, first.municipality) == ("Laak", "Den Haag")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"traject__area_code": "GM0518"}, "code_of_other_level"),
        ({"traject__area_code": "BU05189901", "traject__area": "Den Haag"}, "code_of_other_level"),
        ({"traject__area_code": "WK051898"}, "area_has_other_code"),
    ],
)
def test_a_code_that_can_not_be_of_that_area_is_told_and_nothing_is_made(db, clock, values, kind):
    opened(db, made(traject__area_code="WK051899"), clock.now)
    design = made(**values)
    assert [clash.kind for clash in drafts.problems(db, design)] == [kind]
    with pytest.raises(NotReady), writing(db):
        making.create(db, design, clock.now, ACCOUNT)


def test_a_design_written_and_read_is_the_same_and_so_is_its_process(db, clock):
    design = replace(made(traject__description="Een\n\n“twee” \\ drie"), about={"title": "Proef"})
    text = files.written(design)
    assert files.read(text.encode()) == design
    there = making.of(db, opened(db, design, clock.now))
    again = files.written(there)
    assert files.written(files.read(again.encode())) == again
    twin = opened(db, files.read(again.encode()), clock.now)
    assert files.written(making.of(db, twin)) == again


EVENING = 'format = 1\n\n[vote]\nday = 3\ndays = 1\nfrom = "19:00"\nuntil = "21:30"\n'


def test_a_phase_of_an_evening_keeps_its_hours_on_whatever_day_it_comes():
    design = files.read(EVENING.encode())
    assert files.written(design) == EVENING
    opened = placed(design, date(2027, 3, 26)).spans["vote"]  # two days before the clock goes forward
    assert [moment.astimezone(phases.HERE) for moment in (opened.opens, opened.closes)] == [
        datetime(2027, 3, 26, 19, tzinfo=phases.HERE),
        datetime(2027, 3, 26, 21, 30, tzinfo=phases.HERE),
    ]


def test_hours_are_of_the_first_and_the_last_day():
    spans = {"collect": Span(days=3, begins=time(9)), "vote": Span(day=3, days=2, ends=time(12))}
    collect, vote = placed(Design(spans=spans), MONDAY).phases
    assert (collect.opens_at, collect.closes_at) == (
        phases.moment(MONDAY, time(9)),
        phases.moment(MONDAY + timedelta(3), time()),
    )
    assert (vote.opens_at, vote.closes_at) == (
        phases.moment(MONDAY + timedelta(3), time()),
        phases.moment(MONDAY + timedelta(4), time(12)),
    )


def test_an_hour_that_the_clock_skips_is_the_one_after():
    spans = {"vote": Span(days=1, begins=time(2, 30))}
    assert placed(Design(spans=spans), date(2027, 3, 28)).phases[0].opens_at == phases.moment(
        date(2027, 3, 28), time(3, 30)
    )


@pytest.mark.parametrize(
    ("lines", "line", "where", "kind"),
    [
        ('days = 1\nfrom = "19.00"', 4, "vote.from", "not_a_time"),
        ('days = 1\nuntil = "24:00"', 4, "vote.until", "not_a_time"),
        ("days = 1\nfrom = 19:00:00", 4, "vote.from", "not_a_time"),
        ("days = 1\nuntil = 21", 4, "vote.until", "not_a_time"),
        ('days = 1\nfrom = "1९:00"', 4, "vote.from", "not_a_time"),
        ('days = 1\nfrom = "21:30"\nuntil = "19:00"', 5, "vote.until", "until_before_from"),
        ('days = 1\nfrom = "19:00"\nuntil = "19:00"', 5, "vote.until", "until_before_from"),
        ('days = 1\nuntil = "00:00"', 4, "vote.until", "until_before_from"),
    ],
)
def test_hours_that_can_not_be_are_refused_by_line(lines, line, where, kind):
    with pytest.raises(FlawedFile) as refused:
        files.read(f"format = 1\n[vote]\n{lines}\n".encode())
    assert [(flaw.line, flaw.where, flaw.kind) for flaw in refused.value.flaws] == [(line, where, kind)]


def test_over_more_days_a_phase_may_end_earlier_in_the_day_than_it_began():
    text = 'format = 1\n[vote]\ndays = 2\nfrom = "19:00"\nuntil = "09:00"\n'
    assert files.read(text.encode()).spans["vote"].ends == time(9)


def test_a_flawed_file_is_refused_by_line_and_changes_nothing():
    text = 'format = 1\n[traject]\nname = "Laak\u202e"\n[vote]\nopens = 2027-02-10\nmethod = "dice"\nvote_age = -3\n'
    with pytest.raises(FlawedFile) as refused:
        files.read(text.encode())
    told = [(flaw.line, flaw.where, flaw.kind) for flaw in refused.value.flaws]
    assert told == [
        (3, "traject.name", "hidden_characters"),
        (5, "vote.opens", "half"),
        (6, "vote.method", "unknown"),
        (7, "vote.vote_age", "too_low"),
    ]


@pytest.mark.parametrize(
    ("data", "line", "kind"),
    [
        (b"format = 2\n", 1, "newer"),
        (b"", 0, "missing"),
        (b"format = 1\n[vote]\nopens = 2027-02-30\n", 3, "not_toml"),
        (b"format = 1\n\xff", 2, "not_utf8"),
        (b"format = 1\n[vote]\ncloses = 2027-02-01\nopens = 2027-02-02\n", 3, "closes_before_opens"),
        (b'format = 1\n[traject]\narea_code = "WK05"\n', 3, "not_fit"),
        (b'format = 1\n[traject]\narea_code = "wk051899"\n', 3, "not_fit"),
        (b"format = 1\n[look.tokens]\nx = 'red;} body {'\n", 3, "not_a_token"),
        (b"format = 1\n[vote]\nopens = 9999-01-01\ncloses = 9999-01-02\n", 3, "not_a_date"),
        (b"format = 1\n[money]\nbudget = 10.005\n", 3, "not_an_amount"),
        (b"format = 1\n[money]\nbudget = inf\n", 3, "not_an_amount"),
        (b"format = 1\nthemes = 3\n", 2, "not_a_table"),
        (b"format = 1\n" + b"a" + b".a" * 40_000 + b" = 1\n", 0, "not_toml"),
        (b"format = 1\n[money]\nbudget = " + b"9" * 5_000 + b"\n", 4, "not_toml"),
        (b"format = 1\n[money]\nbudget = 1e99999999999999999999\n", 4, "not_toml"),
        (b"format = 1\n" + b"a" * files.LARGEST, 0, "too_large"),
    ],
)
def test_whatever_is_wrong_with_a_file_has_a_line_and_a_reason(data, line, kind):
    with pytest.raises(FlawedFile) as refused:
        files.read(data)
    assert (line, kind) in [(flaw.line, flaw.kind) for flaw in refused.value.flaws]


def test_a_year_later_every_phase_keeps_its_hours_and_its_distance():
    design = made()
    later = placed(design, date(2028, 3, 6))
    for before, after in zip(design.phases, later.phases, strict=True):
        local = [moment.astimezone(phases.HERE) for moment in (before.opens_at, after.opens_at)]
        assert local[1].date() - local[0].date() == date(2028, 3, 6) - MONDAY
        assert local[0].time() == local[1].time()


def test_once_the_vote_opened_its_rules_stay_but_its_name_may_change(db, clock):
    process = opened(db, made(), clock.now)
    during = process.voting_phase.opens_at + timedelta(hours=1)
    wanted = making.of(db, process)
    with pytest.raises(WrongFields) as refused, writing(db):
        making.change(db, process, model.decided(wanted, {"vote-blank_allowed": False}), during, ACCOUNT)
    assert [(one.field, one.kind) for one in refused.value.wrong] == [("vote-blank_allowed", "frozen")]
    with writing(db):
        changed = making.change(db, process, model.decided(wanted, {"traject-name": "Laak beslist"}), during, ACCOUNT)
    assert changed == ["name"]


def test_the_budget_of_a_ballot_follows_the_budget(db, clock):
    process = opened(db, made(), clock.now)
    with writing(db):
        wanted = model.decided(making.of(db, process), {"money-budget": 20_000_00})
        making.change(db, process, wanted, clock.now, ACCOUNT)
    assert processes.load(db, process.slug).limits.max_sum_cost == 20_000_00


def test_a_new_kind_of_phase_is_one_entry_in_the_table(db, clock, monkeypatch):
    """What the wizard, the file, the process and the page where phases are moved know of, is the table. Its pages:
    test_designs.py."""
    rounds = Choice("agenda", "rounds", "number", 2, low=1, high=5, fixed="vote", kept="choices")
    monkeypatch.setitem(phase_kinds.KINDS, "agenda", PhaseKind("agenda", (rounds,), days=14))
    design = made(agenda__rounds=3)
    design = replace(design, spans={**design.spans, "agenda": Span(day=0, days=14)})
    design = placed(design, MONDAY)
    assert "agenda-rounds" in [asked.field for asked in model.asked(design)]
    assert files.read(files.written(design).encode()) == design
    process = opened(db, design, clock.now)
    assert process.phase("agenda") is not None
    assert process.choices == {"agenda-rounds": 3}
    again = making.of(db, process)
    assert again["agenda-rounds"] == 3
    more = model.decided(again, {"agenda-rounds": 5})
    with writing(db):
        assert making.change(db, process, more, clock.now, ACCOUNT) == ["choices"]
    during = processes.load(db, process.slug).voting_phase.opens_at
    with pytest.raises(WrongFields) as refused, writing(db):
        making.change(db, process, again, during, ACCOUNT)
    assert [(one.field, one.kind) for one in refused.value.wrong] == [("agenda-rounds", "frozen")]


def test_a_vote_needs_a_result_and_support_by_code_needs_a_vote():
    design = made(support__supporters="code")
    without_result = replace(design, spans={kind: span for kind, span in design.spans.items() if kind != "result"})
    assert [clash.kind for clash in model.clashes(without_result)] == ["vote_without_result"]
    no_vote = {kind: span for kind, span in design.spans.items() if kind not in ("vote", "result")}
    assert [clash.kind for clash in model.clashes(replace(design, spans=no_vote))] == ["codes_without_vote"]
    by_mail = model.decided(replace(design, spans=no_vote), {"support-supporters": "mail"})
    assert model.clashes(by_mail) == []


def test_a_text_full_of_brackets_is_only_a_text():
    text = "a\n[" + " " * 4_000 + "b\nc"
    design = made(traject__description=text)
    assert files.read_kept(files.written(design)).values["traject-description"] == text


def test_only_the_owner_says_on_which_host_a_process_is(db, clock):
    process = opened(db, made(look__host="laak.example.nl"), clock.now)
    assert process.host == ""
    wanted = model.decided(making.of(db, process), {"look-host": "laak.example.nl"})
    with pytest.raises(WrongFields) as refused, writing(db):
        making.change(db, process, wanted, clock.now, ACCOUNT)
    assert [(one.field, one.kind) for one in refused.value.wrong] == [("look-host", "owner_only")]
    with writing(db):
        db.execute("UPDATE accounts SET owner = 1 WHERE id = ?", [ACCOUNT])
        assert making.change(db, process, wanted, clock.now, ACCOUNT) == ["host"]
