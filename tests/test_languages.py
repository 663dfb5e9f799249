"""Two languages, both complete: by choice, else as the browser asks, else Dutch."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from litestar.testing import TestClient

from config.locales.update import extracted, path_of
from domain.processes import Process
from routes.languages import CODES, preferred
from tests.cast import AICHA, CLOSES
from tests.conftest import Clock, HandIn, Seal
from tests.pages import SITE_PAGES, Page, pages_of

ASKED = {
    "": "nl",
    "nl": "nl",
    "en": "en",
    "en-US,en;q=0.9,nl;q=0.8": "en",
    "nl-NL,nl;q=0.9,en;q=0.8": "nl",
    "de, en;q=0.3": "en",
    "de,fr": "nl",
    "EN-gb": "en",
    "nl;q=0.1, en;q=0.9": "en",
    "en;q=nonsense, nl;q=0.1": "nl",
    "*": "nl",
    ",;=,;q": "nl",
    "💚": "nl",
    "x," * 10_000 + "en": "nl",
}


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[:30])
def test_the_browser_asks_for_a_language(asked: str) -> None:
    assert preferred(asked) == ASKED[asked]


def language(client: TestClient, path: str = "/", **headers: str) -> str:
    return Page(client.get(path, headers=headers).text).all("html")[0]["lang"]


def test_a_page_is_in_the_language_asked_for(client: TestClient, process: Process) -> None:
    for path in (*SITE_PAGES, *pages_of(process), "/bestaat-niet"):
        assert language(client, path, **{"Accept-Language": "en-US,en;q=0.9"}) == "en", path
        assert language(client, path, **{"Accept-Language": "nl"}) == "nl", path


def test_what_the_visitor_chose_goes_before_what_the_browser_asks(client: TestClient, process: Process) -> None:
    form = Page(client.get("/bezuidenhout/plannen").text).form("/taal")
    answer = client.post(form.action, data={**form.fields, "taal": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/bezuidenhout/plannen")
    assert language(client, **{"Accept-Language": "nl"}) == "en"
    client.post("/taal", data={"taal": "nl"})
    assert language(client, **{"Accept-Language": "en"}) == "nl"


def test_a_language_we_do_not_have_is_dutch(client: TestClient) -> None:
    client.post("/taal", data={"taal": "../../etc/passwd"})
    assert client.cookies["taal"] == "nl"
    client.cookies.clear()
    client.cookies["taal"] = "xx"
    assert language(client) == "nl"


# Complete


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with path_of("en").open("rb") as file:
        return read_po(file, locale="en")


def test_every_text_has_its_english(catalogue: Catalog) -> None:
    missing = [message.id for message in extracted() if message.id and not translated(catalogue.get(message.id))]
    assert not missing


def translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def test_no_english_is_left_of_a_text_that_went(catalogue: Catalog) -> None:
    wanted = {str(message.id) for message in extracted()}
    assert not [message.id for message in catalogue if message.id and str(message.id) not in wanted]


def test_a_translation_names_what_the_text_names(catalogue: Catalog) -> None:
    """A name too many would be an error on the page, one too few a number that is missing."""
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        names = set().union(*map(placeholders, ids))
        for string in strings:
            if message.id and string:
                assert placeholders(string) <= names, message.id
        if message.id and all(strings):
            assert placeholders(strings[-1]) == placeholders(ids[-1]), message.id


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


def both(client: TestClient, path: str) -> Iterator[Page]:
    for code in CODES:
        yield Page(client.get(path, headers={"Accept-Language": code}).text)


def test_no_dutch_is_left_on_an_english_page(
    client: TestClient, process: Process, hand_in: HandIn, seal: Seal, clock: Clock, catalogue: Catalog
) -> None:
    """What both pages say is what residents wrote, marked as Dutch, or a word that is the same in both."""
    same = {message.id for message in catalogue if message.id and message.id == message.string}
    same |= {"Wijkbudget", "plan_…"}
    assert_english(
        client, [*SITE_PAGES, *pages_of(process), "/bestaat-niet", "/bezuidenhout/plannen?bedrag=0-1000"], same
    )
    client.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    assert_english(client, [*SITE_PAGES, *pages_of(process), "/bezuidenhout/stemmen/bevestiging"], same)
    client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank"))
    clock.now = CLOSES
    assert_english(client, pages_of(process), same)
    seal(process)
    assert_english(client, ["/", *pages_of(process)], same)


def assert_english(client: TestClient, paths: list[str], same: set[str]) -> None:
    for path in paths:
        dutch, english = both(client, path)
        in_dutch = {text for _, text in dutch.said}
        left = [text for lang, text in english.said if lang == "en" and text in in_dutch and is_text(text)]
        assert set(left) <= same, path


def is_text(text: str) -> bool:
    """Not an amount, a number, a sign or an address."""
    return bool(re.search(r"[^\W\d_]{2}", text)) and not re.fullmatch(r"\S+@\S+|[\w.]+/\S+|[a-z]+", text)
