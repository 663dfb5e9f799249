"""How a process looks: who chooses it, what they see before it is there, and what residents get."""

import io
import json
from pathlib import Path
from typing import Any

import brotli
import pytest
from litestar.testing import TestClient
from PIL import Image

from domain import database, looks, phases, processes
from domain.database import Database, writing
from domain.designs.model import BLOCKS
from domain.looks import ACCENT, PAGE
from domain.phases import Phase
from domain.processes import Process
from routes.staff.look_fields import pack, unpack
from tests.cast import CLOSES, NOW, process_row, reload
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, STEF, TESSA, StaffMember, sign_in_as

HERE = "/beheer/bezuidenhout/uiterlijk"
RED = {"tokens": "--basis-color-accent: #ff0000;", "voor": pack({}), "doe": "bewaar"}


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, process: Process) -> TestClient:
    sign_in_as(client, db, secret, process, BEA)
    return client


def look_of(db: Database) -> dict[str, str]:
    return dict(reload(db).look)


def styles(client: TestClient, path: str = "/bezuidenhout") -> list[str]:
    links = Page(client.get(path).text).all("link")
    return [link["href"] for link in links if link["rel"] == "stylesheet" and "/stijl/" in link["href"]]


def send(client: TestClient, path: str = "", files: dict[str, Any] | None = None, **data: str) -> Any:
    return client.post(HERE + path, data=data, files=files)


# Who may


@pytest.mark.parametrize("who", [MO, TESSA, STEF, NINA])
def test_only_a_beheerder_of_the_process_chooses_its_look(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, who: StaffMember
) -> None:
    sign_in_as(client, db, secret, elsewhere if who is NINA else process, who)
    for path in ("", "/logo", "/blokken", "/adres"):
        assert client.post(HERE + path, data=RED).status_code == 403, path
    assert client.get(HERE).status_code == 403
    assert look_of(db) == {}


def test_who_is_not_signed_in_gets_no_sample_either(client: TestClient, process: Process) -> None:
    assert client.get("/beheer/voorbeeld.css").status_code == 303


# Colours


def test_without_a_look_no_page_asks_for_one(client: TestClient, process: Process) -> None:
    assert styles(client) == []


def test_a_look_is_there_for_everyone_and_kept_for_good(bea: TestClient, db: Database) -> None:
    answer = send(bea, **RED)
    assert answer.headers["location"] == HERE + "?gedaan=look"
    assert look_of(db) == {ACCENT: "#ff0000"}
    for path in ("/bezuidenhout", "/bezuidenhout/plannen", "/bezuidenhout/bestaat-niet", HERE):
        (href,) = styles(bea, path)
    sheet = bea.get(href)
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert sheet.text == looks.sheet(looks.of({ACCENT: "#ff0000"}))
    assert len(brotli.compress(sheet.content)) < 900
    assert styles(bea, "/loosduinen") == styles(bea, "/") == []


def test_a_page_from_before_gets_the_look_of_now_and_keeps_it_not(bea: TestClient) -> None:
    send(bea, **RED)
    old = bea.get("/bezuidenhout/stijl/0123456789ab.css")
    assert old.headers["cache-control"] == "no-cache"
    assert "--basis-color-accent:#ff0000" in old.text
    for path in ("/bezuidenhout/stijl/x.js", "/nergens/stijl/0123456789ab.css"):
        assert bea.get(path).status_code == 404


def test_the_bar_of_the_browser_has_the_colour_of_the_page(bea: TestClient) -> None:
    send(bea, **{**RED, "tokens": "--basis-color-default-bg-document: #fffbe6"})
    metas = Page(bea.get("/bezuidenhout").text).all("meta")
    assert [meta["content"] for meta in metas if meta.get("name") == "theme-color"] == ["#fffbe6", "#10181f"]


def test_a_preview_changes_nothing_yet(bea: TestClient, db: Database) -> None:
    theme = (
        "--basis-color-accent: #ffe600; --basis-color-inverse-bg-default: #fff; --iets: 1; --basis-focus-color: url(x)"
    )
    page = bea.post(HERE, data={**RED, "tokens": theme, "doe": "bekijk"})
    assert page.status_code == 200
    text = words(page.text)
    assert "Bewoners zien het pas als u het bewaart." in text
    assert "We nemen 2 tokens over." in text
    assert "We maakten “hoofdkleur” iets donkerder" in text
    assert "“donkere balk” kan niet #ffffff zijn" in text
    assert look_of(db) == {}
    (sample,) = [link["href"] for link in Page(page.text).all("link") if "voorbeeld" in link["href"]]
    css = bea.get(sample)
    assert css.headers["content-type"].startswith("text/css")
    assert css.text.startswith(".look-sample{")
    assert ":root" not in css.text
    assert "no-store" in css.headers["cache-control"] or "private" in css.headers["cache-control"]


@pytest.mark.parametrize(
    "packed", ["", "x", "é", pack({"basis-color-accent": "red}*{"}), "W10=", "bnVsbA==", "A" * 50_000]
)
def test_a_sample_of_nonsense_is_our_own_look(bea: TestClient, packed: str) -> None:
    css = bea.get("/beheer/voorbeeld.css", params={"t": packed})
    assert css.status_code == 200
    assert css.text == looks.sheet(looks.of({}), ".look-sample")


