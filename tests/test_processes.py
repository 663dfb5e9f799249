"""The page of one process: area, budget, phases with dates, and one clear thing to do now."""

from datetime import date, time, timedelta

import pytest
from litestar.testing import TestClient

from domain import phases
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from tests.cast import AFTER, CLOSES, OPENS
from tests.conftest import Clock, Seal
from tests.pages import Page, words

PAGE = "/bezuidenhout"


def test_it_tells_where_how_much_and_how(client: TestClient, process: Process, db: Database) -> None:
    db.table("processes").update(
        process.id, {"summary": "Zes plannen 🌳", "description": "Eén.\n\nTwee <i>schuin</i>.\n\nמרחבא"}
    )
    page = Page(client.get(PAGE).text)
    assert "Bezuidenhout, Den Haag Bezuidenhout beslist Zes plannen 🌳" in page.words
    assert "Budget € 20.000 Plannen 5" in page.words, "a withdrawn plan is no plan any more"
    assert "Eén. Twee <i>schuin</i>. מרחבא" in page.words
    assert not page.all("i")
    assert "Samen mogen ze hoogstens € 20.000 kosten." in page.words


def test_there_is_one_thing_to_do_at_any_time(client: TestClient, process: Process, clock: Clock, seal: Seal) -> None:
    for moment, said, button in (
        (OPENS - timedelta(seconds=1), "Stemmen begint op vrijdag 1 mei.", "/bezuidenhout/plannen"),
        (OPENS, "Verdeel € 20.000", "/bezuidenhout/stemmen"),
        (CLOSES - timedelta(seconds=1), "Dat kan tot en met zondag 31 mei.", "/bezuidenhout/stemmen"),
        (CLOSES, "Het stemmen is voorbij. We tellen de stemmen.", "/bezuidenhout/plannen"),
    ):
        clock.now = moment
        assert_to_do(client, said, button)
    clock.now = AFTER
    seal(process)
    assert_to_do(client, "De stemmen zijn geteld.", "/bezuidenhout/uitslag")


def assert_to_do(client: TestClient, said: str, button: str) -> None:
    page = Page(client.get(PAGE).text)
    assert said in page.words
    assert [a["href"] for a in page.all("a") if a.get("class") == "button big"] == [button]


def test_the_phases_stand_in_order_with_their_dates(client: TestClient, process: Process, db: Database) -> None:
    collect = Phase("collect", OPENS - timedelta(days=60), OPENS - timedelta(days=30), "Dien uw plan in.")
    result = Phase("result", CLOSES, CLOSES + timedelta(days=30))
    with writing(db):
        phases.insert(db, process.id, [result, collect])
    page = Page(client.get(PAGE).text)
    assert "Plannen indienen Voorbij 2 maart 2026 tot en met 1 april 2026 Dien uw plan in." in page.words
    assert "Stemmen Nu 1 mei 2026 tot en met 31 mei 2026" in page.words
    assert "Uitslag 1 juni 2026 tot en met 30 juni 2026" in page.words
    (now,) = [tag.attrs["class"] for tag in page.tags if tag.attrs.get("aria-current") == "step"]
    assert now == "now"


METHODS = {
    "knapsack": ("Verdeel € 15.000 over de plannen die u het best vindt.", "Verdeel € 15.000."),
    "approval": ("Kruis aan welke plannen u goed vindt.",) * 2,
    "choose-1": ("Kies één plan.",) * 2,
}


@pytest.mark.parametrize("method", METHODS)
def test_the_call_to_vote_is_that_of_the_method(
    client: TestClient, db: Database, process: Process, method: str
) -> None:
    """Also where somebody filled in limits that the method has no use for."""
    one = "max_length = 1" if method == "choose-1" else "max_length = NULL"
    money = "NULL" if method == "approval" else "15000_00".replace("_", "")
    db.execute(
        f"UPDATE processes SET voting_method = '{method}', max_sum_cost = {money}, {one} WHERE id = {process.id}"
    )
    on_page, on_home = METHODS[method]
    pages = {path: words(client.get(path).text).replace("\u00a0", " ") for path in (PAGE, "/", f"{PAGE}/zo-werkt-het")}
    assert f"{on_page} Dat kan tot en met zondag 31 mei." in pages[PAGE]
    assert f"{on_home} Stemmen kan tot en met zondag 31 mei." in pages["/"]
    if method == "choose-1":
        assert "Zo stemt u Kies één plan. Vul de stemcode" in pages[PAGE]
        assert "U kiest één plan." in pages[f"{PAGE}/zo-werkt-het"]
        assert Page(client.get(f"{PAGE}/stemmen").text).words.count("Verdeel") == 0


