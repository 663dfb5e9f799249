"""Atom feeds, read by a parser as a feed reader does (RFC 4287)."""

from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from litestar.testing import TestClient

from domain import news
from domain.database import Database, writing
from domain.plans import Plan
from domain.processes import Process
from tests.cast import NOW, insert_vote
from tests.pages import Page

HERE = "/bezuidenhout/feed.atom"
NAMES = {"atom": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def plan(process: Process) -> Plan:
    return process.plans[0]


def tell(db: Database, process: Process, plan: Plan | None, kind: str, text: str = "", at: datetime = NOW) -> None:
    with writing(db):
        news.tell(db, process.id, plan.id if plan else None, kind, text, at)


def read(client: TestClient, path: str = HERE) -> Element:
    """The feed, after everything is checked that RFC 4287 says must be there."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "application/atom+xml"
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 our own
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    for element in (feed, *entries(feed)):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"atom:{name}", NAMES)) == 1, name
            assert said(element, name)
        assert datetime.fromisoformat(said(element, "updated")).tzinfo is not None
        assert ":" in said(element, "id")
        assert len([link for link in links(element) if link.get("rel") == "alternate"]) == 1
        assert all(str(link.get("href")).startswith("http://testserver.local/") for link in links(element))
    assert feed.find("atom:author/atom:name", NAMES) is not None
    (own,) = [link for link in links(feed) if link.get("rel") == "self"]
    assert own.get("href") == f"http://testserver.local{path}"
    ids = [said(entry, "id") for entry in entries(feed)]
    assert len(set(ids)) == len(ids)
    return feed


def entries(feed: Element) -> list[Element]:
    return feed.findall("atom:entry", NAMES)


def links(element: Element) -> list[Element]:
    return element.findall("atom:link", NAMES)


def said(element: Element, name: str) -> str:
    return element.findtext(f"atom:{name}", "", NAMES)


def test_an_empty_feed_is_a_feed(client: TestClient, plan: Plan) -> None:
    for path in (HERE, f"{plan.url}/feed.atom"):
        assert entries(read(client, path)) == []


def test_the_newest_comes_first(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    tell(db, process, plan, "published")
    tell(db, process, plan, "feasible", "Past in het park", NOW + timedelta(minutes=1))
    newest, oldest = entries(read(client))
    assert plan.title in said(newest, "title")
    assert "kan worden uitgevoerd" in said(newest, "title")
    assert said(newest, "content") == "Past in het park"
    assert links(oldest)[0].get("href") == f"http://testserver.local{plan.url}"
    assert said(read(client), "updated") == "2026-05-12T10:01:00Z"


def test_news_shows_on_the_next_request_and_ids_stay(
    client: TestClient, db: Database, process: Process, plan: Plan
) -> None:
    tell(db, process, plan, "published")
    before = [said(entry, "id") for entry in entries(read(client))]
    tell(db, process, None, "vote_opens", at=NOW + timedelta(minutes=1))
    after = [said(entry, "id") for entry in entries(read(client))]
    assert len(after) == 2
    assert after[1:] == before


def test_of_a_plan_only_what_concerns_it(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    tell(db, process, process.plans[1], "published")
    tell(db, process, plan, "published")
    tell(db, process, None, "result")
    assert len(entries(read(client, f"{plan.url}/feed.atom"))) == 2
    assert len(entries(read(client))) == 3


def test_what_is_not_public_is_not_in_it(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    tell(db, process, plan, "published")
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden' WHERE id = ?", [plan.id])
    assert entries(read(client)) == []
    assert client.get(f"{plan.url}/feed.atom").status_code == 404


def test_a_plan_of_elsewhere_has_no_feed_here(client: TestClient, process: Process, elsewhere: Process) -> None:
    assert client.get(f"/bezuidenhout/plannen/{elsewhere.plans[0].id}/feed.atom").status_code == 404
    assert client.get("/nergens/feed.atom").status_code == 404


def test_whatever_was_typed_is_text(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    wild = "<script>alert(1)</script> & ]]> \x00\x08\ufffe 🌳"
    tell(db, process, plan, "infeasible", wild)
    with writing(db):
        db.execute("UPDATE plans SET title = ? WHERE id = ?", ["<b>Bank</b> \x0c", plan.id])
    (entry,) = entries(read(client))
    assert "<b>Bank</b>" in said(entry, "title")
    assert said(entry, "content").startswith("<script>alert(1)</script> & ]]>")
    assert "🌳" in said(entry, "content")
    assert list(entry.iter("script")) == []


def test_in_the_language_of_the_process(client: TestClient, db: Database, secret: bytes) -> None:
    there = insert_vote(db, secret, slug="the-hague", language="en")
    tell(db, there, there.plans[0], "withdrawn")
    feed = read(client, "/the-hague/feed.atom")
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_a_language_that_we_do_not_speak(client: TestClient, db: Database, secret: bytes) -> None:
    insert_vote(db, secret, slug="warszawa", language="pl")
    assert read(client, "/warszawa/feed.atom").get("{http://www.w3.org/XML/1998/namespace}lang") == "nl"


def test_who_has_it_gets_no_more_than_that(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    first = client.get(HERE)
    again = client.get(HERE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    tell(db, process, plan, "published")
    assert client.get(HERE, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_fifty_at_most(client: TestClient, db: Database, process: Process, plan: Plan) -> None:
    for number in range(55):
        tell(db, process, plan, "edited", at=NOW + timedelta(minutes=number))
    assert len(entries(read(client))) == 50


def test_the_pages_say_that_there_is_a_feed(client: TestClient, plan: Plan) -> None:
    for path in ("/bezuidenhout", plan.url):
        found = [link for link in Page(client.get(path).text).all("link") if link.get("rel") == "alternate"]
        assert [(link["type"], link["href"]) for link in found] == [("application/atom+xml", f"{path}/feed.atom")]
