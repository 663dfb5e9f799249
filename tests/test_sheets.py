"""Tables for spreadsheets: what goes out comes back the same, computes nothing, and a wrong file is told so."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import sheets
from domain.sheets import Unreadable, read, write_csv, write_xlsx

COLUMNS = ["nummer", "titel", "kosten"]
ROWS = [
    {"nummer": 1, "titel": "Bankjes 🌳 onder “de” bomen; ook, nieuwe", "kosten": Decimal("1500.50")},
    {"nummer": 2, "titel": 'Twee regels\nen "een" citaat', "kosten": 7000},
    {"nummer": 3, "titel": "שכונה ביחד", "kosten": None, "anders": "hoort er niet in"},
]
READ = [
    {"nummer": "1", "titel": "Bankjes 🌳 onder “de” bomen; ook, nieuwe", "kosten": "1500,50"},
    {"nummer": "2", "titel": 'Twee regels\nen "een" citaat', "kosten": "7000"},
    {"nummer": "3", "titel": "שכונה ביחד", "kosten": ""},
]


def unreadable(data: bytes) -> tuple[str, int | None]:
    with pytest.raises(Unreadable) as error:
        read(data)
    return error.value.kind, error.value.row


def test_what_goes_out_as_csv_comes_back_the_same():
    assert read(write_csv(ROWS, COLUMNS)) == READ


def test_what_goes_out_as_xlsx_comes_back_the_same():
    assert read(write_xlsx(ROWS, COLUMNS)) == [{**READ[0], "kosten": "1500,5"}, *READ[1:]]


def test_csv_is_what_excel_in_the_netherlands_opens_by_a_double_click():
    assert write_csv(ROWS[1:2], ["nummer", "kosten"]) == b"\xef\xbb\xbfnummer;kosten\r\n2;7000\r\n"


FORMULAS = [
    "=1+1",
    '=HYPERLINK("https://example.org/?"&A1;"klik")',
    "=cmd|' /C calc'!A0",
    "+31 70 123 45 67",
    "-2",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "'=1+1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_in_a_csv_nothing_a_resident_typed_is_a_formula(text):
    data = write_csv([{"titel": text}], ["titel"]).decode("utf-8-sig")
    cell = data.split("\r\n", 1)[1].lstrip('"')
    assert cell.startswith("'")


@pytest.mark.parametrize("text", FORMULAS)
def test_in_an_xlsx_nothing_a_resident_typed_is_a_formula(text):
    data = write_xlsx([{"titel": text, text: text}], ["titel", text])
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "inlineStr"}
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), max_size=30).map(
    str.strip
)


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_any_text_comes_back_as_it_was(pairs):
    rows = [{"a": a, "b": b} for a, b in pairs]
    filled = list(rows)
    while filled and not any(filled[-1].values()):
        filled.pop()
    assert read(write_csv(rows, ["a", "b"])) == filled
    assert read(write_xlsx(rows, ["a", "b"])) == filled


def test_characters_that_xml_does_not_know_are_left_out():
    assert read(write_xlsx([{"a": "x\x00\x0by"}], ["a"])) == [{"a": "xy"}]


@pytest.mark.parametrize(
    "data",
    [
        "titel;kosten\nCafé;5\n".encode(),
        "titel,kosten\r\nCafé,5\r\n".encode("utf-8-sig"),
        "titel;kosten\nCafé;5".encode("cp1252"),
        "titel\tkosten\nCafé\t5\n".encode("utf-16"),
        'sep=,\r\n"titel",kosten\r\nCafé,"5"\r\n'.encode(),
        "titel;kosten;;\n Café ; 5;;\n;;\n".encode(),
    ],
)
def test_a_csv_as_others_save_it(data):
    assert read(data) == [{"titel": "Café", "kosten": "5"}]


def test_a_separator_between_quotes_does_not_count():
    assert read(b'"a, b, c";d\n1;2\n') == [{"a, b, c": "1", "d": "2"}]


def test_an_empty_row_in_between_keeps_its_number():
    assert read(b"a;b\n1;2\n;\n3;4\n\n") == [{"a": "1", "b": "2"}, {"a": "", "b": ""}, {"a": "3", "b": "4"}]


def table(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_of_an_xlsx_the_first_sheet_is_read_dates_and_numbers_as_text():
    data = table(["a", "b", "c", "d", "e"], [1.0, 2.5, date(2026, 5, 1), datetime(2026, 5, 1, 9, 30), True])
    assert read(data) == [{"a": "1", "b": "2,5", "c": "2026-05-01", "d": "2026-05-01T09:30:00", "e": "ja"}]


@pytest.mark.parametrize(
    ("data", "kind", "row"),
    [
        (b"", "no_columns", 1),
        (b"\n\n", "no_columns", 1),
        (b"a;a\n1;2\n", "same_column", 1),
        (b"a;b\n1;2\n1;2;3\n", "too_many_cells", 3),
        (";".join(map(str, range(61))).encode(), "too_many_columns", 1),
        (b"a\n" + b"1\n" * 5001, "too_many_rows", None),
        (b"a\n" + b"\n" * 20_000, "too_many_rows", None),
        (b"a\n\x81\x8d", "encoding", None),
        (b"a\0b", "not_a_table", None),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_table", None),
        (b"a\n" + b"x" * 200_000, "broken", 2),
        (b"PK\x03\x04", "broken", None),
        (table(["a"], [1])[:-100], "broken", None),
        (table(["a"], *[[1]] * 5001), "too_many_rows", None),
        (table(list(range(61))), "too_many_columns", 1),
        (table(["a"], [1, 2]), "too_many_cells", 2),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong_with_it(data, kind, row):
    assert unreadable(data) == (kind, row)


def test_five_thousand_rows_and_sixty_columns_may_be():
    assert len(read(b"a\n" + b"1\n" * 5000)) == 5000
    assert len(read(table(list(range(60)), list(range(60))))[0]) == 60


def changed(name: str, content: bytes) -> bytes:
    """An XLSX with something else in one of its files."""
    source, file = zipfile.ZipFile(io.BytesIO(table(["a"], [1]))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.namelist():
            if entry != name:
                made.writestr(entry, source.read(entry))
        made.writestr(name, content)
    return file.getvalue()


def test_a_small_file_that_unpacks_to_a_large_one_is_refused():
    bomb = changed("xl/worksheets/sheet1.xml", b" " * (sheets.MOST_UNPACKED + 1))
    assert len(bomb) < 100_000
    assert unreadable(bomb) == ("too_large", None)
    assert unreadable(changed("nog een", b" " * (sheets.MOST_UNPACKED + 1))) == ("too_large", None)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">
<c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"""
OF_THE_SERVER = BOMB.replace(b'"aaaaaaaaaa"', b'SYSTEM "file:///etc/hostname"')


@pytest.mark.parametrize("sheet", [BOMB, OF_THE_SERVER])
def test_xml_that_unfolds_or_reads_files_of_the_server_is_refused(sheet):
    assert unreadable(changed("xl/worksheets/sheet1.xml", sheet)) == ("broken", None)


def test_a_sheet_that_says_it_is_huge_is_not_believed():
    sheet = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
    <dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>
    <row r="2"><c r="A2"><v>5</v></c></row></sheetData></worksheet>"""
    assert read(changed("xl/worksheets/sheet1.xml", sheet)) == [{"a": "5"}]
    assert read(changed("xl/worksheets/sheet1.xml", sheet.replace(b'"A2"', b'"XFC2"'))) == []
    far = sheet.replace(b'r="2"', b'r="1048576"').replace(b'"A2"', b'"A1048576"')
    assert read(changed("xl/worksheets/sheet1.xml", far)) == []


def test_a_zip_of_something_else_is_no_table():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", "<x/>")
    assert unreadable(file.getvalue()) == ("not_a_table", None)
