"""What every page keeps: nothing of others, nothing inline, nothing told before its time."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import pytest
from litestar.testing import TestClient

from domain.database import Database
from domain.processes import Process
from tests.cast import AFTER, AICHA, BEZUIDENHOUT, CLOSES, crowd, insert_vote
from tests.conftest import Clock, HandIn, Seal
from tests.pages import SITE_PAGES, Page, pages_of, words

HERE = "testserver.local"
LOADED = {"src", "srcset", "poster", "data", "action", "formaction", "hx-get", "hx-post"}
EVERYBODY = (*BEZUIDENHOUT, *crowd(20))


@pytest.fixture
def town(db: Database, secret: bytes) -> Process:
    return insert_vote(db, secret, residents=EVERYBODY)


def every_page(client: TestClient, process: Process, clock: Clock, hand_in: HandIn, seal: Seal) -> Iterator[str]:
    """Every kind of page there is, one after the other, from the first visit to the result."""
    paths = [*SITE_PAGES, *pages_of(process)]
    for path in (*paths, "/bestaat-niet"):
        yield client.get(path).text
    yield client.post("/bezuidenhout/stemmen", data={"plan": ["tap", "tuin"]}).text
    client.post("/bezuidenhout/stemmen", data={"plan": ["bank", "tuin"]})
    for path in (*paths, "/bezuidenhout/stemmen/bevestiging"):
        yield client.get(path).text
    yield client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank", code="typefout")).text
    yield client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank", "tuin")).text
    yield client.post("/bezuidenhout/controle", data={"code": AICHA.receipt}).text
    for resident in EVERYBODY[1:12]:
        hand_in(process, resident, "bank", "tap")
    clock.now = CLOSES
    yield client.get("/bezuidenhout/stemmen").text
    yield client.get("/bezuidenhout/uitslag").text
    clock.now = AFTER
    seal(process)
    for path in paths:
        yield client.get(path).text


def test_no_page_asks_anything_of_another_site_or_runs_anything_inline(
    client: TestClient, town: Process, clock: Clock, hand_in: HandIn, seal: Seal
) -> None:
    number = 0
    for number, html in enumerate(every_page(client, town, clock, hand_in, seal), 1):  # noqa: B007
        for tag in Page(html).tags:
            assert "style" not in tag.attrs, tag
            assert not [name for name in tag.attrs if name.startswith(("on", "hx-on"))], tag
            assert tag.name not in ("style", "iframe", "object", "embed", "base"), tag
            assert tag.name != "script" or tag.attrs["src"], tag
            for url in urls_loaded_by(tag.name, tag.attrs):
                assert urlsplit(urljoin(f"http://{HERE}/", url)).netloc == HERE, tag
    assert number > 40


def urls_loaded_by(name: str, attrs: dict[str, str]) -> Iterator[str]:
    """What the browser fetches or sends to by itself; a link that somebody follows is their own choice."""
    for attribute in LOADED & attrs.keys():
        yield from (part.split()[0] for part in attrs[attribute].split(",") if part.strip())
    if name in ("link", "use", "image"):
        yield attrs["href"]


def test_no_script_needs_what_the_policy_forbids(client: TestClient, process: Process) -> None:
    scripts = {tag["src"] for path in pages_of(process) for tag in Page(client.get(path).text).all("script")}
    assert len(scripts) == 5  # htmx, what to do without connection, the ballot, sharing a plan, a reaction
    for src in scripts:
        answer = client.get(src)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("ballot.js", "share.js"):
        own = client.get(next(src for src in scripts if src.endswith(name))).text
        assert not re.search(r"\beval\(|new Function|\.style\.|innerHTML|localStorage|https?://(?!www\.w3\.org/)", own)


def test_a_page_has_one_title_one_main_and_no_id_twice(
    client: TestClient, town: Process, clock: Clock, hand_in: HandIn, seal: Seal
) -> None:
    for html in every_page(client, town, clock, hand_in, seal):
        page = Page(html)
        assert [len(page.all(name)) for name in ("h1", "main")] == [1, 1], page.words[:200]
        assert page.all("html")[0]["lang"] in ("nl", "en")
        ids = [tag.attrs["id"] for tag in page.tags if "id" in tag.attrs]
        assert len(ids) == len(set(ids)), page.words[:200]
        for label in page.all("label"):
            assert "for" not in label or label["for"] in ids


def test_every_link_and_form_leads_to_a_page(
    client: TestClient, town: Process, clock: Clock, hand_in: HandIn, seal: Seal
) -> None:
    links: set[str] = set()
    for html in every_page(client, town, clock, hand_in, seal):
        page = Page(html)
        places = {tag.attrs.get("id") for tag in page.tags}
        for href in {tag["href"] for tag in (*page.all("a"), *page.all("link")) if "href" in tag}:
            if href.startswith("#"):
                assert href[1:] in places, href
            elif href.startswith("/"):
                links.add(href.partition("#")[0])
        links |= {form.action for form in page.forms if form.method == "get"}
    assert len(links) > 20
    for href in links:
        assert client.get(href).status_code in (200, 303), href


def test_no_count_leaks_before_sealing(client: TestClient, town: Process, hand_in: HandIn, clock: Clock) -> None:
    """The pages with no ballot in the box and with twenty are the same, to the byte: while voting and after it."""
    client.get("/bezuidenhout/plannen")  # the visitor's order is known from here on
    voting, closed = clock.now, AFTER
    empty = [everything_public(client, town, clock, moment) for moment in (voting, closed)]
    for resident in EVERYBODY[:20]:
        hand_in(town, resident, "bank", "tuin")
    assert [everything_public(client, town, clock, moment) for moment in (voting, closed)] == empty


def everything_public(client: TestClient, process: Process, clock: Clock, moment: datetime) -> dict[str, bytes]:
    """Every answer to be had at that moment, made anew."""
    clock.now = moment
    client.app.state.site.cache.pages.clear()
    files = ("uitslag/stembiljetten.pb", "controle/lijst.txt", "opkomst", "feed.atom", "kaart.json")
    paths = [*SITE_PAGES, *pages_of(process), "/robots.txt", *(f"/{process.slug}/{file}" for file in files)]
    return {path: client.get(path).content for path in paths}


def test_the_confirmation_is_the_same_however_many_voted(client: TestClient, town: Process, hand_in: HandIn) -> None:
    client.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    pages = []
    for resident in EVERYBODY[:3]:
        html = client.get("/bezuidenhout/stemmen/bevestiging").text
        pages.append(html.replace(Page(html).form("/bezuidenhout/stemmen/inzending").fields["receipt"][0], ""))
        hand_in(town, resident, "bank")
    assert len(set(pages)) == 1


def test_until_it_is_handed_in_every_page_says_so(client: TestClient, town: Process) -> None:
    paths = [path for path in (*SITE_PAGES, *pages_of(town)) if path != "/bezuidenhout/stemmen"]
    assert not [path for path in paths if "Nog niet ingediend" in client.get(path).text]
    client.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    assert not [path for path in paths if "Nog niet ingediend" not in client.get(path).text]
    client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank"))
    assert not [path for path in paths if "Nog niet ingediend" in client.get(path).text]


def test_after_closing_nothing_is_left_to_hand_in(client: TestClient, town: Process, clock: Clock) -> None:
    client.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    clock.now = AFTER
    for path in (*SITE_PAGES, *pages_of(town)):
        assert "Nog niet ingediend" not in words(client.get(path).text), path
