"""Codes for the printer: once on paper, and after that only as keyed hashes."""

import csv
import re
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from domain import codes, roll
from domain.database import Database
from domain.processes import Process
from routes import letters
from tests.cast import AFTER, AICHA, NOW, OPENS
from tests.conftest import Seal
from tests.pages import Page, words

Issue = Any


@pytest.fixture
def issue(db: Database, secret: bytes, settings: Settings, process: Process, tmp_path: Path) -> Issue:
    """Draw codes into codes.csv and letters.html; returns the rows of the list."""

    def issue(number: int, slug: str = "bezuidenhout", area: str = "", now: Any = NOW) -> list[dict[str, str]]:
        files = tmp_path / "codes.csv", tmp_path / "letters.html"
        letters.issue(db, secret, settings, slug, number, area, *files, now)
        with files[0].open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return issue


def test_each_code_is_on_the_roll_and_unused(issue: Issue, db: Database, secret: bytes, process: Process) -> None:
    rows = issue(20)
    drawn = [codes.normal(row["code"], codes.CODE_LENGTH) for row in rows]
    assert len(set(drawn)) == 20
    assert all(roll.used(db, secret, process.id, code) is False for code in drawn)
    assert roll.turnout(db, process.id).issued == 6 + 20


def test_the_address_holds_the_code_where_no_log_sees_it(issue: Issue) -> None:
    for row in issue(3):
        before, _, fragment = row["url"].partition("#")
        assert before == "http://testserver.local/bezuidenhout/stemmen"
        assert fragment == row["code"]


def test_nothing_but_keyed_hashes_remains(issue: Issue, db: Database, settings: Settings) -> None:
    rows = issue(20)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    beside = settings.db.parent.glob(settings.db.name + "*")
    on_disk = b"".join(path.read_bytes() for path in beside)
    for row in rows:
        for spelled in (row["code"], row["code"].replace("-", ""), row["code"].lower()):
            assert spelled.encode() not in on_disk


def test_every_resident_gets_a_page_with_their_code_and_what_to_do(issue: Issue, tmp_path: Path) -> None:
    rows = issue(5)
    html = (tmp_path / "letters.html").read_text("utf-8")
    sheets = re.findall(r'<section class="letter">.*?</section>', html, re.DOTALL)
    assert len(sheets) == 5
    for row, sheet in zip(rows, sheets, strict=True):
        told = words(sheet)
        assert row["code"] in told
        assert "testserver.local/bezuidenhout/stemmen" in told
        assert "Bezuidenhout beslist" in told
        assert "Uw stem is geheim." in told
        assert len(Page(sheet).all("svg")) == 1
        assert not [other for other in rows if other is not row and other["code"] in sheet]


def test_a_letter_asks_nothing_of_another_site(issue: Issue, tmp_path: Path) -> None:
    issue(1)
    page = Page((tmp_path / "letters.html").read_text("utf-8"))
    assert not [tag for tag in page.tags if {"src", "href", "srcset"} & tag.attrs.keys()]
    assert "url(" not in (tmp_path / "letters.html").read_text("utf-8")


def test_the_qr_code_is_another_one_for_each_letter(issue: Issue, tmp_path: Path) -> None:
    issue(4)
    drawings = re.findall(r"<svg.*?</svg>", (tmp_path / "letters.html").read_text("utf-8"), re.DOTALL)
    assert len(set(drawings)) == 4
    assert letters.draw_qr("http://testserver.local/#K7QM3") == letters.draw_qr("http://testserver.local/#K7QM3")


def test_many_letters_are_drawn_on_every_core_in_the_right_order(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = [f"http://testserver.local/#{number}" for number in range(12)]
    monkeypatch.setattr(letters, "MANY", 10)
    monkeypatch.setattr(letters, "ProcessPoolExecutor", lambda: ProcessPoolExecutor(2))
    with letters.drawings(urls) as drawn:
        assert list(drawn) == [letters.draw_qr(url) for url in urls]


def test_the_files_are_for_one_pair_of_eyes(issue: Issue, tmp_path: Path) -> None:
    issue(1)
    for name in ("codes.csv", "letters.html"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_what_is_there_is_never_overwritten(issue: Issue, tmp_path: Path, db: Database, process: Process) -> None:
    for name in ("codes.csv", "letters.html"):
        (tmp_path / name).write_text("de brieven van vorig jaar")
        with pytest.raises(letters.Refused, match="exists already"):
            issue(5)
        assert (tmp_path / name).read_text() == "de brieven van vorig jaar"
        assert roll.turnout(db, process.id).issued == 6
        assert [path.name for path in tmp_path.glob("*.csv")] == (["codes.csv"] if name == "codes.csv" else [])
        (tmp_path / name).unlink()


def test_a_disk_that_is_full_leaves_no_codes_and_no_files(
    issue: Issue, tmp_path: Path, db: Database, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(letters, "write_letters", full)
    with pytest.raises(OSError, match="No space left"):
        issue(5)
    assert not (tmp_path / "codes.csv").exists()
    assert not (tmp_path / "letters.html").exists()
    assert roll.turnout(db, process.id).issued == 6


def test_codes_go_to_a_neighbourhood(issue: Issue, db: Database, process: Process) -> None:
    assert {row["area"] for row in issue(4, area="Bezuidenhout-West 🌳")} == {"Bezuidenhout-West 🌳"}
    names = dict(db.execute("SELECT id, name FROM areas").fetchall())
    issued = {names.get(area_id): number for area_id, number in roll.issued_by_area(db, process.id).items()}
    assert issued == {None: 6, "Bezuidenhout-West 🌳": 4}


def test_letters_may_go_out_before_the_vote_opens(issue: Issue) -> None:
    assert len(issue(2, now=OPENS.replace(month=1))) == 2


def test_nobody_gets_a_code_for_a_vote_that_is_over_or_is_not_there(
    issue: Issue, process: Process, db: Database, tmp_path: Path, seal: Seal
) -> None:
    with pytest.raises(letters.Refused, match="There is no process “scheveningen”"):
        issue(1, "scheveningen")
    with pytest.raises(letters.Refused, match="is closed"):
        issue(1, now=AFTER)
    seal(process)
    with pytest.raises(letters.Refused, match="is closed"):
        issue(1)
    db.execute("DELETE FROM phases")
    with pytest.raises(letters.Refused, match="has no vote"):
        issue(1)
    assert not (tmp_path / "codes.csv").exists()


def test_aichas_letter_is_the_code_she_types(issue: Issue) -> None:
    """Groups of five with dashes, which typing may leave out."""
    assert codes.normal(AICHA.letter.replace("-", " ").lower(), codes.CODE_LENGTH) == AICHA.code
    assert re.fullmatch(r"[2-9A-Y]{5}-[2-9A-Y]{5}-[2-9A-Y]{4}", issue(1)[0]["code"])


def test_an_area_that_a_spreadsheet_would_take_for_a_formula_is_refused(issue: Issue, db: Database) -> None:
    with pytest.raises(letters.Refused, match="formula"):
        issue(1, area='=cmd|"/c calc"!A1')
    assert db.execute("SELECT count(*) FROM areas WHERE name LIKE '=%'").fetchone()[0] == 0