def test_a_file_goes_before_what_is_pasted(bea: TestClient, db: Database) -> None:
    file = json.dumps({"basis": {"color": {"accent": {"value": "#00ff00"}}}}).encode()
    send(bea, files={"tokenfile": ("tokens.json", file)}, **RED)
    assert look_of(db) == {ACCENT: "#00ff00"}


def test_without_a_token_file_there_are_fields(bea: TestClient, db: Database) -> None:
    form = {**RED, "tokens": "", "kleur-accent": "123456", "was-accent": "", "letter": "georgia", "hoeken": "square"}
    send(bea, **form)
    assert look_of(db) == {
        ACCENT: "#123456",
        "basis-text-font-family-default": "Georgia, Times New Roman, serif",
        "basis-border-radius-sm": "0rem",
        "basis-border-radius-md": "0rem",
    }
    page = Page(bea.get(HERE).text)
    form = page.form(HERE)
    fields = {name: values[-1] for name, values in form.fields.items()}
    assert fields["kleur-accent"] == fields["kies-accent"] == "#123456"
    send(bea, **{**fields, "tokens": "--basis-color-accent: #123456", "kies-accent": "#654321", "doe": "bewaar"})
    assert look_of(db) == {ACCENT: "#654321"}, "a colour that was picked goes before what stood there"


def test_what_is_no_colour_comes_back_as_it_was_typed(bea: TestClient, db: Database) -> None:
    page = send(bea, **{**RED, "kleur-accent": "hemelsblauw", "was-accent": ""})
    assert page.status_code == 422
    assert "Hoofdkleur: Dit is geen kleur." in words(page.text)
    assert 'value="hemelsblauw"' in page.text
    assert 'href="#kleur-accent"' in page.text
    assert send(bea, **{**RED, "tokens": "niets"}).status_code == 422
    assert look_of(db) == {}


def test_who_comes_second_sees_what_the_first_did(bea: TestClient, db: Database) -> None:
    send(bea, **RED)
    answer = send(bea, **{**RED, "tokens": "--basis-color-accent: #0000ff"})
    assert answer.status_code == 409
    assert "Iemand was u voor" in words(answer.text)
    assert "--basis-color-accent: #0000ff" in answer.text
    assert look_of(db) == {ACCENT: "#ff0000"}
    fields = {name: values[-1] for name, values in Page(answer.text).form(HERE).fields.items()}
    send(bea, **{**fields, "tokens": "--basis-color-accent: #0000ff", "doe": "bewaar"})
    assert look_of(db) == {ACCENT: "#0000ff"}


def test_the_usual_look_comes_back(bea: TestClient, db: Database) -> None:
    send(bea, **RED)
    send(bea, **{**RED, "voor": pack({ACCENT: "#ff0000"}), "doe": "leeg"})
    assert look_of(db) == {}
    assert styles(bea) == []


def test_what_a_design_of_others_brought_is_read_again(bea: TestClient, db: Database) -> None:
    """A design file lets any token through that can't end a declaration."""
    hostile = {ACCENT: "expression(alert(1))", PAGE: "#fffffe", "x-y": "url(//evil.example)"}
    db.execute("UPDATE processes SET look = ? WHERE slug = 'bezuidenhout'", [json.dumps(hostile)])
    (href,) = styles(bea)
    assert "alert" not in bea.get(href).text
    assert "evil" not in bea.get(href).text


def test_packed_tokens_are_the_same_again() -> None:
    assert unpack(pack({ACCENT: "#123456"})) == {ACCENT: "#123456"}


# Logo


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (960, 200), colour).save(file, "PNG")
    return file.getvalue()


def upload(client: TestClient, data: bytes, alt: str = "Gemeente Den Haag", **more: str) -> Any:
    return send(client, "/logo", files={"logo": ("logo.png", data)}, alt=alt, **more)


def logo_on(client: TestClient) -> list[dict[str, str]]:
    return [img for img in Page(client.get("/bezuidenhout").text).all("img") if img.get("class") == "logo"]


def test_a_logo_stands_on_every_page_until_it_is_taken_away(bea: TestClient) -> None:
    assert upload(bea, png()).status_code == 303
    (logo,) = logo_on(bea)
    assert (logo["width"], logo["height"], logo["alt"]) == ("480", "100", "Gemeente Den Haag")
    image = bea.get(logo["src"])
    assert (image.headers["content-type"], image.content[:4]) == ("image/webp", b"RIFF")
    assert "immutable" in image.headers["cache-control"]
    send(bea, "/logo", doe="weg")
    assert logo_on(bea) == []
    assert "Zet het vorige logo terug" in words(bea.get(HERE).text)
    send(bea, "/logo", doe="terug")
    assert logo_on(bea) == [logo]


