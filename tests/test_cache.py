"""Pages made once: as small as the browser takes them, never stale, never somebody else's."""

import gzip
from typing import Any

import brotli
import pytest
import zstandard
from litestar.testing import TestClient

from domain.database import Database
from domain.processes import Process
from routes.cache import PageCache, best_encoding, cached_page
from tests.cast import AICHA, CLOSES, NOW, OPENS
from tests.conftest import Clock, HandIn, Seal
from tests.pages import words

DECODE = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def raw(client: TestClient, path: str, **headers: str) -> tuple[Any, bytes]:
    """The answer and its bytes as they went over the line."""
    with client.stream("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}) as got:
        return got, b"".join(got.iter_raw())


TAKEN = (
    ("gzip, deflate, br, zstd", "zstd"),
    ("gzip, deflate, br", "br"),
    ("gzip", "gzip"),
    ("GZIP;q=0.5", "gzip"),
    ("zstd;q=0, br;q=0.0, gzip", "gzip"),
    ("identity", ""),
    ("", ""),
    ("*", ""),
    ("nonsense,;;,q=", ""),
)


def test_a_page_comes_as_small_as_the_browser_can_read(client: TestClient, process: Process) -> None:
    plain = client.get("/bezuidenhout/plannen", headers={"Accept-Encoding": "identity"}).content
    for accepted, encoding in TAKEN * 2:  # made, then from memory
        answer, body = raw(client, "/bezuidenhout/plannen", accept_encoding=accepted)
        assert answer.headers.get("content-encoding", "") == encoding, accepted
        assert DECODE[encoding](body) == plain
        assert len(body) < len(plain) / 2 or not encoding


def test_a_header_of_a_mile_long_costs_nothing() -> None:
    assert best_encoding("x," * 100_000 + "gzip") == ""


def test_every_page_says_what_it_depends_on(client: TestClient, process: Process) -> None:
    for path in ("/", "/bezuidenhout", "/bezuidenhout/plannen", "/bezuidenhout/stemmen"):
        vary = {name.strip() for name in client.get(path).headers["vary"].split(",")}
        assert vary >= {"Accept-Encoding", "Accept-Language", "Cookie", "HX-Request"}, path


PAGES = ("/", "/hulp", "/bezuidenhout", "/bezuidenhout/plannen", "/bezuidenhout/stemmen", "/bezuidenhout/controle")


def test_a_browser_that_has_the_page_gets_304(client: TestClient, process: Process) -> None:
    client.get("/bezuidenhout/plannen")  # the visitor's order is known from here on
    for path in PAGES:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-encoding" not in again.headers
        assert client.get(path, headers={"If-None-Match": '"of-another-page"'}).status_code == 200


def test_each_encoding_has_its_own_etag(client: TestClient, process: Process) -> None:
    tags = {
        client.get("/bezuidenhout", headers={"Accept-Encoding": encoding}).headers["etag"]
        for encoding in ("zstd", "br", "gzip", "identity")
    }
    assert len(tags) == 4


def test_a_change_shows_on_the_next_request(client: TestClient, process: Process, db: Database) -> None:
    before = client.get("/bezuidenhout/plannen")
    db.execute("UPDATE plans SET title = 'Bankjes langs de vijver' WHERE project_id = 'bank'")
    after = client.get("/bezuidenhout/plannen", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "Bankjes langs de vijver" in after.text


def test_nothing_is_made_again_while_nothing_changed(
    client: TestClient, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/bezuidenhout").text
    monkeypatch.setattr("routes.pages.render", lambda *_: pytest.fail("the page was made again"))
    assert client.get("/bezuidenhout").text == first


def test_a_ballot_is_no_change_of_what_everyone_sees(client: TestClient, process: Process, hand_in: HandIn) -> None:
    first = client.get("/bezuidenhout")
    hand_in(process, AICHA, "bank")
    assert client.get("/bezuidenhout", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_vote_opens_and_closes_without_anybody_writing_anything(
    client: TestClient, process: Process, clock: Clock
) -> None:
    said = {}
    for when, moment in (("before", OPENS.replace(hour=7)), ("open", OPENS), ("later", NOW), ("closed", CLOSES)):
        clock.now = moment
        said[when] = words(client.get("/bezuidenhout").text), words(client.get("/bezuidenhout/stemmen").text)
    assert "Stemmen begint op" in said["before"][0]
    assert "U kunt nog niet stemmen" in said["before"][1]
    for when in ("open", "later"):
        assert "Stem mee" in said[when][0]
        assert "Verdeel € 20.000" in said[when][1]
    assert "Het stemmen is voorbij" in said["closed"][0]
    assert "Het stemmen is voorbij" in said["closed"][1]


def test_a_result_shows_as_soon_as_it_is_there(client: TestClient, process: Process, seal: Seal, clock: Clock) -> None:
    clock.now = CLOSES
    assert "De uitslag is er nog niet" in client.get("/bezuidenhout/uitslag").text
    seal(process)
    assert "De uitslag is er nog niet" not in client.get("/bezuidenhout/uitslag").text


def test_who_has_a_draft_gets_a_page_of_their_own_and_nobody_else_does(client: TestClient, process: Process) -> None:
    client.get("/bezuidenhout/plannen")
    order = client.cookies["volgorde"]
    everyones = {path: client.get(path) for path in PAGES}

    client.post("/bezuidenhout/stemmen", data={"plan": ["bank", "tuin"], "code": AICHA.letter})
    for path in PAGES:
        hers = client.get(path, headers={"If-None-Match": everyones[path].headers["etag"]})
        assert hers.status_code == 200, "an old copy would not say that the vote isn't handed in"
        assert "etag" not in hers.headers
        assert hers.headers["cache-control"] == "private, no-cache"
        assert "Nog niet ingediend" in hers.text

    client.cookies.clear()  # somebody else, on a phone of their own
    client.cookies["volgorde"] = order
    for path in PAGES:
        theirs = client.get(path)
        assert theirs.content == everyones[path].content
        assert theirs.headers["etag"] == everyones[path].headers["etag"]


def test_the_languages_are_not_mixed_up(client: TestClient, process: Process) -> None:
    for language in ("nl", "en", "nl", "en"):
        page = client.get("/bezuidenhout", headers={"Accept-Language": language}).text
        assert f'<html lang="{language}">' in page


def test_orders_are_not_mixed_up(client: TestClient, process: Process) -> None:
    made = {}
    for order in ("3", "4", "3", "4"):
        client.cookies.clear()
        client.cookies["volgorde"] = order
        made.setdefault(order, set()).add(client.get("/bezuidenhout/stemmen").content)
    assert [len(bodies) for bodies in made.values()] == [1, 1]
    assert made["3"] != made["4"]


def test_htmx_gets_the_block_and_the_back_button_the_page(client: TestClient, process: Process) -> None:
    path = "/bezuidenhout/plannen"
    for _ in range(2):
        page = client.get(path).text
        block = client.get(path, headers={"HX-Request": "true"}).text
        restored = client.get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).text
        assert block.strip().startswith('<div id="results">')
        assert block.strip() in page
        assert "<html" not in block
        assert restored == page


def test_memory_is_bounded_and_the_oldest_page_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageCache, "MOST", 1_000)
    cache = PageCache()
    for name in "abcdef":
        cache.put(name, cached_page(name.encode() * 100))
        cache.put(name, cached_page(name.encode() * 100))  # made twice, kept once
    assert [name for name in "abcdef" if cache.get(name, 0, NOW)] == list("bcdef")
