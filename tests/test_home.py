"""Home: what can be done now and until when, and what was decided."""

from litestar.testing import TestClient

from domain.database import Database
from domain.processes import Process
from tests.cast import AICHA, CLOSES, OPENS
from tests.conftest import Clock, HandIn, Seal
from tests.pages import Page, words


def test_without_a_process_the_page_says_to_come_back(client: TestClient) -> None:
    assert "U kunt nu nergens over beslissen. Kom later nog eens terug." in words(client.get("/").text)


def test_a_vote_that_runs_says_until_when_and_leads_there(client: TestClient, process: Process) -> None:
    page = Page(client.get("/").text)
    assert "Bezuidenhout beslist" in page.words
    assert "Verdeel € 20.000. Stemmen kan tot en met zondag 31 mei." in page.words
    assert {"/bezuidenhout", "/bezuidenhout/stemmen", "/loosduinen/stemmen"} <= {a["href"] for a in page.all("a")}


def test_before_and_after_the_vote_there_is_nothing_to_press(
    client: TestClient, process: Process, clock: Clock
) -> None:
    for moment, said in (
        (OPENS.replace(hour=7), "Stemmen begint op vrijdag 1 mei."),
        (CLOSES, "Het stemmen is voorbij. De uitslag komt binnenkort."),
    ):
        clock.now = moment
        page = Page(client.get("/").text)
        assert said in page.words
        assert "/bezuidenhout/stemmen" not in {a["href"] for a in page.all("a")}


def test_a_finished_process_tells_what_it_brought(
    client: TestClient, process: Process, hand_in: HandIn, seal: Seal
) -> None:
    hand_in(process, AICHA, "bank", "tap", "feest")
    seal(process)
    page = Page(client.get("/").text)
    assert "Dit is besloten Bezuidenhout Bezuidenhout beslist" in page.words
    assert "3 plannen gaan door, samen voor € 19.500. 1 bewoner stemde." in page.words
    assert "Bankjes onder de bomen 🌳 € 1.500" in page.words
    assert "/bezuidenhout/uitslag" in {a["href"] for a in page.all("a")}


def test_the_newest_process_stands_first(client: TestClient, process: Process, db: Database) -> None:
    page = words(client.get("/").text)
    assert page.index("Bezuidenhout beslist") < page.index("Loosduinen beslist")
