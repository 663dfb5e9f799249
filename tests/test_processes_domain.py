"""Processes: their phases by date, their slugs, and what a change to them does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import phases, processes
from domain.phases import Phase
from domain.processes import RESERVED, SlugTaken, slug_from
from tests.cast import AFTER, CLOSES, NOW, OPENS, insert_vote, process_row, reload

SECOND = timedelta(seconds=1)


# ── phases ──


def test_a_phase_is_open_from_its_first_second_until_its_closing():
    phase = Phase("vote", OPENS, CLOSES)
    moments = (OPENS - SECOND, OPENS, CLOSES - SECOND, CLOSES)
    assert [phase.open(moment) for moment in moments] == [False, True, True, False]


def test_what_closes_at_midnight_is_open_until_the_day_before():
    assert Phase("vote", OPENS, CLOSES).last_day == CLOSES - SECOND


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones(), allow_imaginary=False))
def test_times_stand_in_the_database_in_utc_and_come_back(moment):
    assert phases.from_text(phases.to_text(moment)) == moment.astimezone(UTC).replace(microsecond=0)


def test_phases_come_in_the_order_in_which_they_open(db, process):
    later = [Phase("result", CLOSES, AFTER), Phase("collect", OPENS - timedelta(days=9), OPENS)]
    phases.insert(db, process.id, later)
    process = reload(db)
    assert [phase.kind for phase in process.phases] == ["collect", "vote", "result"]
    assert process.current(NOW) == process.voting_phase
    assert process.current(AFTER) is None
    assert process.upcoming(NOW).kind == "result"


def test_voting_needs_an_open_phase_and_no_seal(db, process, seal):
    assert [process.voting(moment) for moment in (OPENS - SECOND, OPENS, CLOSES)] == [False, True, False]
    assert not seal(process).voting(NOW)


# ── slugs ──


@given(st.text(max_size=100))
def test_every_name_gives_a_slug(name):
    slug = slug_from(name)
    assert 2 <= len(slug) <= 60
    assert slug.isascii()
    assert slug == slug.lower()
    assert not slug.startswith("-")


@pytest.mark.parametrize("slug", sorted(RESERVED))
def test_a_slug_that_would_hide_a_page_of_ours_is_refused(db, process, slug):
    with pytest.raises(SlugTaken):
        processes.insert(db, process_row(slug) | {"area_id": 1})


def test_a_slug_in_use_is_refused(db, process):
    with pytest.raises(SlugTaken):
        processes.insert(db, process_row("bezuidenhout") | {"area_id": 1})


def test_no_route_of_the_site_can_be_hidden_by_a_process(app):
    """Every first part of an address of ours is reserved, or can't be a slug at all."""
    first = {path.strip("/").split("/")[0] for path in (route.path for route in app.routes)}
    fixed = {part for part in first if part and not part.startswith("{")}
    assert fixed
    assert {part for part in fixed if part not in RESERVED and slug_from(part) == part} == set()


# ── what is read ──


def test_a_process_knows_its_plans_themes_and_area(process):
    assert process.by_project_id["bank"].themes[0].name == "Groen"
    assert (process.area, process.municipality) == ("Bezuidenhout", "Den Haag")
    assert "rad" not in {plan.project_id for plan in process.on_ballot}
    assert process.plan_count == 5


def test_a_plan_of_one_process_is_none_of_another(process, elsewhere):
    assert not {plan.id for plan in process.plans} & {plan.id for plan in elsewhere.plans}
    assert "strand" not in process.by_project_id


def test_nothing_is_read_twice_until_something_public_changes(db, process):
    process = reload(db)
    assert processes.fresh(db, process) is process
    db.execute("UPDATE processes SET summary = 'Nieuw' WHERE id = ?", [process.id])
    assert processes.fresh(db, process).summary == "Nieuw"


def test_the_newest_process_comes_first(db, secret, process):
    insert_vote(db, secret, slug="nieuw-traject")
    assert processes.slugs(db) == ["nieuw-traject", "bezuidenhout", "loosduinen"]


def test_an_area_is_made_once_under_each_parent(db):
    hague, other = processes.area(db, "Den Haag"), processes.area(db, "Delft")
    assert processes.area(db, "Centrum", hague) == processes.area(db, "Centrum", hague)
    assert processes.area(db, "Centrum", hague) != processes.area(db, "Centrum", other)
    assert processes.area(db, "Den Haag") == hague
