"""Pages for in a frame: who may show them, and that nothing happens in them."""

import html
import json
import re
from typing import Any

import pytest
from litestar.testing import TestClient

from domain import hosts
from domain.database import Database
from domain.processes import Process
from routes.static_files import files
from tests.cast import AFTER, AICHA, reload
from tests.conftest import Clock, Seal
from tests.pages import Page, words
from tests.staff import BEA, sign_in_as
from tests.test_headers import policy

FRAMES = ("/bezuidenhout/inbed", "/bezuidenhout/inbed/plannen")
TOWN, OTHER = "https://www.denhaag.nl", "https://wijken.nl:8443"


def allow(db: Database, *origins: str) -> None:
    db.execute("UPDATE processes SET frame_ancestors = ? WHERE slug = 'bezuidenhout'", [json.dumps(origins)])


@pytest.fixture
def process(process: Process, db: Database) -> Process:
    allow(db, TOWN, OTHER)
    return reload(db)


# Who may show it


def test_only_the_sites_that_were_named_may_show_it(client: TestClient, process: Process) -> None:
    for path in FRAMES:
        headers = client.get(path).headers
        rules = policy(headers["content-security-policy"])
        assert rules["frame-ancestors"] == f"{TOWN} {OTHER}", path
        assert "x-frame-options" not in headers
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert headers["cross-origin-embedder-policy"] == "require-corp"
        assert rules["form-action"] == "'none'", "nothing can be sent from a frame"
        assert set(rules.values()) <= {"'none'", "'self'", f"{TOWN} {OTHER}"}
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")


def test_every_other_page_stays_as_it_was(client: TestClient, process: Process) -> None:
    for path in ("/", "/bezuidenhout", "/bezuidenhout/plannen", "/bezuidenhout/stemmen", "/bezuidenhout/inbed/x"):
        headers = client.get(path).headers
        assert policy(headers["content-security-policy"])["frame-ancestors"] == "'none'", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path


def test_where_nobody_was_named_nobody_may(client: TestClient, process: Process, db: Database) -> None:
    allow(db)
    for path in (*FRAMES, "/loosduinen/inbed"):
        headers = client.get(path).headers
        assert policy(headers["content-security-policy"])["frame-ancestors"] == "'none'"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "hostile",
    [
        "*",
        "https://*",
        "https:",
        "'self'",
        "https://a.nl; script-src *",
        "https://a.nl\r\nSet-Cookie: a=b",
        "data:",
        "http://a.nl",
        "https://a.nl, https://b",
    ],
)
def test_what_a_design_of_others_brought_can_not_end_the_header(
    client: TestClient, process: Process, db: Database, hostile: str
) -> None:
    allow(db, hostile, TOWN)
    headers = client.get(FRAMES[0]).headers
    assert policy(headers["content-security-policy"])["frame-ancestors"] == TOWN
    assert f'data-framers="{TOWN}"' in client.get(FRAMES[0]).text
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.DenHaag.nl", TOWN),
        (" https://www.denhaag.nl/wijken?x=1 ", TOWN),
        ("HTTPS://wijken.nl:8443/", OTHER),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_written_in_one_way(typed: str, origin: str) -> None:
    assert hosts.origin(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "http://a.nl",
        "https://a.nl:x",
        "https://a.nl:99999",
        "https://a b.nl",
        "//a.nl",
        "https://u@a.nl",
        "https://1.2.3.4",
    ],
)
def test_what_is_no_origin_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        hosts.origin(typed)


# What is in it


def test_a_frame_shows_what_can_be_done_now_the_phases_and_plans(client: TestClient, process: Process) -> None:
    text = words(client.get(FRAMES[0]).text)
    for said in ("Bezuidenhout beslist", "Dit kunt u nu doen", "Stem mee", "Wanneer gebeurt wat?", "Plannen"):
        assert said in text
    plans = client.get(FRAMES[1]).text
    assert all(plan.title in plans for plan in process.on_ballot)


