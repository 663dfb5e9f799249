"""The rules of handing in a plan."""

from datetime import datetime, timedelta

import pytest

from domain import news, photos, submissions
from domain.database import Database, writing
from domain.fields import Wrong, WrongFields
from domain.photos import Pictures
from domain.processes import Process
from domain.submissions import Closed, Gone, HandedIn, Submission, Typed
from tests.cast import AICHA, BRAM, EURO, NOW, reload
from tests.test_maps_domain import AREA
from tests.writing import COLLECT_CLOSES, SWING_COST, arrives, insert_collecting, mails_of, swing, typed_of

KEY = "sleutel"
HOUR = timedelta(hours=1)


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def aicha(db: Database, secret: bytes) -> int:
    return arrives(db, secret, AICHA)


def save(db: Database, process: Process, token: str = KEY, **changes: str) -> int:
    with writing(db):
        return submissions.save(db, process.id, token, typed_of(swing(process, **changes)), None, NOW).id


def hand_in(db: Database, submission_id: int, resident_id: int, now: datetime = NOW) -> int:
    with writing(db):
        return submissions.hand_in(db, submission_id, resident_id, now)


def wrong_of(process: Process, **changes: str) -> list[Wrong]:
    return submissions.checked(process, typed_of(swing(process, **changes)), "")[1]


def test_a_plan_handed_in_is_on_the_site(db: Database, process: Process, aicha: int) -> None:
    plan_id = hand_in(db, save(db, process), aicha)
    plan = reload(db, process.slug).by_id[plan_id]
    assert plan.public
    assert plan.published_at == plan.submitted_at == NOW
    assert (plan.title, plan.maker, plan.cost) == ("Schommel in het park", "Aïcha", SWING_COST)
    assert plan.items == (("Schommel", 1_500 * EURO), ("Zand", 1_250))
    assert [theme.id for theme in plan.themes] == [process.themes[0].id]
    assert [item.kind for item in news.newest(db, process.id)] == ["published"]
    assert mails_of(db, "plan_published") == [AICHA.email]
    assert plan.unread  # nobody of the staff looked at it yet


def test_where_staff_read_first_it_waits(db: Database, secret: bytes, aicha: int) -> None:
    process = insert_collecting(db, secret, "eerst-lezen", plan_moderation="before")
    plan_id = hand_in(db, save(db, process), aicha)
    plan = reload(db, process.slug).by_id[plan_id]
    assert (plan.status, plan.public, plan.published_at, plan.unread) == ("submitted", False, None, 0)
    assert news.newest(db, process.id) == []
    assert mails_of(db, "plan_received") == [AICHA.email]


def test_handing_in_twice_makes_one_plan(db: Database, secret: bytes, process: Process, aicha: int) -> None:
    draft = save(db, process)
    first = hand_in(db, draft, aicha)
    assert {hand_in(db, draft, aicha) for _ in range(100)} == {first}
    assert hand_in(db, draft, arrives(db, secret, BRAM)) == first
    assert mails_of(db, "plan_published") == [AICHA.email]
    assert len(reload(db, process.slug).plans) == len(process.plans) + 1


def test_its_name_on_the_ballot_is_the_next_number(db: Database, process: Process, aicha: int) -> None:
    with writing(db):
        db.execute("UPDATE plans SET project_id = '41' WHERE process_id = ? AND project_id = 'bank'", [process.id])
    first, second = (hand_in(db, save(db, process, token), aicha) for token in ("een", "twee"))
    now = reload(db, process.slug)
    assert (now.by_id[first].project_id, now.by_id[second].project_id) == ("42", "43")


def test_after_closing_it_is_refused(db: Database, process: Process, aicha: int) -> None:
    draft = save(db, process)
    with pytest.raises(Closed):
        hand_in(db, draft, aicha, COLLECT_CLOSES)
    assert len(reload(db, process.slug).plans) == len(process.plans)


def test_a_draft_that_is_gone_is_no_plan(db: Database, process: Process, aicha: int) -> None:
    with pytest.raises(Gone):
        hand_in(db, 41, aicha)


def test_a_draft_that_became_wrong_is_refused(db: Database, process: Process, aicha: int) -> None:
    draft = save(db, process, title=" ")
    with pytest.raises(WrongFields) as refused:
        hand_in(db, draft, aicha)
    assert refused.value.wrong == (Wrong("title", "missing"),)


def test_a_later_save_wins_and_never_mixes(db: Database, process: Process) -> None:
    save(db, process)
    with writing(db):
        submissions.save(db, process.id, KEY, typed_of({"title": "Wip"}), None, NOW)
    draft = submissions.of_token(db, process.id, KEY)
    assert draft is not None
    assert draft.typed == Typed({"title": "Wip"})


def test_nothing_is_saved_over_a_plan_that_was_handed_in(db: Database, process: Process, aicha: int) -> None:
    plan_id = hand_in(db, save(db, process), aicha)
    with pytest.raises(HandedIn) as refused:
        save(db, process, title="Te laat")
    assert refused.value.plan_id == plan_id


def test_a_key_opens_one_draft_in_one_process(db: Database, secret: bytes, process: Process) -> None:
    elsewhere = insert_collecting(db, secret, "elders")
    save(db, process)
    assert submissions.of_token(db, elsewhere.id, KEY) is None
    assert submissions.of_token(db, process.id, "sleutel ") is None
    assert submissions.of_token(db, process.id, "") is None


