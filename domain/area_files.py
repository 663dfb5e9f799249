"""Files of areas, as CBS and PDOK publish them: boundaries (GeoJSON) and figures (CSV or XLSX).

Read by a child process with limits: a file of 40 MB unfolds to ten times that, and would hold up the server meanwhile.
Codes tell what lies in what: BU00140102 lies in WK001401, that in GM0014.
"""

import contextlib
import csv
import io
import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum

from domain import maps, sheets
from domain.area_figures import FIGURES, NEEDED, figure_of, plain
from domain.areas import CODE, LONGEST_NAME, PREFIXES, level_of
from domain.maps import NotABoundary, Shape
from domain.search import fold
from domain.sheets import Unreadable

LARGEST = 40_000_000  # bytes
MOST_AREAS = 2_000  # of one municipality; the largest has some 600
MOST_POINTS = 200_000  # of one area, before it is simplified
MOST_ROWS, MOST_COLUMNS = 40_000, 400  # of a table: all of the country, and all that CBS knows of it
MOST_UNPACKED = 400_000_000  # bytes of XML in an XLSX, as it says itself; what it doesn't say meets MOST_MEMORY
MOST_FLAWS = 20  # that are told at once
MOST_NAMED = 10  # municipalities of a file that holds many
HEADER_WITHIN = 20  # rows: StatLine puts the title of the table above the names of its columns
MISSING = {"", ".", "-", "x", "X", "–"}  # how CBS writes that a figure is secret, unknown or can't be
LEAST = -99_990  # -99997 and -99999999 mean the same
YEARS = range(1990, 2101)
MOST_MEMORY = 1_500_000_000  # bytes of address space of the child
MOST_SECONDS = 90  # of the processor
PATIENCE = 180.0  # seconds


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the file, or what it lacks. `where`: the code, column, figure or names it is about; `line` as
    the spreadsheet counts, or the how-manieth feature; `number` how many, or the most there may be."""

    kind: str
    where: str = ""
    line: int | None = None
    number: int | None = None


class FlawedAreaFile(Exception):
    """Nothing can be read in. `flaws` says why; never empty."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__(", ".join(f"{flaw.kind} {flaw.where} {flaw.line or ''}".strip() for flaw in flaws))
        self.flaws = flaws


@dataclass(frozen=True, slots=True)
class Found:
    """An area of the file. `implied`: only its code is in there, as that of something in it."""

    code: str
    level: str
    name: str = ""
    boundary: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    implied: bool = False


@dataclass(frozen=True, slots=True)
class AreaFile:
    """What a file holds of one municipality. `kind`: boundaries or figures. `year`: of the figures; 0 if it has none.
    `notes`: what it lacks, although it can be read in."""

    kind: str
    municipality: str
    year: int
    areas: tuple[Found, ...]
    notes: tuple[Flaw, ...] = ()


def parent_code(code: str) -> str:
    """That of the wijk of a buurt, or of the municipality of a wijk; empty for a municipality."""
    return {"BU": f"WK{code[2:8]}", "WK": f"GM{code[2:6]}"}.get(code[:2], "")


def municipality_of(code: str) -> str:
    return f"GM{code[2:6]}"


SYNONYMS = {"den haag": "'s-gravenhage", "den bosch": "'s-hertogenbosch"}


def same_name(one: str, other: str) -> bool:
    """Whether two names are of the same area: “Wijk 26 Bezuidenhout” is Bezuidenhout, and 's-Gravenhage Den Haag."""
    return bare_name(one) == bare_name(other)


def bare_name(name: str) -> str:
    bare = fold(re.sub(r"^Wijk [0-9A-Z]{1,3}:? +(?=\S)", "", name.strip(), flags=re.IGNORECASE)).strip()
    return SYNONYMS.get(bare, bare)


