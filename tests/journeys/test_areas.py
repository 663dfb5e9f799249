"""The owner of a site reads in the areas of a municipality in a real browser, with files as CBS and PDOK give them."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import towns
from tests.journeys.conftest import Demo, Visitor, Watch
from tests.journeys.steps import heading
from tests.journeys.test_assessment import forget_refusals, looked_at
from tests.journeys.test_from_idea_to_result import sign_in

DESK = {"width": 1280, "height": 800}
EACH = pytest.mark.parametrize(
    ("scripts", "town"), [(True, b"9001"), (False, b"9005")], ids=["with JavaScript", "without JavaScript"]
)


def choose_file(page: Page, demo: Demo, file: Path, town: str) -> None:
    page.goto(demo("/beheer/wijken"))
    page.get_by_role("link", name="Lees een bestand in").first.click()
    page.get_by_label("Bestand").set_input_files(file)
    page.get_by_label("Gemeente").fill(town)
    page.get_by_role("button", name="Bekijk wat er gaat gebeuren").click()


@EACH
def test_boundaries_and_figures_are_read_in_and_drawn(
    visitor: Visitor, watch: Watch, demo: Demo, tmp_path: Path, scripts: bool, town: bytes
) -> None:
    """Each time a municipality of its own; a file that doesn't fit comes first."""
    code = f"GM{town.decode()}"
    boundaries, figures, wrong = tmp_path / "buurten.json", tmp_path / "kwb-2024.csv", tmp_path / "haven.csv"
    boundaries.write_bytes(towns.broekdam().replace(b"9001", town))
    figures.write_bytes(towns.kwb_csv().replace(b"9001", town))
    wrong.write_bytes(b"naam;inwoners\r\nHaven;500")
    page = visitor(viewport=DESK, java_script_enabled=scripts)
    sign_in(page, demo)

    choose_file(page, demo, wrong, code)
    expect(page.get_by_role("alert")).to_contain_text("Er is niets ingelezen")
    expect(page.get_by_label("Gemeente")).to_have_value(code)
    for file in (boundaries, figures):
        choose_file(page, demo, file, code)
        expect(heading(page)).to_have_text("Wat het bestand gaat doen")
        assert not scripts or looked_at(page) == []
        page.get_by_role("button", name="Lees dit in").click()
        expect(page.get_by_role("status")).to_contain_text("Het bestand is ingelezen.")
    choose_file(page, demo, boundaries, code)
    expect(page.get_by_text("Alles in dit bestand staat hier al.")).to_be_visible()

    page.goto(demo("/beheer/wijken"))
    haven = page.get_by_role("row", name=f"BU{town.decode()}0001")
    expect(haven).to_contain_text("500")
    haven.get_by_role("link", name="Haven").click()
    expect(heading(page)).to_contain_text("Haven")
    assert not scripts or looked_at(page) == []
    forget_refusals(watch)