def test_the_text_of_a_logo_can_change_alone(bea: TestClient) -> None:
    upload(bea, png())
    send(bea, "/logo", alt="Den Haag")
    assert logo_on(bea)[0]["alt"] == "Den Haag"
    upload(bea, png("blue"), alt="Blauw")
    assert logo_on(bea)[0]["alt"] == "Blauw"


@pytest.mark.parametrize(
    ("data", "alt", "said"),
    [
        (b"<svg/>", "Logo", "Een SVG-bestand nemen we niet aan"),
        (b"niets", "Logo", "Dit bestand is geen afbeelding."),
        (png(), "", "Vul dit in."),
        (png(), "x" * 121, "Gebruik hoogstens 120 tekens."),
        (b"", "Logo", "Kies eerst een bestand."),
    ],
)
def test_what_can_be_no_logo_says_why(bea: TestClient, data: bytes, alt: str, said: str) -> None:
    answer = upload(bea, data, alt) if data else send(bea, "/logo", alt=alt)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert logo_on(bea) == []


def test_two_processes_have_the_same_logo(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, None, OLGA)
    for slug in ("bezuidenhout", "loosduinen"):
        answer = client.post(f"/beheer/{slug}/uiterlijk/logo", data={"alt": "Wij"}, files={"logo": ("l.png", png())})
        assert answer.status_code == 303
    assert logo_on(client)


# Blocks


def headings(client: TestClient, path: str = "/bezuidenhout") -> list[str]:
    page = client.get(path).text
    known = (
        "Waar gaat het over?",
        "Zo stemt u",
        "Zo tellen we",
        "Plannen",
        "Op de kaart",
        "Nieuws",
        "Wanneer gebeurt wat?",
        "Vragen?",
    )
    said = [text.split("</h2>")[0] for text in page.split("<h2>")[1:]]
    return [text for text in said if text in known][: -1 if page.count("<h2>Vragen?</h2>") else None]  # of the footer


def test_staff_choose_what_stands_on_the_front_page_and_in_which_order(bea: TestClient, db: Database) -> None:
    assert headings(bea) == [
        "Waar gaat het over?",
        "Zo stemt u",
        "Zo tellen we",
        "Plannen",
        "Wanneer gebeurt wat?",
        "Vragen?",
    ]
    answer = send(bea, "/blokken", **{"plek-plans": "1", "plek-about": "3", "plek-timeline": "2", "plek-news": ""})
    assert answer.headers["location"] == HERE + "?gedaan=blokken#blocks-part"
    assert reload(db).blocks == ("plans", "timeline", "about")
    assert headings(bea) == ["Plannen", "Wanneer gebeurt wat?", "Waar gaat het over?"]
    assert bea.get("/bezuidenhout").text.index("Dit kunt u nu doen") < bea.get("/bezuidenhout").text.index(
        "<h2>Plannen"
    )
    fields = Page(bea.get(HERE).text).form(HERE + "/blokken").fields
    assert {name: value for name, (value,) in fields.items() if value} == {
        "plek-plans": "1",
        "plek-timeline": "2",
        "plek-about": "3",
    }


@pytest.mark.parametrize("typed", [{}, {"plek-about": "een"}, {"plek-about": "9" * 30}])
def test_a_front_page_of_nothing_is_refused(bea: TestClient, db: Database, typed: dict[str, str]) -> None:
    assert send(bea, "/blokken", **typed).status_code == 422
    assert reload(db).blocks == ()


def test_every_block_that_was_chosen_says_so_when_it_is_empty(client: TestClient, db: Database) -> None:
    with writing(db):
        row = process_row("leeg") | {"area_id": processes.area(db, "Leeg"), "blocks": json.dumps([*reversed(BLOCKS)])}
        id_ = processes.insert(db, row)
        phases.insert(db, id_, [Phase("collect", NOW, CLOSES)])
    text = words(client.get("/leeg").text)
    for said in (
        "De uitleg over dit traject komt nog.",
        "In dit traject wordt niet gestemd.",
        "Er is dus niets te tellen.",
        "Er zijn nog geen plannen. Dien het eerste plan in",
        "Er staan nog geen plannen op de kaart.",
        "Er is nog geen nieuws.",
        "Contact Vraag het",
    ):
        assert said in text, said
    db.execute("UPDATE processes SET blocks = '[\"x\", \"../base\"]' WHERE slug = 'leeg'")
    assert client.get("/leeg").status_code == 200, "what is no block is passed over"


def test_news_shows_as_soon_as_it_is_told(client: TestClient, db: Database, process: Process) -> None:
    assert "Nieuws" not in headings(client)
    plan = process.plans[0]
    with writing(db):
        row = {"process_id": process.id, "plan_id": plan.id, "kind": "edited", "text": "", "at": phases.to_text(NOW)}
        database.insert(db, "news", row)
    assert f"De tekst van het plan “ {plan.title} ” is aangepast." in words(client.get("/bezuidenhout").text)


def test_every_template_of_a_block_is_one(client: TestClient) -> None:
    folder = Path(__file__).parent.parent / "templates" / "processes" / "blocks"
    assert {path.stem for path in folder.iterdir()} == {*BLOCKS, "opening", "facts"}