def test_after_the_vote_it_leads_to_the_result(client: TestClient, process: Process, clock: Clock, seal: Seal) -> None:
    clock.now = AFTER
    seal(process)
    links = {link["href"] for link in Page(client.get(FRAMES[0]).text).all("a")}
    assert "/bezuidenhout/uitslag" in links
    assert "Stem mee" not in client.get(FRAMES[1]).text


def test_every_link_opens_a_window_of_its_own_and_nothing_can_be_filled_in(
    client: TestClient, process: Process, db: Database
) -> None:
    db.execute("UPDATE processes SET summary = '<a href=//evil>x</a> <form>' WHERE slug = 'bezuidenhout'")
    for path in FRAMES:
        page = Page(client.get(path).text)
        assert page.all("a")
        for link in page.all("a"):
            assert (link["target"], link["rel"]) == ("_blank", "noopener"), link
            assert link["href"].startswith("/")
        assert page.forms == []
        for name in ("input", "button", "select", "textarea", "header", "footer", "nav"):
            assert page.all(name) == [], (path, name)
        assert len(page.all("h1")) == len(page.all("main")) == 1
        assert [script["src"].rpartition("/")[2] for script in page.all("script")] == ["embedded.js"]


def test_no_cookie_is_set_or_looked_at_in_a_frame(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    client.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    sign_in_as(client, db, secret, process, BEA)
    for path in FRAMES:
        answer = client.get(path)
        assert "set-cookie" not in answer.headers
        assert "Nog niet ingediend" not in answer.text, "what this visitor chose isn't shown on others' sites"
    assert "Nog niet ingediend" in client.get("/bezuidenhout").text
    assert AICHA.code not in client.get(FRAMES[0]).text


def test_the_order_of_the_plans_is_chance(client: TestClient, process: Process) -> None:
    def first(page: str) -> str:
        return re.findall(r'id="plan-(\d+)"', page)[0]

    assert len({first(client.get(FRAMES[1]).text) for _ in range(40)}) > 1


def test_a_frame_has_the_look_and_the_address_of_its_process(
    client: TestClient, process: Process, db: Database
) -> None:
    look = json.dumps({"basis-color-accent": "#ff0000"})
    db.execute("UPDATE processes SET look = ?, host = 'eigen.nl' WHERE slug = 'bezuidenhout'", [look])
    page = Page(client.get(FRAMES[0]).text)
    links = {link["rel"]: link["href"] for link in page.all("link")}
    assert links["canonical"] == "http://eigen.nl/"
    assert "/bezuidenhout/stijl/" in links["stylesheet"]
    assert {meta.get("content") for meta in page.all("meta")} >= {"noindex"}


# The script of the page around it


def test_the_script_is_small_and_may_be_loaded_by_others(client: TestClient) -> None:
    answer = client.get("/inbed.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    for name in ("embed.js", "embedded.js"):
        code = files()[name].body
        assert len(code) < 1500, name
        assert b".origin" in code or b"origin" in code
    assert b"postMessage({ wijkbudget: { height } }, origin)" in files()["embedded.js"].body, "to nobody else"


def test_staff_copy_what_to_paste(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in_as(client, db, secret, process, BEA)
    db.execute("UPDATE processes SET name = 'A \"& <b>' WHERE slug = 'bezuidenhout'")
    page = snippets_on(client)
    for path, snippet in zip(FRAMES, page, strict=True):
        tags = Page(snippet).tags
        assert [tag.name for tag in tags] == ["iframe", "script"]
        assert tags[0].attrs["src"] == f"http://testserver.local{path}"
        assert tags[0].attrs["title"] == 'A "& <b>'
        assert tags[1].attrs["src"] == "http://testserver.local/inbed.js"
    allow(db)
    assert snippets_on(client) == [], "where nobody may show it there is nothing to paste"


def snippets_on(client: TestClient) -> list[Any]:
    shown = re.findall(
        r'<pre class="command"[^>]*>(.*?)</pre>', client.get("/beheer/bezuidenhout/uiterlijk").text, re.S
    )
    return [html.unescape(one) for one in shown]
