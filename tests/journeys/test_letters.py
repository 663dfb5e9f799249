"""The letter with a stemcode: on paper, and what a phone does with its QR code."""

import json
import re

import segno
from playwright.sync_api import Browser, Page, expect

from domain import codes
from tests.journeys.conftest import Demo, Watch
from tests.journeys.steps import MUSIC, choose, expect_counted, hand_in

# Every QR code as it is drawn, back to its modules: true is dark.
MODULES = """async () => {
  const read = async (svg) => {
    const size = svg.viewBox.baseVal.width, scale = 4;
    const copy = svg.cloneNode(true);
    copy.setAttribute("width", size * scale);
    copy.setAttribute("height", size * scale);
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: size * scale, height: size * scale });
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0);
    const dark = (x, y) => paper.getImageData((x + .5) * scale, (y + .5) * scale, 1, 1).data[0] < 128;
    const inside = [...Array(size - 4).keys()].map((n) => n + 2);
    return inside.map((y) => inside.map((x) => dark(x, y)));
  };
  return Promise.all([...document.querySelectorAll(".qr svg")].slice(0, 5).map(read));
}"""


def test_a_letter_is_one_page_and_its_qr_code_is_its_address(chromium: Browser, demo: Demo) -> None:
    page = chromium.new_page()
    page.goto(demo.letters.as_uri())
    printed = page.locator(".letter").all_inner_texts()
    drawn = page.evaluate(MODULES)
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    page.close()
    assert pages == len(printed) == len(demo.letter_urls) == 40
    for url, text, modules in zip(demo.letter_urls, printed, drawn, strict=False):
        address, _, code = url.partition("#")
        assert code in text
        assert address.removeprefix("http://") in text
        qr = segno.make(url, error="m", micro=False, mask=2)
        assert [[bool(module) for module in row] for row in qr.matrix] == modules
    assert len(drawn) == 5


def test_the_code_of_a_scanned_letter_is_taken_over_and_stands_nowhere(
    phone: Page, demo: Demo, code: str, watch: Watch
) -> None:
    phone.goto(demo(f"stemmen#{code}"))
    expect(phone.locator("main")).to_contain_text("Stemcode ingevuld")
    choose(phone, MUSIC)
    kept = phone.evaluate("[location.href, history.state, {...localStorage}, {...sessionStorage}, document.cookie]")
    places = [phone.content(), json.dumps(kept), *(url for url in watch.urls if "#" not in url)]
    phone.go_back()
    places.append(phone.url)
    phone.go_forward()
    hand_in(phone)
    expect_counted(phone)
    places.append(phone.content())
    for secret in (code, codes.normal(code, codes.CODE_LENGTH)):
        assert [place[:300] for place in places if secret in place] == []


def test_scanning_another_letter_takes_its_code(phone: Page, demo: Demo, code: str) -> None:
    phone.goto(demo(f"stemmen#{code}"))
    expect(phone.locator("main")).to_contain_text("Stemcode ingevuld")
    phone.goto(demo(f"stemmen#{next(demo.codes)}"))
    expect(phone.locator("main")).to_contain_text("Stemcode ingevuld")
    assert "#" not in phone.url


def test_a_result_is_printed_whole_and_without_bar_or_buttons(phone: Page, demo: Demo) -> None:
    phone.goto(demo("stemmen"))
    choose(phone, MUSIC)
    phone.goto(demo(f"/{demo.finished}/uitslag"))
    phone.emulate_media(media="print")
    expect(phone.get_by_text("E-Hagenaar").first).to_be_visible()
    expect(phone.get_by_role("table").first).to_be_visible()
    assert phone.locator(".button:visible, .reminder:visible, .header nav:visible").all_inner_texts() == []

    phone.goto(demo("stemmen"))
    expect(phone.get_by_role("heading", name=MUSIC)).to_be_visible()
    assert phone.locator("button:visible:not(.unseen)").all_inner_texts() == []
    assert phone.locator(".ballot-bar").evaluate("bar => getComputedStyle(bar).position") == "static"
