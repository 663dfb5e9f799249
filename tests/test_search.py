"""Search: every word of it, also inside longer words, without regard to accents and capitals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import plans, search
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import reload

TEXTS = {
    "cafe": ("Buurtcafé", "Koffie op vrijdag"),
    "gevel": ("Géveltuinen", "Groen tegen de muur"),
    "boom": ("Pluk 🐝", "Een boom voor iedereen"),
    "shalom": ("שלום עולם", ""),
}


@pytest.fixture
def written(db: Database, process: Process) -> Process:
    """Bezuidenhout with four plans more, to search for."""
    with writing(db):
        for project_id, (title, summary) in TEXTS.items():
            row = {"process_id": process.id, "project_id": project_id, "title": title, "summary": summary, "cost": 1}
            plans.insert(db, row)
    return reload(db)


def names(db: Database, process: Process, q: str) -> set[str]:
    return {process.by_id[id_].project_id for id_ in search.found(db, process, q)}


@pytest.mark.parametrize(
    ("q", "name"),
    [
        *(("cafe", "cafe"), ("CAFÉ", "cafe"), ("fé ko", "cafe"), ("  café ", "cafe")),
        *(("eveltui", "gevel"), ("geveltuin muur", "gevel"), ("🐝", "boom"), ("edereen", "boom"), ("עולם", "shalom")),
    ],
)
def test_every_word_is_found_also_inside_longer_words(db, written, q, name):
    assert names(db, written, q) == {name}


def test_all_words_must_be_there(db, written):
    assert names(db, written, "cafe tuin") == set()


def test_a_plan_of_loosduinen_is_never_found_in_bezuidenhout(db, written):
    assert names(db, written, "stadsstrand") == set()


@given(q=st.text(max_size=30))
def test_nothing_that_is_typed_breaks_it(db, written, q):
    assert search.found(db, written, q) <= {plan.id for plan in written.plans}


def test_a_theme_is_found_by_its_name(db, written):
    assert names(db, written, "groen") >= {"bank", "tuin"}


def test_what_a_plan_said_before_is_not_found_any_more(db, written):
    row = {"title": "Zwembad", "summary": "", "description": "", "location": ""}
    with writing(db):
        db.execute(
            "UPDATE plans SET title = 'Zwembad', summary = '', words = ? WHERE project_id = 'gevel' AND process_id = ?",
            [search.searchable(row), written.id],
        )
    assert names(db, written, "geveltuin") == set()
    assert "gevel" in names(db, written, "zwembad")


def test_a_support_does_not_write_the_words_anew(db, written):
    before = db.execute("SELECT total_changes()").fetchone()[0]
    with writing(db):
        db.execute("INSERT INTO supports (plan_id, given_on) VALUES (?, '2026-05-12')", [written.plans[0].id])
    rows = db.execute("SELECT total_changes()").fetchone()[0] - before
    assert rows <= 5, "support, count, revision and that of the plan"