@pytest.mark.parametrize("name", ["title", "summary", "description", "name", "theme"])
def test_what_must_be_there(process: Process, name: str) -> None:
    assert wrong_of(process, **{name: "  " if name != "theme" else ""}) == [Wrong(name, "missing")]


@pytest.mark.parametrize("name", [*submissions.LINES, *submissions.TEXTS])
def test_every_text_has_a_most(process: Process, name: str) -> None:
    most = submissions.LENGTHS[name]
    typed = typed_of(swing(process, photo_alt="Een schommel") | {name: "x" * (most + 1)})
    assert submissions.checked(process, typed, "foto")[1] == [Wrong(name, "too_long", most)]
    typed = typed_of(swing(process, photo_alt="Een schommel") | {name: "x" * most})
    assert submissions.checked(process, typed, "foto")[1] == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"what-1": "", "euros-1": "", "what-2": "", "euros-2": ""}, Wrong("items", "missing")),
        ({"what-1": "", "euros-1": "", "euros-2": "0,99"}, Wrong("items", "too_cheap", EURO)),
        ({"euros-2": "3.500,01"}, Wrong("items", "too_dear", 5_000 * EURO)),
        ({"euros-1": "veel"}, Wrong("euros-1", "not_an_amount")),
        ({"euros-1": "-100"}, Wrong("euros-1", "not_an_amount")),
        ({"euros-2": ""}, Wrong("euros-2", "missing")),
        ({"what-2": ""}, Wrong("what-2", "missing")),
        ({"theme": "999999"}, Wrong("theme", "not_a_choice")),
    ],
)
def test_what_it_costs_and_what_it_is_about(process: Process, changes: dict[str, str], wrong: Wrong) -> None:
    assert wrong_of(process, **changes) == [wrong]


def test_it_may_cost_exactly_the_most(process: Process) -> None:
    assert wrong_of(process, **{"euros-2": "3.500"}) == []


def test_a_theme_of_another_process_is_none_of_ours(db: Database, secret: bytes, process: Process) -> None:
    elsewhere = insert_collecting(db, secret, "elders")
    assert wrong_of(process, theme=str(elsewhere.themes[0].id)) == [Wrong("theme", "not_a_choice")]


def test_a_photo_needs_words_for_who_cannot_see_it(process: Process) -> None:
    typed = typed_of(swing(process))
    assert submissions.checked(process, typed, "foto")[1] == [Wrong("photo_alt", "missing")]


@pytest.mark.parametrize("place", [("91", "4"), ("52", "181"), ("nan", "nan"), ("inf", "4"), ("52", ""), ("x", "y")])
def test_a_pin_that_is_nowhere_is_no_pin(process: Process, place: tuple[str, str]) -> None:
    values, wrong = submissions.checked(process, typed_of(swing(process, lat=place[0], lon=place[1])), "")
    assert (values["lat"], values["lon"], wrong) == (None, None, [])


def test_a_pin_is_kept_to_a_metre(process: Process) -> None:
    values, _ = submissions.checked(process, typed_of(swing(process, lat="52.0912345678", lon="4.3")), "")
    assert (values["lat"], values["lon"]) == (52.09123, 4.3)


@pytest.mark.parametrize(
    ("lat", "lon", "fine"),
    [("52.08", "4.32", True), ("52.08", "4.37", True), ("52.08", "4.39", False), ("9", "9", False), ("90", "4", False)],
)
def test_a_pin_lies_in_the_area_or_near_it(db: Database, process: Process, lat: str, lon: str, fine: bool) -> None:
    assert wrong_of(process, lat=lat, lon=lon) == []  # as long as nobody drew the area
    with writing(db):
        db.execute("UPDATE areas SET boundary = ?", [AREA])
    process = reload(db, process.slug)
    assert wrong_of(process, lat=lat, lon=lon) == ([] if fine else [Wrong("place", "outside")])
    assert wrong_of(process, lat="", lon="") == []


def test_a_plan_with_a_pin_far_away_is_not_handed_in(db: Database, process: Process, aicha: int) -> None:
    draft = save(db, process, lat="10", lon="10")
    with writing(db):
        db.execute("UPDATE areas SET boundary = ?", [AREA])
    with pytest.raises(WrongFields):
        hand_in(db, draft, aicha)


PICTURES = Pictures({width: b"%d" % width for width in photos.WIDTHS})


def save_photo(db: Database, process: Process, token: str, now: datetime = NOW) -> Submission:
    with writing(db):
        return submissions.save(db, process.id, token, typed_of(swing(process, photo_alt="Een wip")), PICTURES, now)


def test_photos_of_plans_that_nobody_hands_in_make_room_for_newer_ones(
    db: Database, process: Process, aicha: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_PHOTOS", 2)
    plan_id = hand_in(db, save_photo(db, process, "ingediend").id, aicha)
    keys = {token: save_photo(db, process, token, NOW + n * HOUR).photo for n, token in enumerate("abca")}
    kept = {token: draft.photo for token in "abc" if (draft := submissions.of_token(db, process.id, token))}
    assert kept == {"a": keys["a"], "b": "", "c": keys["c"]}
    assert photos.orphans(db) == set()
    stored = {key for (key,) in db.execute("SELECT DISTINCT key FROM photos")}
    assert stored == {keys["a"], keys["c"], reload(db, process.slug).by_id[plan_id].photo}
