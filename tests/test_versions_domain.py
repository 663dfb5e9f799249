"""The versions of a plan's text: nothing is lost, and who comes second is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import search, versions
from domain.database import Database, writing
from domain.processes import Process
from domain.versions import Frozen, Judged, Stale
from tests.cast import AICHA, EURO, NOW, reload
from tests.writing import VOTE_OPENS, arrives, insert_collecting, insert_plan


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def plan_id(db: Database, secret: bytes, process: Process) -> int:
    return insert_plan(db, process, arrives(db, secret, AICHA))


def edit(db: Database, plan_id: int, version: int, **fields: object) -> int:
    with writing(db):
        return versions.edit(db, plan_id, version, fields, NOW)


def test_an_edit_keeps_the_text_of_before(db: Database, plan_id: int) -> None:
    assert edit(db, plan_id, 1, title="Wip in het park", location="Bij de poort") == 2
    (change,) = versions.history(db, plan_id)
    assert (change.old["title"], change.new["title"]) == ("Schommel in het park", "Wip in het park")
    assert (change.number, change.by_staff) == (2, False)


def test_who_edits_an_older_version_is_told_what_it_is_now(db: Database, plan_id: int) -> None:
    edit(db, plan_id, 1, title="Wip")
    with pytest.raises(Stale) as refused:
        edit(db, plan_id, 1, title="Glijbaan")
    assert (refused.value.version, refused.value.current["title"]) == (2, "Wip")
    assert versions.current(db, plan_id)["title"] == "Wip"


def test_the_same_edit_twice_is_one(db: Database, plan_id: int) -> None:
    assert edit(db, plan_id, 1, title="Wip") == edit(db, plan_id, 1, title="Wip") == 2
    assert len(versions.history(db, plan_id)) == 1


def test_the_cost_follows_the_items_unless_it_is_given(db: Database, plan_id: int) -> None:
    edit(db, plan_id, 1, items=[["Wip", 900 * EURO]])
    assert versions.current(db, plan_id)["cost"] == 900 * EURO
    edit(db, plan_id, 2, cost=700 * EURO)
    edit(db, plan_id, 3, title="Wip")
    assert versions.current(db, plan_id)["cost"] == 700 * EURO


def test_after_a_verdict_only_another_verdict_changes_the_cost(db: Database, plan_id: int) -> None:
    with writing(db):
        db.execute("UPDATE plans SET verdict = 'feasible', verdict_reason = 'Past.' WHERE id = ?", [plan_id])
    before = versions.current(db, plan_id)
    for changed in ({"items": [["Wip", 900 * EURO]]}, {"cost": 700 * EURO}, {"items": [["Wip", before["cost"]]]}):
        with pytest.raises(Judged):
            edit(db, plan_id, 1, title="Wip", **changed)
    assert versions.current(db, plan_id) == before
    assert edit(db, plan_id, 1, title="Wip", items=before["items"]) == 2
    assert versions.current(db, plan_id)["cost"] == before["cost"]


def test_search_finds_the_new_words_and_no_longer_the_old(db: Database, process: Process, plan_id: int) -> None:
    edit(db, plan_id, 1, title="Wip in het park", summary="", description="")
    assert search.found(db, reload(db, process.slug), "wip") == {plan_id}
    assert search.found(db, reload(db, process.slug), "schommel") == set()


def test_themes_change_and_are_kept(db: Database, process: Process, plan_id: int) -> None:
    other = process.themes[1].id
    edit(db, plan_id, 1, themes=[other])
    assert versions.current(db, plan_id)["themes"] == [other]
    assert versions.history(db, plan_id)[0].old["themes"] == [process.themes[0].id]


def test_staff_edits_show_as_such(db: Database, plan_id: int) -> None:
    with writing(db):
        account_id = db.execute(
            "INSERT INTO accounts (email, name, created_at) VALUES ('t@gemeente.example', 'Tessa', '') RETURNING id"
        ).fetchone()[0]
        versions.edit(db, plan_id, 1, {"title": "Wip"}, NOW, account_id, "Duidelijker")
    (change,) = versions.history(db, plan_id)
    assert (change.by_staff, change.reason) == (True, "Duidelijker")
    assert db.execute("SELECT staff_edited_at FROM plans WHERE id = ?", [plan_id]).fetchone()[0]


def test_nothing_changes_once_the_vote_opened(db: Database, plan_id: int) -> None:
    with writing(db), pytest.raises(Frozen):
        versions.edit(db, plan_id, 1, {"title": "Wip"}, VOTE_OPENS)
    assert versions.history(db, plan_id) == []


def test_what_is_no_field_is_refused(db: Database, plan_id: int) -> None:
    with pytest.raises(KeyError):
        edit(db, plan_id, 1, status="hidden")


def test_of_a_hundred_edits_of_one_version_the_first_is_kept_and_the_others_are_told(
    db: Database, plan_id: int
) -> None:
    edit(db, plan_id, 1, title="Schommel 0")
    for number in range(1, 100):
        with pytest.raises(Stale) as refused:
            edit(db, plan_id, 1, title=f"Schommel {number}")
        assert refused.value.current["title"] == "Schommel 0"
    assert len(versions.history(db, plan_id)) == 1


def test_a_difference_names_what_is_gone_and_what_is_new() -> None:
    assert versions.diff({"title": "Een rode bank"}, {"title": "Een groene bank"}) == {
        "title": [("same", "Een "), ("gone", "rode "), ("new", "groene "), ("same", "bank")]
    }
    assert versions.diff({"title": "a", "summary": "b"}, {"title": "a", "summary": "b"}) == {}


@given(st.text(max_size=300), st.text(max_size=300))
def test_both_texts_can_be_read_back_from_their_difference(old: str, new: str) -> None:
    parts = versions.pieces(old, new)
    assert "".join(text for kind, text in parts if kind != "new") == old
    assert "".join(text for kind, text in parts if kind != "gone") == new


def test_long_texts_that_differ_everywhere_are_shown_as_replaced() -> None:
    old, new = "a b " * 1_500, "b c " * 1_500
    assert versions.pieces(old, new) == [("gone", old), ("new", new)]


def test_of_a_long_text_only_what_changed_counts_as_compared() -> None:
    begin, end = "".join(f"woord{n} " for n in range(2_000)), "".join(f"einde{n} " for n in range(2_000))
    budget = versions.Budget()
    shown = versions.pieces(f"{begin}rode bank {end}", f"{begin}groene bank {end}", budget)
    assert shown == [("same", begin), ("gone", "rode "), ("new", "groene "), ("same", f"bank {end}")]
    assert budget.left > versions.MOST_COMPARED - 10


def test_what_one_page_compares_is_bounded_over_all_its_texts() -> None:
    budget = versions.Budget()
    old, new = ("".join(f"{word}{n % 7} " for n in range(90)) for word in "ab")
    shown = versions.diff(dict.fromkeys("xyz", f"{old}{new}c"), dict.fromkeys("xyz", f"c {new}{old}"), budget)
    assert budget.left >= 0
    assert shown["z"] == [("gone", f"{old}{new}c"), ("new", f"c {new}{old}")]
