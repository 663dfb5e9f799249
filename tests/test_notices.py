"""“Gelukt: …”: said once, on the page where somebody arrives."""

import pytest
from litestar.testing import TestClient

from domain.processes import Process
from routes.notices import COOKIE, KINDS
from routes.pages import environment
from tests.pages import Page, words


@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_has_words(kind: str) -> None:
    assert environment("nl").get_template("parts/notices.html").module.notice_text(kind)  # type: ignore[attr-defined]


def test_it_is_said_once_and_not_to_who_comes_after(client: TestClient, process: Process) -> None:
    said = "Gelukt: u bent afgemeld op dit apparaat."
    assert said not in words(client.get("/").text)
    client.cookies.set(COOKIE, "signed_out", domain="testserver.local")
    answer = client.get("/")
    assert said in words(answer.text)
    assert "no-cache" in answer.headers["cache-control"]
    assert COOKIE not in client.cookies
    assert said not in words(client.get("/").text)  # nor is it in the page that everybody gets


def test_htmx_leaves_it_for_the_page(client: TestClient, process: Process) -> None:
    client.cookies.set(COOKIE, "signed_out", domain="testserver.local")
    client.get("/bezuidenhout/plannen", headers={"HX-Request": "true"})
    assert "u bent afgemeld" in words(client.get("/").text)


@pytest.mark.parametrize("value", ["", "verzonnen", "<script>alert(1)</script>", "signed_out,edited"])
def test_nobody_makes_up_another(client: TestClient, process: Process, value: str) -> None:
    client.cookies.set(COOKIE, value, domain="testserver.local")
    page = Page(client.get("/bezuidenhout").text)
    assert "Gelukt" not in page.words
    assert "answer" not in {tag.attrs.get("class", "").split(" ")[0] for tag in page.tags}
