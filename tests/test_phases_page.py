"""Moving phases in the browser: what it changes is said first, and what would harm a vote is refused."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import audit, ballots, phases
from domain.database import Database, writing
from domain.phases import NoSuchTime, Phase
from domain.processes import Process
from tests.cast import AFTER, AICHA, BRAM, CLOSES, NOW, OPENS, insert_roll, insert_vote, reload
from tests.conftest import Clock, HandIn, Seal
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, TESSA, sign_in, sign_in_as, sign_out
from tests.watched import insert_codes, make_figures, vote_many
from tests.writing import VOTE_OPENS, insert_collecting

PATH = "/beheer/bezuidenhout/fasen"
APPLY = f"{PATH}/wijziging"


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    """Bea is signed in; she is beheerder of Bezuidenhout."""
    return sign_in_as(client, db, secret, process, BEA)


def typed(client: TestClient, path: str = PATH, **changes: str) -> dict[str, Any]:
    """The form as it stands on the page, with these changes: `vote__closes_date` is vote-closes_date."""
    forms = [form for form in Page(client.get(path).text).forms if form.action == path]
    fields = {name: values[-1] for form in forms for name, values in form.fields.items()}
    return fields | {name.replace("__", "-"): value for name, value in changes.items()}


def apply(client: TestClient, page: str, path: str = APPLY) -> Response:
    """Press the button on the page that says what changes."""
    return client.post(path, data={name: v[-1] for name, v in Page(page).form(path).fields.items()})


def vote_of(db: Database, slug: str = "bezuidenhout") -> Phase:
    phase = reload(db, slug).voting_phase
    assert phase is not None
    return phase


def test_where_nobody_may_react_no_phase_asks_whether(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    assert "Bewoners mogen in deze fase reageren" in words(client.get(PATH).text)
    with writing(db):
        db.execute("UPDATE processes SET reactions_allowed = 0 WHERE id = ?", [process.id])
    assert "Bewoners mogen in deze fase reageren" not in words(client.get(PATH).text)
    assert typed(client)["vote-reactions"] == "1", "it stays as it was, for when they may"


def test_moving_the_end_of_a_vote_says_what_it_brings_before_it_happens(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    page = client.post(PATH, data=typed(client, vote__closes_date="2026-06-10"))
    assert "Er kan al gestemd zijn. Elke stem blijft geldig." in words(page.text)
    assert "6 stemcodes" in words(page.text)
    assert vote_of(db).closes_at == CLOSES
    assert apply(client, page.text).status_code == 303
    assert vote_of(db).closes_at == datetime(2026, 6, 9, 22, 0, tzinfo=UTC)
    (entry,) = audit.page(db, [process.id], 1)
    assert (entry.action, entry.subject, entry.account_id) == ("phase_moved", "phase vote", bea)
    assert entry.detail["old closes"] == phases.to_text(CLOSES)
    assert entry.detail["new closes"] == "2026-06-09T22:00:00Z"


def test_how_many_voted_is_said_as_the_watch_last_showed_it(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    """Else whoever asks again and again sees each ballot come in."""
    insert_codes(db, process, None, 900)
    vote_many(db, process, None, 744)
    make_figures(db, process, NOW)
    for _ in range(2):
        said = words(client.post(PATH, data=typed(client, vote__closes_date="2026-06-10")).text)
        assert "Minstens 740 mensen hebben al gestemd. Hun stemmen blijven geldig." in said
        assert "744" not in said
        vote_many(db, process, None, 30)


def test_closing_now_warns_that_a_sealed_vote_never_opens_again(
    client: TestClient, db: Database, process: Process, bea: int, hand_in: HandIn, clock: Clock
) -> None:
    hand_in(process, AICHA, "bank")
    page = client.post(PATH, data={"nu": "vote-closes"})
    assert "Er kan al gestemd zijn" in words(page.text)
    assert "Een verzegelde stemming gaat nooit meer open" in words(page.text)
    clock.now = NOW + timedelta(minutes=5)  # she read it first
    apply(client, page.text)
    assert vote_of(db).closes_at == clock.now + timedelta(seconds=1)
    with pytest.raises(ballots.Closed):
        hand_in(process, BRAM, "tuin", now=clock.now + timedelta(seconds=2))


def test_a_closed_vote_does_not_open_again_while_it_waits_for_its_seal(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: int, clock: Clock
) -> None:
    form = typed(client, vote__closes_date="2026-07-01")
    for clock.now in (CLOSES - timedelta(seconds=30), CLOSES, CLOSES + timedelta(seconds=1)):
        sign_in(client, db, secret, process, "beheerder", now=clock.now)
        page = client.post(PATH, data=form)
        assert page.status_code == 409
        assert "Er is niets veranderd" in words(page.text)
    assert vote_of(db).closes_at == CLOSES


def test_a_sealed_vote_does_not_open_again_whatever_is_sent(
    client: TestClient,
    db: Database,
    secret: bytes,
    process: Process,
    bea: int,
    seal: Seal,
    clock: Clock,
    hand_in: HandIn,
) -> None:
    hand_in(process, AICHA, "bank")
    waits = client.post(PATH, data=typed(client, vote__closes_date="2026-07-01"))
    seal(process)
    clock.now = AFTER
    sign_in(client, db, secret, process, "beheerder", now=clock.now)
    page = apply(client, waits.text)
    assert page.status_code == 409
    assert "verzegelde stemming gaat nooit meer open" in words(page.text)
    assert vote_of(db).closes_at == CLOSES


def test_the_beginning_of_a_vote_stays_once_somebody_voted(
    client: TestClient, db: Database, process: Process, bea: int, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank")
    page = client.post(PATH, data=typed(client, vote__opens_date="2026-05-20"))
    assert page.status_code == 409
    assert "er zijn 6 stemcodes. Het begin kan niet meer anders" in words(page.text)
    assert vote_of(db).opens_at == OPENS


@pytest.mark.parametrize("date", ["2026-05-20", "2026-04-20"])
def test_bea_alone_cannot_take_an_opened_vote_back_to_change_its_rules(
    client: TestClient, db: Database, process: Process, bea: int, date: str
) -> None:
    page = client.post(PATH, data=typed(client, vote__opens_date=date))
    assert page.status_code == 409
    said = "er zijn 6 stemcodes. Het begin kan niet meer anders, want daarmee liggen de regels vast."
    assert said in words(page.text)
    assert vote_of(db).opens_at == OPENS


def opened_by_mistake(db: Database, secret: bytes) -> str:
    """A vote without codes that is open at NOW; where its phases are moved."""
    return f"/beheer/{insert_vote(db, secret, slug='transvaal', residents=()).slug}/fasen"


def test_a_vote_opened_by_mistake_waits_again_as_long_as_there_are_no_codes(
    client: TestClient, db: Database, secret: bytes
) -> None:
    path = opened_by_mistake(db, secret)
    sign_in_as(client, db, secret, reload(db, "transvaal"), BEA)
    page = client.post(path, data=typed(client, path, vote__opens_date="2026-05-20"))
    assert "er zijn nog geen stemcodes. Zij gaat weer dicht" in words(page.text)
    assert apply(client, page.text, f"{path}/wijziging").status_code == 303
    assert vote_of(db, "transvaal").opens_at > NOW


def test_codes_drawn_between_the_page_and_the_button_keep_the_vote_open(
    client: TestClient, db: Database, secret: bytes
) -> None:
    path = opened_by_mistake(db, secret)
    process = reload(db, "transvaal")
    sign_in_as(client, db, secret, process, BEA)
    waits = client.post(path, data=typed(client, path, vote__opens_date="2026-05-20"))
    with writing(db):
        insert_roll(db, secret, process.id, (AICHA,))
    assert apply(client, waits.text, f"{path}/wijziging").status_code == 409
    assert vote_of(db, "transvaal").opens_at == OPENS


def test_a_vote_does_not_begin_in_the_past(client: TestClient, db: Database, secret: bytes) -> None:
    path = opened_by_mistake(db, secret)
    sign_in_as(client, db, secret, reload(db, "transvaal"), BEA)
    page = client.post(path, data=typed(client, path, vote__opens_date="2026-04-20"))
    assert page.status_code == 409
    assert "kan niet beginnen op een tijd die al voorbij is" in words(page.text)
    assert vote_of(db, "transvaal").opens_at == OPENS


def test_a_vote_with_codes_is_not_removed(client: TestClient, db: Database, process: Process, bea: int) -> None:
    form = typed(client)
    del form["vote-present"]
    page = client.post(PATH, data=form)
    assert page.status_code == 409
    assert "er zijn al stemcodes of stembiljetten" in words(page.text)
    assert vote_of(db)


def test_opening_the_vote_now_names_the_plans_that_are_left_out(
    client: TestClient, db: Database, secret: bytes, clock: Clock
) -> None:
    process = insert_collecting(db, secret)
    with writing(db):
        phases.insert(db, process.id, [Phase("assess", NOW - timedelta(days=1), VOTE_OPENS)])
        db.execute(
            "UPDATE plans SET verdict = 'feasible', verdict_reason = 'Kan' WHERE id = ?",
            [process.by_project_id["bank"].id],
        )
        db.execute("UPDATE plans SET status = 'submitted' WHERE project_id = 'feest' AND process_id = ?", [process.id])
    sign_in_as(client, db, secret, process, BEA)
    path = f"/beheer/{process.slug}/fasen"
    page = client.post(path, data={"nu": "vote-opens"})
    said = words(page.text)
    assert "De stemming gaat meteen open, met 1 plan op het stembiljet" in said
    assert "3 plannen zonder oordeel komen niet op het stembiljet" in said
    assert "1 plan wacht nog op publicatie" in said
    assert "‘Plannen controleren’ en ‘Stemmen’ zijn een tijd tegelijk open" in said
    assert not reload(db, process.slug).voting(NOW)
    apply(client, page.text, f"{path}/wijziging")
    there = reload(db, process.slug)
    assert there.voting(NOW)
    assert [plan.project_id for plan in there.on_ballot] == ["bank"]


def test_assessing_cannot_be_added_once_the_vote_opened(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    dates = {"opens_date": "2026-04-01", "opens_time": "00:00", "closes_date": "2026-04-20", "closes_time": "00:00"}
    form = typed(client) | {f"assess-{name}": value for name, value in dates.items()} | {"assess-present": "1"}
    page = client.post(PATH, data=form)
    assert page.status_code == 409
    assert "bepaalt welke plannen op het stembiljet staan" in words(page.text)
    assert len(reload(db).on_ballot) == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"vote__closes_date": "31-12"}, "vote-closes_date"),
        ({"vote__closes_date": ""}, "vote-closes_date"),
        ({"vote__closes_date": "0001-01-01"}, "vote-closes_date"),
        ({"vote__closes_time": "25:00"}, "vote-closes_time"),
        ({"vote__closes_date": "2027-03-28", "vote__closes_time": "02:30"}, "vote-closes_time"),
    ],
)
def test_what_is_no_time_is_said_at_its_field_and_kept(
    client: TestClient, process: Process, bea: int, changes: dict[str, str], field: str
) -> None:
    page = client.post(PATH, data=typed(client, **changes))
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    for name, value in changes.items():
        assert f'name="{name.replace("__", "-")}"' in page.text
        assert f'value="{value}"' in page.text


def test_a_vote_that_closes_before_it_opens_is_refused(client: TestClient, process: Process, bea: int) -> None:
    page = client.post(PATH, data=typed(client, vote__closes_date="2026-04-30"))
    assert page.status_code == 409
    assert "sluit voordat het opengaat" in words(page.text)


def test_phases_out_of_order_are_only_warned_about(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    dates = {"opens_date": "2026-04-01", "opens_time": "0.00", "closes_date": "2026-12-31", "closes_time": "0.00"}
    form = typed(client) | {f"result-{name}": value for name, value in dates.items()} | {"result-present": "1"}
    page = client.post(PATH, data=form)
    assert "‘Uitslag’ begint vóór ‘Stemmen’" in words(page.text)
    assert apply(client, page.text).status_code == 303
    assert reload(db).phase("result") is not None


def test_who_comes_second_sees_what_the_first_did(client: TestClient, db: Database, process: Process, bea: int) -> None:
    first = client.post(PATH, data=typed(client, vote__closes_date="2026-06-10"))
    second = client.post(PATH, data=typed(client, vote__closes_date="2026-06-20"))
    assert apply(client, first.text).status_code == 303
    page = apply(client, second.text)
    assert page.status_code == 409
    assert "Iemand was u voor" in words(page.text)
    assert vote_of(db).closes_at.day == 9
    assert apply(client, page.text).status_code == 303  # now they know
    assert vote_of(db).closes_at.day == 19


def test_text_and_reactions_of_a_phase_change_without_moving_it(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    form = typed(client) | {"vote-text": "<script>alert(1)</script>"}
    del form["vote-reactions"]
    page = client.post(PATH, data=form)
    assert "<script>alert" not in page.text
    apply(client, page.text)
    vote = vote_of(db)
    assert (vote.text, vote.reactions_allowed) == ("<script>alert(1)</script>", False)
    assert (vote.opens_at, vote.closes_at) == (OPENS, CLOSES)
    assert "<script>alert" not in client.get(PATH).text


def test_looking_and_saving_without_a_change_changes_nothing(
    client: TestClient, db: Database, process: Process, bea: int
) -> None:
    with writing(db):  # seconds that the form does not show
        db.execute("UPDATE phases SET opens_at = '2026-05-01T08:00:07Z' WHERE process_id = ?", [process.id])
    page = client.post(PATH, data=typed(client))
    assert APPLY not in page.text
    assert "Er was niets veranderd." in words(page.text)
    assert vote_of(db).opens_at.second == 7


def test_closing_the_assessment_says_how_many_plans_have_no_verdict(
    client: TestClient, db: Database, secret: bytes
) -> None:
    collecting = insert_collecting(db, secret)
    with writing(db):
        phases.insert(db, collecting.id, [Phase("assess", NOW - timedelta(days=1), NOW + timedelta(days=9))])
    sign_in_as(client, db, secret, reload(db, collecting.slug), BEA)
    here = f"/beheer/{collecting.slug}/fasen"
    page = words(client.post(here, data={"nu": "assess-closes"}).text)
    assert "5 plannen hebben nog geen oordeel. Zonder oordeel komen ze niet op het stembiljet." in page
    with writing(db):
        db.execute("UPDATE plans SET verdict = 'feasible', verdict_reason = 'Kan' WHERE withdrawn_at IS NULL")
    page = words(client.post(here, data={"nu": "assess-closes"}).text)
    assert "Elk openbaar plan heeft een oordeel." in page


def test_moving_the_result_and_the_delivery_says_what_residents_see(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: int, seal: Seal, clock: Clock
) -> None:
    with writing(db):
        later = AFTER + timedelta(days=90)
        phases.insert(db, process.id, [Phase("result", CLOSES, later), Phase("deliver", CLOSES, later)])
    moved = typed(client, result__closes_date="2027-01-01", deliver__closes_date="2027-02-01")
    page = words(client.post(PATH, data=moved).text)
    assert "Bewoners zien de uitslag zodra de stemming is gesloten en verzegeld." in page
    assert "Bewoners lezen bij elk gekozen plan hoe het gaat" in page
    seal(process)
    clock.now = AFTER
    sign_in(client, db, secret, process, "beheerder", now=clock.now)
    page = words(client.post(PATH, data=typed(client, result__closes_date="2027-01-01")).text)
    assert "De uitslag staat op de site en blijft daar" in page
    page = words(client.post(PATH, data={"nu": "deliver-closes"}).text)
    assert "Wat u over de voortgang schreef, blijft te lezen." in page


def test_the_hour_that_comes_twice_stays_the_one_it_was() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2.30 in winter time
    day, at = date(2026, 10, 25), time(2, 30)
    assert phases.moment(day, at) == second - timedelta(hours=1)
    assert phases.moment(day, at, second) == second
    with pytest.raises(NoSuchTime):
        phases.moment(date(2026, 3, 29), at)


@pytest.mark.parametrize("who", [MO, TESSA, NINA])
def test_others_may_not(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, who: Any
) -> None:
    sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
    assert client.get(PATH).status_code == 403
    assert client.post(PATH, data={"nu": "vote-closes"}).status_code == 403
    assert client.post(APPLY, data={"nu": "vote-closes"}).status_code == 403
    sign_out(client)
    assert client.get(PATH).status_code == 303
    assert vote_of(db).closes_at == CLOSES


def test_an_empty_vote_of_another_process_is_not_moved_along(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: int
) -> None:
    insert_vote(db, secret, slug="mariahoeve")
    page = client.post(PATH, data=typed(client, vote__closes_date="2026-06-10"))
    apply(client, page.text)
    assert vote_of(db, "mariahoeve").closes_at == CLOSES
