"""A process on the page of somebody else, in a real browser: two servers, two sites."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from domain.database import connect, writing
from domain.processes import Process, load
from routes.embeds import snippets
from tests.journeys.conftest import PHONE, TIMEOUT_MS, Demo


class Town(BaseHTTPRequestHandler):
    """The municipality's own site; each path is a page of it."""

    def __init__(self, pages: dict[str, tuple[str, dict[str, str]]], *arguments: Any) -> None:
        self.pages = pages
        super().__init__(*arguments)

    def do_GET(self) -> None:
        body, headers = self.pages.get(self.path, ("", {}))
        self.send_response(200 if body else 404)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


PAGE = "<!DOCTYPE html><html lang=nl><link rel=icon href=data:,><title>Gemeente</title><h1>Gemeente</h1>{}"
ISOLATED = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}


@pytest.fixture
def process(demo: Demo) -> Process:
    db = connect(demo.db)
    try:
        found = load(db, demo.process)
    finally:
        db.close()
    assert found
    return found


@pytest.fixture
def town(demo: Demo, process: Process) -> Iterator[str]:
    """The address of that site, another than ours, on which the demo may be shown."""
    shown = snippets(demo.site, process)
    pages = {
        "/": (PAGE.format(shown["front"]), {}),
        "/plannen": (PAGE.format(shown["plans"]), {}),
        "/afgeschermd": (PAGE.format(shown["front"]), ISOLATED),
        "/stemmen": (PAGE.format(shown["front"].replace('/inbed"', '/stemmen"')), {}),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Town, pages))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://localhost:{server.server_port}"  # 127.0.0.1, where the demo is, is another site to a browser
    allow(demo, address)
    yield address
    allow(demo)
    server.shutdown()
    server.server_close()


def allow(demo: Demo, *origins: str) -> None:
    db = connect(demo.db)
    with writing(db):
        db.execute("UPDATE processes SET frame_ancestors = ? WHERE slug = ?", [json.dumps(origins), demo.process])
    db.close()


@pytest.fixture
def passer_by(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="nl-NL", viewport=PHONE)
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


def framed(page: Page) -> Frame:
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame
    return frame


def height(page: Page) -> int:
    return int(page.locator("iframe").evaluate("(frame) => frame.getBoundingClientRect().height"))


def inside(page: Page) -> int:
    return int(framed(page).evaluate("document.body.getBoundingClientRect().height"))


@pytest.mark.parametrize("path", ["/", "/plannen", "/afgeschermd"])
def test_it_shows_on_the_towns_own_page_as_high_as_it_is(passer_by: BrowserContext, town: str, path: str) -> None:
    page = passer_by.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(town + path)
    expect(page.frame_locator("iframe").locator("h1")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').style.height !== ''")
    assert height(page) == pytest.approx(inside(page), abs=2)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_timeout(300)
    assert height(page) == pytest.approx(inside(page), abs=2), "it follows when the page gets wider"
    assert complaints == []
    assert passer_by.cookies() == [], "a frame sets no cookie"


def test_voting_opens_a_window_of_its_own_with_its_address(passer_by: BrowserContext, town: str, demo: Demo) -> None:
    page = passer_by.new_page()
    page.goto(town)
    with passer_by.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Stem mee").click()
    assert opened.value.url == demo("stemmen")
    assert opened.value.evaluate("window.opener") is None
    assert opened.value.evaluate("window === window.top") is True
    assert page.url == town + "/", "and the page of the town stays where it was"


def test_the_vote_itself_shows_in_no_frame(passer_by: BrowserContext, town: str) -> None:
    page = passer_by.new_page()
    page.goto(town + "/stemmen")
    page.wait_for_timeout(500)
    assert "Stem indienen" not in framed(page).content()


def test_without_javascript_it_has_a_fixed_height(chromium: Browser, town: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="nl-NL")
    page = context.new_page()
    page.goto(town)
    expect(page.frame_locator("iframe").locator("h1")).to_be_visible()
    assert page.locator("iframe").get_attribute("height") == "1200"
    context.close()


def test_another_site_may_not_show_it(passer_by: BrowserContext, town: str, demo: Demo) -> None:
    allow(demo, "https://www.denhaag.nl")
    page = passer_by.new_page()
    page.goto(town)
    page.wait_for_timeout(500)
    assert "Dit kunt u nu doen" not in framed(page).content()


def test_only_the_frame_itself_says_how_high_it_is(passer_by: BrowserContext, town: str) -> None:
    page = passer_by.new_page()
    page.goto(town)
    page.wait_for_function("document.querySelector('iframe').style.height !== ''")
    before = height(page)
    page.evaluate("postMessage({ wijkbudget: { height: 5000 } }, '*')")  # another window, and another origin
    page.wait_for_timeout(200)
    assert height(page) == before
    for height_told in ("'9e9; position: fixed'", "null", "NaN", "{}"):
        framed(page).evaluate(f"parent.postMessage({{ wijkbudget: {{ height: {height_told} }} }}, '*')")
    page.wait_for_timeout(200)
    assert height(page) == before
    framed(page).evaluate("parent.postMessage({ wijkbudget: { height: 1e9 } }, '*')")
    page.wait_for_timeout(200)
    assert height(page) == 20000, "there is an end to it"