def read(data: bytes, filename: str = "", municipality: str = "", year: int = 0) -> AreaFile:
    """What the file holds of that municipality (its name or GM code; empty if the file holds one only).

    `year` counts for figures where the file doesn't say of which year they are. Takes seconds for a large file; blocks.
    Raises FlawedAreaFile.
    """
    if len(data) > LARGEST:
        raise FlawedAreaFile(Flaw("too_large", number=LARGEST // 1_000_000))
    if not data.strip():
        raise FlawedAreaFile(Flaw("empty"))
    start = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return boundaries(data, municipality, year)
    return figures(data, filename, municipality, year)


# Boundaries


CODES = {"buurt": ("buurtcode", "bucode"), "wijk": ("wijkcode", "wkcode"), "municipality": ("gemeentecode", "gmcode")}
NAMES = {"buurt": ("buurtnaam", "bunaam"), "wijk": ("wijknaam", "wknaam"), "municipality": ("gemeentenaam", "gmnaam")}
WATER = ("water", "h2o")  # JA, or B for water outside: it has the code of the area it borders on


@dataclass(slots=True)
class Feature:
    """One of the features, with its properties by name in lower case without punctuation."""

    number: int
    code: str
    level: str
    properties: Mapping[str, Any]
    figures: Mapping[str, tuple[str, Any]]  # by figure: its unit, and the value as it stands there
    geometry: Any

    def name_of(self, level: str) -> str:
        names = (*NAMES[level], "statnaam") if level == self.level else NAMES[level]
        return next((cleaned(self.properties[name]) for name in names if self.properties.get(name)), "")


def cleaned(name: Any) -> str:
    return " ".join(str(name).split())[:LONGEST_NAME]


def boundaries(data: bytes, municipality: str, year: int) -> AreaFile:
    document = decoded(data)
    listed = [*features_of(document)]
    if not listed:
        raise FlawedAreaFile(Flaw("no_codes", ", ".join(properties_of(document))))
    chosen_code = chosen(municipality, names_of_municipalities(listed))
    mine = [feature for feature in listed if municipality_of(feature.code) == chosen_code]
    dry = [feature for feature in mine if not is_water(feature)]
    notes = [*left_out(document)]
    if len(dry) < len(mine):
        notes.append(Flaw("water", number=len(mine) - len(dry)))
    areas = [*shaped(dry, notes)]
    found_year = next((y for y in map(year_of, dry) if y), year)
    if any(area.figures for area in areas) and not found_year:
        areas = [replace(area, figures={}) for area in areas]
        notes.append(Flaw("no_year"))
    return AreaFile("boundaries", chosen_code, found_year, with_parents(areas, dry), tuple(notes[:MOST_FLAWS]))


def decoded(data: bytes) -> Any:
    try:
        document = json.loads(data.decode("utf-8-sig"))
        maps.refuse_other_system(document)
    except NotABoundary as refused:
        raise FlawedAreaFile(Flaw(refused.kind)) from refused
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise FlawedAreaFile(Flaw("not_geojson")) from error
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise FlawedAreaFile(Flaw("not_geojson"))
    return document


def features_of(document: Mapping[str, Any]) -> Iterator[Feature]:
    """Those that have a code of CBS."""
    for number, feature in enumerate(document["features"], 1):
        given = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(given, dict):
            continue
        properties = {plain(name)[0]: value for name, value in given.items()}
        code, level = code_in(properties)
        if code:
            figures = {}
            for name, value in given.items():
                if (known := figure_of(name)) and known[0] not in figures:
                    figures[known[0]] = (known[1], value)
            yield Feature(number, code, level, properties, figures, feature.get("geometry"))


def code_in(properties: Mapping[str, Any]) -> tuple[str, str]:
    """The code of the smallest area that it names, and its level; two empty texts if there is none."""
    for level, names in CODES.items():
        for name in names:
            if code := code_from(properties.get(name), PREFIXES[level]):
                return code, level
    if code := code_from(properties.get("statcode")):
        return code, level_of(code)
    return "", ""


def code_from(value: Any, prefix: str = "") -> str:
    """The code, in capitals, with the prefix where it lacks one; empty for what is none (of that prefix)."""
    text = str(value if value is not None else "").strip().upper()
    if prefix and CODE.fullmatch(prefix + text):
        text = prefix + text
    return text if CODE.fullmatch(text) and text.startswith(prefix) else ""


def properties_of(document: Mapping[str, Any]) -> list[str]:
    """The names of the properties of the first feature, to show what the file does have."""
    given = (feature.get("properties") for feature in document["features"] if isinstance(feature, dict))
    first: dict[str, Any] = next((properties for properties in given if isinstance(properties, dict)), {})
    return [name[:40] for name in list(first)[:12]]


def names_of_municipalities(listed: Iterable[Feature]) -> dict[str, str]:
    names: dict[str, str] = {}
    for feature in listed:
        code = municipality_of(feature.code)
        names[code] = names.get(code) or feature.name_of("municipality")
    return names


def chosen(wanted: str, names: Mapping[str, str]) -> str:
    """The GM code that is meant, of those in the file and what they are called. Raises FlawedAreaFile."""
    wanted = wanted.strip()
    if not wanted and len(names) == 1:
        return next(iter(names))
    listed = ", ".join(sorted(name or code for code, name in names.items())[:MOST_NAMED])
    if not wanted:
        raise FlawedAreaFile(Flaw("many_municipalities", listed, number=len(names)))
    if wanted.upper() in names:
        return wanted.upper()
    found = [code for code, name in names.items() if name and same_name(name, wanted)]
    if found:
        return found[0]
    if not any(names.values()) and not CODE.fullmatch(wanted.upper()):
        if len(names) == 1:
            return next(iter(names))
        raise FlawedAreaFile(Flaw("municipality_by_code", ", ".join(sorted(names)[:MOST_NAMED])))
    raise FlawedAreaFile(Flaw("no_such_municipality", listed, number=len(names)))


def is_water(feature: Feature) -> bool:
    return any(str(feature.properties.get(name) or "").strip().upper() in ("JA", "B") for name in WATER)


def year_of(feature: Feature) -> int:
    for text in (feature.properties.get("jaar"), str(feature.properties.get("jrstatcode") or "")[:4]):
        if str(text).isascii() and str(text).isdigit() and int(str(text)) in YEARS:
            return int(str(text))
    return 0


def left_out(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """A service gives a thousand at a time, and says how many there are."""
    for name in ("numberMatched", "totalFeatures"):
        total = document.get(name)
        if isinstance(total, int) and total > len(document["features"]):
            yield Flaw("only_a_part", number=total - len(document["features"]))
            return


def shaped(listed: Sequence[Feature], notes: list[Flaw]) -> Iterator[Found]:
    """The areas of these features: those with one code are one area."""
    together: dict[str, list[Feature]] = {}
    for feature in listed:
        together.setdefault(feature.code, []).append(feature)
    if len(together) > MOST_AREAS:
        raise FlawedAreaFile(Flaw("too_many_areas", number=MOST_AREAS))
    for code, parts in together.items():
        first = parts[0]
        figures = in_people({name: number_in(value, unit) for name, (unit, value) in first.figures.items()}, first)
        yield Found(code, first.level, first.name_of(first.level), boundary_of(parts, notes), figures)


def number_in(value: Any, unit: str) -> float | None:
    try:
        return number("" if value is None else str(value), unit)
    except ValueError:
        return None


def in_people(values: Mapping[str, float | None], feature: Feature) -> dict[str, float]:
    return people({name: (feature.figures[name][0], value) for name, value in values.items() if value is not None})


def boundary_of(parts: Iterable[Feature], notes: list[Flaw]) -> str:
    """The boundary of one area, or the empty text and a note. Raises FlawedAreaFile where nothing in the file can be
    right: its coordinates are in metres."""
    shapes: list[Shape] = []
    for part in parts:
        try:
            shapes += [] if part.geometry is None else maps.shapes_of_any(part.geometry)
        except (ValueError, TypeError, AttributeError, LookupError):
            notes.append(Flaw("broken_boundary", part.code, part.number))
            return ""
    points = [point for shape in shapes for ring in shape for point in ring]
    if not points:
        notes.append(Flaw("no_boundary", part.code, part.number))
        return ""
    if len(points) > MOST_POINTS:
        raise FlawedAreaFile(Flaw("too_many_points", part.code, part.number, MOST_POINTS))
    try:
        maps.refuse_elsewhere(points)
        return maps.geometry_of(shapes)
    except NotABoundary as refused:
        if refused.kind in ("other_coordinates", "swapped"):
            raise FlawedAreaFile(Flaw(refused.kind, part.code, part.number)) from refused
        notes.append(Flaw("broken_boundary", part.code, part.number))
        return ""


def with_parents(areas: Sequence[Found], listed: Iterable[Feature]) -> tuple[Found, ...]:
    """These, and the wijken and the municipality in which they lie; the largest first."""
    by_code = {area.code: area for area in areas}
    for feature in listed:
        code = feature.code
        while code := parent_code(code):
            level = level_of(code)
            if code not in by_code or (by_code[code].implied and not by_code[code].name):
                by_code[code] = Found(code, level, feature.name_of(level), implied=True)
    order = ("GM", "WK", "BU")
    return tuple(sorted(by_code.values(), key=lambda area: (order.index(area.code[:2]), area.code)))


# Figures


CODE_COLUMNS = (
    *("codering", "gwbcode10", "gwbcode", "buurtcode", "statcode", "regiocode", "regios", "code", "bucode"),
    *("wijkenenbuurten", "wijkcode", "gemeentecode"),
)
MUNICIPALITY_COLUMNS = ("gmnaam", "gemeentenaam")
YEAR_COLUMNS = ("jaar", "perioden", "periode")


Cells = Sequence[Any]  # as the file has them: made text by `cell` alone, for few of the hundred columns are needed


@dataclass(slots=True)
class Table:
    """The rows of a sheet by the number that the spreadsheet shows, and where in them what stands."""

    codes: list[int]
    municipality: int | None
    year: int | None
    figures: dict[int, tuple[str, str]]  # by column: the figure and its unit
    header: list[str]
    rows: Iterator[tuple[int, Cells]]
    title: str = ""


def figures(data: bytes, filename: str, municipality: str, year: int) -> AreaFile:
    try:
        return figures_in(data, filename, municipality, year)
    except Unreadable as refused:
        raise FlawedAreaFile(Flaw(refused.kind, line=refused.row)) from refused


def figures_in(data: bytes, filename: str, municipality: str, year: int) -> AreaFile:
    table = xlsx_table(data) if data.startswith(b"PK\x03\x04") else table_in(csv_rows(data))
    names: dict[str, str] = {}
    rows: list[tuple[int, str, Cells]] = []
    flaws: list[Flaw] = []
    for line, cells in table.rows:
        code = next((found for column in table.codes if (found := code_from(cell(cells, column)))), "")
        if code:
            gm = municipality_of(code)
            names[gm] = names.get(gm) or cleaned(cell(cells, table.municipality))
            rows.append((line, code, cells))
        elif is_broken(table, cells) and len(flaws) < MOST_FLAWS:
            flaws.append(Flaw("not_a_code", cell(cells, table.codes[0])[:40], line))
    if not rows:
        raise FlawedAreaFile(*flaws, Flaw("no_codes", ", ".join(table.header[:12])))
    gm = chosen(municipality, names)
    mine = [row for row in rows if municipality_of(row[1]) == gm]
    mine, year_in_rows = of_one_year(table, mine, year)
    areas = [*read_rows(table, mine, flaws)]
    if flaws:
        raise FlawedAreaFile(*flaws[:MOST_FLAWS])
    of_year = year_in_rows or year_in(filename) or year_in(table.title) or year
    if not of_year:
        raise FlawedAreaFile(Flaw("no_year"))
    return AreaFile("figures", gm, of_year, tuple(areas), tuple(lacking(table, areas)))


def cell(cells: Cells, column: int | None) -> str:
    return sheets.shown(cells[column]).strip() if column is not None and column < len(cells) else ""


def is_broken(table: Table, cells: Cells) -> bool:
    """A row without a code that does have figures: not a title, a source below the table, or all of the country."""
    stands = next((cell(cells, column) for column in table.codes if cell(cells, column)), "")
    if re.fullmatch(r"[A-Z]{2}[0-9]{2}", stands.upper()):  # NL00 and the parts of the country
        return False
    return sum(bool(cell(cells, column)) for column in table.figures) > len(table.figures) / 2


def of_one_year(
    table: Table, rows: list[tuple[int, str, Cells]], wanted: int
) -> tuple[list[tuple[int, str, Cells]], int]:
    """The rows of the year that is wanted, else of the last there is, and that year; 0 if no column tells."""
    years = {line: year_in(cell(cells, table.year)) for line, _, cells in rows}
    known = set(filter(None, years.values()))
    if not known:
        return rows, 0
    of_year = wanted if wanted in known else max(known)
    return [row for row in rows if years[row[0]] in (0, of_year)], of_year


def year_in(text: str) -> int:
    found = re.findall(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])", re.sub(r"JJ00|jj00", "", text))
    return next((int(each) for each in reversed(found) if int(each) in YEARS), 0)


def read_rows(table: Table, rows: Iterable[tuple[int, str, Cells]], flaws: list[Flaw]) -> Iterator[Found]:
    seen: set[str] = set()
    for line, code, cells in rows:
        if code in seen:
            flaws.append(Flaw("same_code", code, line))
            continue
        seen.add(code)
        values: dict[str, tuple[str, float]] = {}
        for column, (figure, unit) in table.figures.items():
            try:
                value = number(cell(cells, column), unit)
            except ValueError:
                flaws.append(Flaw("not_a_number", table.header[column], line))
                continue
            if value is not None:
                values.setdefault(figure, (unit, value))
        if len(flaws) >= MOST_FLAWS:
            return
        yield Found(code, level_of(code), figures=people(values))


def number(text: str, unit: str) -> float | None:
    """The number, or None where CBS gives none. Dots are thousands in a count, else the decimals of a number without
    a comma. Raises ValueError for what is no number, is below zero, or is over 100 per cent."""
    bare = re.sub(r"[\s\u00a0%]", "", text)
    if bare in MISSING:
        return None
    dotted = r"\d{1,3}(\.\d{3})+" if unit == "count" else r"\d{1,3}(\.\d{3})*,\d+"
    if re.fullmatch(dotted, bare):
        bare = bare.replace(".", "")
    bare = bare.replace(",", ".")
    if not re.fullmatch(r"-?\d{1,10}(\.\d{1,20})?", bare, re.ASCII):
        raise ValueError(text)
    value = float(bare)
    if value <= LEAST:
        return None
    if (value < 0 and unit != "thousands") or (unit == "percent" and value > 100):
        raise ValueError(text)
    return value


def people(values: Mapping[str, tuple[str, float]]) -> dict[str, float]:
    """By figure: percentages as numbers of people, and thousands of euros as euros. Who has no background from
    elsewhere follows where only the others were counted."""
    inhabitants = values.get("inhabitants", ("", None))[1]
    found: dict[str, float] = {}
    for figure, (unit, value) in values.items():
        if unit == "percent":
            if inhabitants is not None:
                found[figure] = float(round(inhabitants * value / 100))
        else:
            found[figure] = round(value * 1000) if unit == "thousands" else value
    elsewhere = [found.get("background_western"), found.get("background_non_western")]
    if "background_none" not in found and inhabitants is not None and None not in elsewhere:
        found["background_none"] = max(0.0, inhabitants - sum(part for part in elsewhere if part is not None))
    return found


def lacking(table: Table, areas: Sequence[Found]) -> Iterator[Flaw]:
    """What who compares turnout with figures would miss."""
    there = {figure for figure, _ in table.figures.values()}
    for figure in FIGURES:
        if figure in NEEDED and figure not in there:
            yield Flaw("no_column", figure)
        elif figure in there and (secret := sum(figure not in area.figures for area in areas)):
            yield Flaw("secret", figure, number=secret)
    if not any(figure.startswith("background") for figure in there):
        yield Flaw("no_column", "background")
    if "income_mean" not in there:
        yield Flaw("no_column", "income_mean")


def table_in(rows: Iterator[tuple[int, Cells]], title: str = "") -> Table:
    """Raises FlawedAreaFile (no_code_column, no_figures) where no row near the top names the columns."""
    first: list[str] = []
    for line, values in rows:
        cells = [sheets.shown(value) for value in values]
        table = table_from(cells, rows, title)
        if table.codes and table.figures:
            return table
        first = first if len(first) >= len(cells) else cells
        title += " " + " ".join(cells[:3])
        if table.codes and len(cells) > 2:
            raise FlawedAreaFile(Flaw("no_figures", ", ".join(cells[:12]), line))
        if line >= HEADER_WITHIN:
            break
    raise FlawedAreaFile(Flaw("no_code_column", ", ".join(filter(None, first[:12]))))


def table_from(cells: list[str], rows: Iterator[tuple[int, Cells]], title: str) -> Table:
    forms = [plain(name) for name in cells]

    def columns(names: Sequence[str]) -> list[int]:
        return [at for name in names for at, both in enumerate(forms) if name in both]

    figures: dict[int, tuple[str, str]] = {}
    for at, name in enumerate(cells):
        known = figure_of(name)
        if known and known[0] not in {figure for figure, _ in figures.values()}:
            figures[at] = known
    municipality, year = columns(MUNICIPALITY_COLUMNS), columns(YEAR_COLUMNS)
    return Table(
        list(dict.fromkeys(columns(CODE_COLUMNS))),
        municipality[0] if municipality else None,
        year[0] if year else None,
        figures,
        [name.strip()[:60] for name in cells],
        rows,
        title,
    )


def csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = sheets.decoded(data)
    lines = text.lstrip("\ufeff\r\n").split("\n", HEADER_WITHIN)[:HEADER_WITHIN]
    widest = max(lines, key=lambda line: max(line.count(mark) for mark in ";,\t"))  # a title has none
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sheets.delimiter_of(widest))
    try:
        for cells in reader:
            if reader.line_num > MOST_ROWS:
                raise Unreadable("too_many_rows")
            if len(cells) > MOST_COLUMNS:
                raise Unreadable("too_many_columns", reader.line_num)
            yield reader.line_num, cells
    except csv.Error as error:
        raise Unreadable("broken", reader.line_num) from error


def xlsx_table(data: bytes) -> Table:
    """The first sheet that holds a table of ours: before it stands one that explains the columns.

    Not with the reader of `sheets`, which takes a minute for all of the country. This one fills a whole sheet with
    empty cells up to the last, and ends the process where memory lacks: only for the child.
    """
    sheets.refuse_bomb(data, MOST_UNPACKED)
    flaw: FlawedAreaFile | None = None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet][:10]:
            try:
                return table_in(xlsx_rows(book, sheet.name), sheet.name)
            except FlawedAreaFile as refused:
                flaw = flaw or refused
    except (FlawedAreaFile, Unreadable):
        raise
    except Exception as error:
        raise Unreadable("broken") from error
    raise flaw or Unreadable("broken")


