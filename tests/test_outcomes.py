"""How each plan on the ballot fared: told once the vote is sealed, to who follows it and to who made it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from domain import follows, makers, news
from domain.database import Database, writing
from domain.processes import Process
from routes.jobs import tell_followers, tell_results
from routes.mail import letter
from routes.site import Site
from tests.cast import AFTER, AICHA, BRAM, CHEN, DEWI, NOW, Resident, crowd, insert_roll, insert_vote
from tests.conftest import Clock, Seal
from tests.pages import words
from tests.test_mail import all_mail
from tests.writing import arrives

CROWD = crowd(30)
# How they voted: bank 20, tuin 15, fiets 10, feest 10, tap 5.
CHOICES = [("bank", "tuin", "fiets")] * 10 + [("bank", "feest")] * 5 + [("bank", "feest", "tuin")] * 5 + [("tap",)] * 5
LATER = AFTER + timedelta(hours=1)
TAPS_MISSED = (
    "Dit plan kreeg 5 stemmen. Toen dit plan aan de beurt was, was er nog € 1.000 over. Dit plan kost € 15.000. "
    "Met 11 stemmen meer, of € 14.000 goedkoper, was dit plan doorgegaan."
)


@pytest.fixture
def voted(db: Database, secret: bytes, process: Process, hand_in: Callable[..., Any]) -> Process:
    insert_roll(db, secret, process.id, CROWD)
    for who, named in zip(CROWD, CHOICES, strict=False):
        hand_in(process, who, *named)
    with writing(db):
        news.tell(db, process.id, None, "vote_opens", "", NOW)
    return process


def plan(process: Process, project_id: str) -> int:
    return process.by_project_id[project_id].id


def makes(db: Database, secret: bytes, who: Resident, plan_id: int) -> None:
    id_ = arrives(db, secret, who)
    with writing(db):
        makers.add(db, plan_id, id_, who.name, "", NOW)


def follow(db: Database, secret: bytes, who: Resident, process: Process, plan_id: int | None) -> None:
    id_ = arrives(db, secret, who)
    with writing(db):
        follows.follow(db, process.id, plan_id, id_, "at_once", NOW)


def told(client: TestClient, site: Site, clock: Clock) -> None:
    """The jobs run, and a minute later once more."""
    for moment in (LATER, LATER + timedelta(minutes=1)):
        clock.now = moment
        client.blocking_portal.call(tell_results, site)
        client.blocking_portal.call(tell_followers, site)


def mailed(db: Database) -> list[tuple[str, str, list[str]]]:
    """The kind of each mail, to whom, and what it tells."""
    rows = db.execute("SELECT kind, recipient, content FROM outbox ORDER BY id")
    return [(kind, to, [item["kind"] for item in json.loads(content)["items"]]) for kind, to, content in rows]


def reasons(db: Database, process: Process) -> dict[str, tuple[str, str]]:
    """By plan how it fared and why; each plan once."""
    names = {one.id: one.project_id for one in process.all_plans}
    rows = db.execute("SELECT plan_id, kind, text FROM news WHERE kind IN ('won', 'partly', 'not_won')").fetchall()
    assert len({id_ for id_, *_ in rows}) == len(rows)
    return {names[id_]: (kind, text.replace("\u00a0", " ")) for id_, kind, text in rows}


def test_nothing_is_told_before_sealing(
    client: TestClient, site: Site, db: Database, clock: Clock, voted: Process
) -> None:
    told(client, site, clock)
    assert reasons(db, voted) == {}
    assert news.newest(db, voted.id)[0].kind == "vote_opens"


def test_of_each_plan_on_the_ballot_how_it_fared_once(
    client: TestClient, site: Site, db: Database, clock: Clock, voted: Process, seal: Seal
) -> None:
    seal(voted)
    told(client, site, clock)
    said = reasons(db, voted)
    assert {name: kind for name, (kind, _) in said.items()} == {
        "bank": "won",
        "tuin": "won",
        "fiets": "won",
        "feest": "won",
        "tap": "not_won",
    }, "the Ferris wheel was withdrawn"
    assert said["bank"][1] == "Dit plan kreeg 20 stemmen. Het krijgt € 1.500."
    assert said["tap"][1] == TAPS_MISSED
    page = words(client.get("/bezuidenhout/uitslag").text).replace("\u00a0", " ")
    assert TAPS_MISSED.removeprefix("Dit plan kreeg 5 stemmen. ") in page
    assert [item.kind for item in news.newest(db, voted.id)] == ["result", "vote_opens"]


def test_a_follower_of_the_plan_hears_it_and_who_follows_everything_only_of_the_result(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, voted: Process, seal: Seal
) -> None:
    follow(db, secret, AICHA, voted, plan(voted, "tap"))
    follow(db, secret, BRAM, voted, None)
    seal(voted)
    told(client, site, clock)
    assert mailed(db) == [
        ("news", AICHA.email, ["result", "not_won"]),
        ("news", BRAM.email, ["result"]),
    ]
    text = letter(site.settings, all_mail(db)[0]).text.replace("\u00a0", " ")
    assert "Het plan “Tapwaterkranen” gaat niet door." in text
    assert TAPS_MISSED in text.replace("\n> ", " ")


def test_each_maker_hears_once_of_their_own_plans(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, voted: Process, seal: Seal
) -> None:
    for who, *project_ids in ((CHEN, "bank", "tap"), (DEWI, "tap"), (AICHA, "rad")):
        for project_id in project_ids:
            makes(db, secret, who, plan(voted, project_id))
    follow(db, secret, DEWI, voted, plan(voted, "tap"))
    seal(voted)
    told(client, site, clock)
    assert mailed(db) == [
        ("plan_outcomes", CHEN.email, ["won", "not_won"]),
        ("plan_outcomes", DEWI.email, ["not_won"]),
        ("news", DEWI.email, ["result"]),
    ], "of the plan that was withdrawn its maker heard before"
    both, one = (letter(site.settings, mail) for mail in all_mail(db)[:2])
    assert both.subject == "De uitslag van uw plannen"
    assert one.subject == "De uitslag van uw plan: Tapwaterkranen"
    assert "/bezuidenhout/uitslag" in one.text


def test_with_few_ballots_it_says_no_more_than_the_totals(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, seal: Seal, hand_in: Callable[..., Any]
) -> None:
    process = insert_vote(db, secret, slug="klein")
    hand_in(process, AICHA, "bank", "tuin")
    seal(process)
    told(client, site, clock)
    page = words(client.get("/klein/uitslag").text)
    assert "minder dan tien stembiljetten" in page
    for _, text in reasons(db, process).values():
        for sentence in text.removesuffix(".").split(". ")[1:]:
            assert sentence in page.replace("\u00a0", " ") or sentence.startswith("Het krijgt")


def test_in_the_feed_of_the_plan_too(
    client: TestClient, site: Site, db: Database, clock: Clock, voted: Process, seal: Seal
) -> None:
    seal(voted)
    told(client, site, clock)
    said = client.get(f"/bezuidenhout/plannen/{plan(voted, 'bank')}/feed.atom").text
    assert "Het plan “Bankjes onder de bomen 🌳” gaat door." in said
    assert "gaat door" not in client.get("/bezuidenhout/feed.atom").text


def test_a_result_of_long_ago_is_no_news(
    client: TestClient, site: Site, db: Database, clock: Clock, voted: Process, seal: Seal
) -> None:
    seal(voted)
    clock.now = AFTER + timedelta(days=30)
    client.blocking_portal.call(tell_results, site)
    assert reasons(db, voted) == {}
