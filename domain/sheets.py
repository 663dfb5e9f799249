"""Tables for spreadsheets: lists as CSV and XLSX, out and back in.

Numbers stand in a CSV, and in what is read, with a decimal comma: that is how Dutch Excel writes and reads them.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

Value = str | int | float | Decimal | None
Row = Mapping[str, Value]

MOST_ROWS = 5_000
MOST_COLUMNS = 60
MOST_UNPACKED = 30_000_000  # bytes of XML in an XLSX; as text in memory it takes some times that
MOST_ENTRIES = 1_000  # files in an XLSX

# What a spreadsheet may take for a formula: a title of a stranger must not compute anything on a desk of the staff.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML knows no such characters


class Unreadable(Exception):
    """The file can't be read as a table. `kind`: not_a_table, encoding, broken, too_large, too_many_rows,
    too_many_columns, no_columns, same_column or too_many_cells; `row` as the spreadsheet counts, where it is one row.
    """

    def __init__(self, kind: str, row: int | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.row = row


def write_csv(rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """A first row with the names of the columns, then these columns of every row.

    With semicolons and a byte order mark: what Excel in the Netherlands opens in columns, and as UTF-8, by a double
    click. (With commas it puts everything in one column.) What looks like a formula gets an apostrophe before it.
    """
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow([disarmed(name) for name in columns])
    writer.writerows([disarmed(row.get(name)) for name in columns] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def disarmed(value: Value) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.lstrip("'").startswith(FORMULA) else value
    return shown(value)


def armed(text: str) -> str:
    """What `disarmed` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def shown(value: Any) -> str:
    """A value of a cell as text. A whole number has no decimals, whatever Excel stores."""
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nee"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float() | Decimal():
            return str(value).replace(".", ",")
        case datetime() if not (value.hour or value.minute or value.second):
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
    return str(value)


def write_xlsx(rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """The same table as `write_csv` makes. Text stays text, also where it looks like a formula."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append([cell(sheet, name) for name in columns])
    for row in rows:
        sheet.append([cell(sheet, row.get(name)) for name in columns])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cell(sheet: Any, value: Value) -> Any:
    if not isinstance(value, str):
        return value
    made = WriteOnlyCell(sheet, CONTROL.sub("", value))
    made.data_type = "s"
    made.quotePrefix = value.startswith(FORMULA)  # and it stays text when somebody edits the cell
    return made


def read(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV or of the first sheet of an XLSX, by the names in its first row. Raises Unreadable.

    Which of the two it is follows from the bytes. Item n of the list is row n + 2 of the sheet: an empty row in
    between is there, with empty values. May take a second; blocks.
    """
    cells = xlsx_cells(data) if data.startswith(b"PK\x03\x04") else csv_cells(data)
    names = column_names(next(cells, []))
    rows = [named(names, values, number) for number, values in enumerate(cells, start=2)]
    while rows and not any(rows[-1].values()):
        rows.pop()
    if len(rows) > MOST_ROWS:
        raise Unreadable("too_many_rows")
    return rows


def letters(data: bytes) -> dict[str, str]:
    """The letter over each column, by its name, as the spreadsheet shows it. Of what `read` can read."""
    cells = xlsx_cells(data) if data.startswith(b"PK\x03\x04") else csv_cells(data)
    names = column_names(next(cells, []))
    return {name: get_column_letter(number) for number, name in enumerate(names, 1) if name}


def column_names(first: list[str]) -> list[str]:
    names = without_empty_end(first)
    if not any(names):
        raise Unreadable("no_columns", 1)
    if len(names) > MOST_COLUMNS:
        raise Unreadable("too_many_columns", 1)
    if len(set(filter(None, names))) < len(list(filter(None, names))):
        raise Unreadable("same_column", 1)
    return names


def named(names: list[str], values: list[str], number: int) -> dict[str, str]:
    values = without_empty_end(values)
    if len(values) > len(names):
        raise Unreadable("too_many_cells", number)
    values += [""] * (len(names) - len(values))
    return {name: value for name, value in zip(names, values, strict=True) if name}


def without_empty_end(values: list[str]) -> list[str]:
    kept = [value.strip() for value in values]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def csv_cells(data: bytes) -> Iterator[list[str]]:
    text = decoded(data)
    if text.lower().startswith("sep="):  # how some tell Excel which separator follows
        text = text.partition("\n")[2]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        for number, values in enumerate(reader):
            if number > MOST_ROWS * 2:
                raise Unreadable("too_many_rows")
            yield [armed(value) for value in values]
    except csv.Error as error:
        raise Unreadable("broken", reader.line_num) from error


def decoded(data: bytes) -> str:
    """Raises Unreadable: the encodings are those in which Excel saves."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data:
        raise Unreadable("not_a_table")
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding")


def delimiter_of(text: str) -> str:
    """The one of which the first line has most, outside of quotes."""
    first = re.sub(r'"[^"]*"', "", text[:100_000]).lstrip("\r\n").partition("\n")[0]
    return max(";,\t", key=first.count)


def xlsx_cells(data: bytes) -> Iterator[list[str]]:
    refuse_bomb(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its size need not be so
        for values in sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True):
            yield [shown(value) for value in values]
    except Exception as error:  # a reader of some 30,000 lines fails in as many ways
        raise Unreadable("broken") from error


STYLE = ("xl/styles.xml", "xl/workbook.xml")  # openpyxl makes objects of all that stands in these
MOST_OF_STYLE = 2_000_000  # bytes


def refuse_bomb(data: bytes, most: int = MOST_UNPACKED) -> None:
    """Raises Unreadable for a zip that unpacks to more than a table takes, or that is no XLSX.

    More than it says of itself is never unpacked: zipfile stops there.
    """
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Unreadable("broken") from error
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Unreadable("not_a_table")
    if any(entry.file_size > MOST_OF_STYLE for entry in entries if entry.filename in STYLE):
        raise Unreadable("too_large")
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > most:
        raise Unreadable("too_large")