def xlsx_rows(book: CalamineWorkbook, name: str) -> Iterator[tuple[int, Cells]]:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height > MOST_ROWS:
        raise Unreadable("too_many_rows")
    for line, values in enumerate(sheet.iter_rows(), 1):
        yield line, values[:MOST_COLUMNS]


# The child


def read_apart(data: bytes, filename: str = "", municipality: str = "", year: int = 0) -> AreaFile:
    """`read`, in a child process that may use no more memory and time than a file of ours takes; one at a time.

    Blocks. Raises FlawedAreaFile; of kind too_heavy if the child was ended.
    """
    with ONE_AT_A_TIME:
        answer = ask_child(json.dumps([filename, municipality, year]).encode() + b"\n" + data)
    return answer_from(answer)


ONE_AT_A_TIME = threading.Lock()


def ask_child(question: bytes) -> bytes:
    root = Path(__file__).parents[1]
    child = subprocess.Popen(
        [sys.executable, "-m", "domain.area_files"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"MALLOC_ARENA_MAX": "2"},
        cwd=root,
    )
    try:
        return child.communicate(question, timeout=PATIENCE)[0]
    except (subprocess.TimeoutExpired, OSError):
        return b""
    finally:
        child.kill()
        child.wait()


def answer_from(answer: bytes) -> AreaFile:
    try:
        said = json.loads(answer)
    except ValueError:
        raise FlawedAreaFile(Flaw("too_heavy")) from None
    if "flaws" in said:
        raise FlawedAreaFile(*(Flaw(**flaw) for flaw in said["flaws"]))
    areas, notes = (Found(**area) for area in said.pop("areas")), (Flaw(**note) for note in said.pop("notes"))
    return AreaFile(**said, areas=tuple(areas), notes=tuple(notes))


def limit_this_process() -> None:
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, this goes and not the site
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    limit_this_process()
    filename, municipality, year = json.loads(sys.stdin.buffer.readline())
    try:
        answer: dict[str, Any] = asdict(read(sys.stdin.buffer.read(), filename, municipality, year))
    except FlawedAreaFile as refused:
        answer = {"flaws": [asdict(flaw) for flaw in refused.flaws]}
    except MemoryError:
        answer = {"flaws": [asdict(Flaw("too_heavy"))]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