@pytest.mark.parametrize(
    ("opens", "closes", "period", "when"),
    [
        ((18, 0, 0), (19, 0, 0), "18 december 2026", "alleen op vrijdag 18 december"),
        (
            (18, 19, 0),
            (18, 21, 30),
            "18 december 2026, 19.00–21.30 uur",
            "alleen op vrijdag 18 december, 19.00–21.30 uur",
        ),
        (
            (18, 19, 0),
            (19, 0, 0),
            "18 december 2026, 19.00–24.00 uur",
            "alleen op vrijdag 18 december, 19.00–24.00 uur",
        ),
        (
            (18, 0, 0),
            (18, 12, 0),
            "18 december 2026, 00.00–12.00 uur",
            "alleen op vrijdag 18 december, 00.00–12.00 uur",
        ),
        ((11, 0, 0), (19, 0, 0), "11 december 2026 tot en met 18 december 2026", "tot en met vrijdag 18 december"),
        (
            (11, 9, 0),
            (18, 12, 0),
            "11 december 2026 tot en met 18 december 2026",
            "tot vrijdag 18 december om 12.00 uur",
        ),
    ],
)
def test_a_period_is_said_as_people_say_it(
    client: TestClient,
    db: Database,
    process: Process,
    clock: Clock,
    opens: tuple[int, int, int],
    closes: tuple[int, int, int],
    period: str,
    when: str,
) -> None:
    first, last = (phases.moment(date(2026, 12, day), time(h, m)) for day, h, m in (opens, closes))
    db.execute("DELETE FROM phases WHERE process_id = ?", [process.id])
    with writing(db):
        phases.insert(db, process.id, [Phase("collect", first, last)])
    clock.now = first
    said = words(client.get(PAGE).text)
    assert f"Dien een plan in. Dat kan {when}." in said
    assert f"Plannen indienen Nu {period} " in said
    assert f"Plannen indienen {period}" in words(client.get(f"{PAGE}/zo-werkt-het").text)


def test_what_closes_at_midnight_is_open_until_the_day_before(
    client: TestClient, process: Process, clock: Clock
) -> None:
    clock.now = CLOSES  # 22:00 UTC: midnight in the Netherlands, in summer
    assert "Stemmen kon tot en met 31 mei 2026." in words(client.get(f"{PAGE}/stemmen").text)


def test_a_preview_says_what_it_is_about(client: TestClient, process: Process, db: Database) -> None:
    db.execute("UPDATE processes SET summary = 'Zes plannen', photo = 'bankjes' WHERE slug = 'bezuidenhout'")
    previews = {tag["property"]: tag["content"] for tag in Page(client.get(PAGE).text).all("meta") if "property" in tag}
    assert previews["og:title"] == "Bezuidenhout beslist"
    assert previews["og:description"] == "Zes plannen"
    assert previews["og:image"] == "http://testserver.local/foto/bankjes-960.webp"
    assert previews["og:url"] == "http://testserver.local/bezuidenhout"


def test_a_photo_comes_in_three_widths(client: TestClient, process: Process, db: Database) -> None:
    db.table("photos").insert({"key": "bankjes", "width": 320, "data": b"RIFF\x00\x00\x00\x00WEBP"})
    photo = client.get("/foto/bankjes-320.webp")
    assert (photo.headers["content-type"], photo.content) == ("image/webp", b"RIFF\x00\x00\x00\x00WEBP")
    for path in ("bankjes-640.webp", "bankjes-321.webp", "bankjes-320.jpg", "bankjes.webp", "-320.webp", "💚-320.webp"):
        assert client.get(f"/foto/{path}").status_code == 404, path
