"""Made-up municipalities, in the formats in which CBS and PDOK publish the real ones.

Broekdam (GM9001) has two wijken on a row: Wijk 00 Centrum with the buurten Kerkplein and Haven, Wijk 01 Oost with
Molenbuurt. Every buurt is a square of 0.01 by 0.01 degrees; Haven lies east of Kerkplein, Molenbuurt east of Haven.
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

BROEKDAM = "GM9001"
KERKPLEIN, HAVEN, MOLENBUURT = "BU90010000", "BU90010001", "BU90010100"
CENTRUM, OOST = "WK900100", "WK900101"
NAMES = {
    BROEKDAM: "Broekdam",
    CENTRUM: "Wijk 00 Centrum",
    OOST: "Wijk 01 Oost",
    KERKPLEIN: "Kerkplein",
    HAVEN: "Haven",
    MOLENBUURT: "Molenbuurt",
}
WEST, SOUTH = 4.30, 52.07
IN_KERKPLEIN, IN_HAVEN, IN_MOLENBUURT = (52.075, 4.305), (52.075, 4.315), (52.075, 4.325)
NOWHERE = (52.2, 4.305)


def square(column: int, width: int = 1, row: int = 0) -> dict[str, Any]:
    west, south = round(WEST + column / 100, 4), round(SOUTH + row / 100, 4)
    east, north = round(west + width / 100, 4), round(south + 0.01, 4)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def feature(properties: Mapping[str, Any], geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": dict(properties), "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": [*features], **more}).encode()


def buurt(code: str, column: int, **more: Any) -> dict[str, Any]:
    """As in the Wijk- en Buurtkaart of PDOK: a buurt says in which wijk and gemeente it lies."""
    properties = {
        "buurtcode": code,
        "buurtnaam": NAMES.get(code, code),
        "wijkcode": f"WK{code[2:8]}",
        "gemeentecode": f"GM{code[2:6]}",
        "gemeentenaam": NAMES.get(f"GM{code[2:6]}", "Elders"),
        "water": "NEE",
        "aantal_inwoners": -99997,
        "jaar": 2024,
    }
    return feature(properties | more, square(column))


def wijk(code: str, column: int, width: int) -> dict[str, Any]:
    properties = {"wijkcode": code, "wijknaam": NAMES[code], "gemeentecode": BROEKDAM, "gemeentenaam": "Broekdam"}
    return feature(properties | {"water": "NEE", "jaar": 2024}, square(column, width))


def municipality() -> dict[str, Any]:
    properties = {"gemeentecode": BROEKDAM, "gemeentenaam": "Broekdam", "water": "NEE", "jaar": 2024}
    return feature(properties, square(0, 3))


BUURTEN = (buurt(KERKPLEIN, 0), buurt(HAVEN, 1), buurt(MOLENBUURT, 2))


def broekdam() -> bytes:
    """All of it: gemeente, wijken and buurten in one file."""
    return collection(municipality(), wijk(CENTRUM, 0, 2), wijk(OOST, 2, 1), *BUURTEN)


def old_spelling(code: str, column: int, **more: Any) -> dict[str, Any]:
    """As in the shapefiles of earlier years, turned into GeoJSON."""
    properties = {"BU_CODE": code, "BU_NAAM": NAMES[code], "WK_CODE": f"WK{code[2:8]}", "GM_CODE": f"GM{code[2:6]}"}
    return feature(
        properties | {"GM_NAAM": "Broekdam", "H2O": "NEE", "JRSTATCODE": f"2014{code}"} | more, square(column)
    )


def statistical(code: str, column: int) -> dict[str, Any]:
    """As in the gebiedsindelingen: only the code tells in what it lies."""
    properties = {"statcode": code, "statnaam": NAMES[code], "jrstatcode": f"2023{code}", "rubriek": "buurt", "id": 1}
    return feature(properties, square(column))


KWB = (
    *("gwb_code_10", "gwb_code_8", "regio", "gm_naam", "recs", "a_inw", "a_00_14", "a_15_24", "a_25_44", "a_45_64"),
    *("a_65_oo", "a_nl_all", "a_eur_al", "a_neu_al", "g_ink_pi"),
)
STATLINE = (
    *("ID", "WijkenEnBuurten", "Gemeentenaam_1", "SoortRegio_2", "Codering_3", "IndelingswijzigingWijkenEnBuurten_4"),
    *("AantalInwoners_5", "Mannen_6", "k_0Tot15Jaar_8", "k_15Tot25Jaar_9", "k_25Tot45Jaar_10", "k_45Tot65Jaar_11"),
    *("k_65JaarOfOuder_12", "WestersTotaal_17", "NietWestersTotaal_18", "GemiddeldInkomenPerInwoner_66"),
)
# inhabitants, five ages, born or with parents from the Netherlands, Europe, elsewhere, income in thousands
PEOPLE: dict[str, tuple[Any, ...]] = {
    "NL00": (17_000_000, 2, 2, 4, 5, 3, 1, 1, 1, "30,1"),
    BROEKDAM: (2_150, 300, 250, 600, 600, 400, 1_600, 250, 300, "27,5"),
    CENTRUM: (1_400, 200, 150, 400, 400, 250, 1_000, 200, 200, "28,4"),
    KERKPLEIN: (900, 120, 100, 260, 260, 160, 640, 130, 130, "31,2"),
    HAVEN: (500, 80, 50, 140, 140, 90, 360, 70, 70, "."),
    OOST: (750, 100, 100, 200, 200, 150, 600, 50, 100, "25,9"),
    MOLENBUURT: (750, 100, 100, 200, 200, 150, 600, 50, 100, "25,9"),
    "BU90020000": (40, ".", ".", ".", ".", ".", ".", ".", ".", "."),
}
KINDS = {"NL": "Land", "GM": "Gemeente", "WK": "Wijk", "BU": "Buurt"}


def kwb_rows() -> list[list[Any]]:
    return [
        [code, code[2:], NAMES.get(code, "Elders"), name_of_town(code), KINDS[code[:2]], *values]
        for code, values in PEOPLE.items()
    ]


def name_of_town(code: str) -> str:
    return "Broekdam" if code[2:6] == "9001" else "Elders"


def kwb_csv(separator: str = ";") -> bytes:
    return table([KWB, *kwb_rows()], separator)


def kwb_xlsx() -> bytes:
    """With a sheet before it that explains the columns, and figures as Excel stores them."""
    book = openpyxl.Workbook()
    book.active.title = "Toelichting"
    book.active.append(["Kerncijfers wijken en buurten", "gwb_code_10 is de code"])
    sheet = book.create_sheet("KWB2024")
    sheet.append(KWB)
    for row in kwb_rows():
        sheet.append([float(value.replace(",", ".")) if is_decimal(value) else value for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def is_decimal(value: Any) -> bool:
    return isinstance(value, str) and "," in value


def statline_csv() -> bytes:
    """As StatLine gives the year 2017: with another division of backgrounds, and codes with spaces behind them."""
    rows = [
        [
            *(number, code, "Broekdam      ", KINDS[code[:2]], f"{code:<12}", ".", values[0], "."),
            *(*values[1:6], values[7], values[8], values[9]),
        ]
        for number, (code, values) in enumerate(PEOPLE.items())
        if code[2:6] == "9001"
    ]
    return table([STATLINE, *rows], ";")


def table(rows: Sequence[Sequence[Any]], separator: str = ";") -> bytes:
    return "\r\n".join(separator.join(f'"{value}"' for value in row) for row in rows).encode()


WIJKEN, EACH = 38, 9  # of Grootveen: 342 buurten
LARGE_TOWN = "GM9003"


def large_town(points: int = 500, wijken: int = WIJKEN) -> bytes:
    """The boundaries of Grootveen, each of so many points."""
    columns = math.ceil(math.sqrt(wijken * EACH))
    features = []
    for number, code in enumerate(buurten_of_large_town()[: wijken * EACH]):
        props = {"buurtcode": code, "buurtnaam": f"Buurt {number}", "wijkcode": code.replace("BU", "WK")[:8]}
        props |= {"wijknaam": f"Wijk {number // EACH:02}", "gemeentecode": LARGE_TOWN, "gemeentenaam": "Grootveen"}
        shape = wavy(number % columns, number // columns, points)
        features.append(feature(props | {"water": "NEE", "jaar": 2024}, shape))
    return collection(*features)


def buurten_of_large_town() -> list[str]:
    return [f"BU9003{number // EACH:02}{number % EACH:02}" for number in range(WIJKEN * EACH)]


def national(inhabitants: int = 250_000, municipalities: int = 341, more: int = 100) -> list[list[Any]]:
    """The Kerncijfers of all of the country, as large as the real ones: 15,700 rows of 115 columns. Grootveen has so
    many inhabitants."""
    others = [
        (f"{kind}{gm:04}{rest}", f"Gemeente {gm}")
        for gm in range(1, municipalities + 1)
        for kind, rests in (("GM", [""]), ("WK", WIJKEN_ELSEWHERE), ("BU", BUURTEN_ELSEWHERE))
        for rest in rests
    ]
    listed = [*others, *((code, "Grootveen") for code in buurten_of_large_town())]
    ages = [inhabitants // (WIJKEN * EACH) // 5] * 5
    known: list[Any] = [sum(ages), *ages, 500, 100, 100, 30.5]
    rows = [
        [code, code[2:], f"Buurt {code}", town, KINDS[code[:2]], *known, *((row * at) % 997 / 10 for at in range(more))]
        for row, (code, town) in enumerate(listed)
    ]
    return [[*KWB, *(f"x_{number}" for number in range(more))], *rows]


WIJKEN_ELSEWHERE = [f"{wijk:02}" for wijk in range(4)]
BUURTEN_ELSEWHERE = [f"{wijk}{buurt:02}" for wijk in WIJKEN_ELSEWHERE for buurt in range(10)]


def dutch(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """With a decimal comma, as in a CSV."""
    return [[str(value).replace(".", ",") if isinstance(value, float) else value for value in row] for row in rows]


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """As Excel saves it, but made in seconds: openpyxl takes a minute for all of the country."""
    texts: dict[str, int] = {}
    letters = [get_column_letter(number) for number in range(1, len(rows[0]) + 1)]

    def cell(letter: str, line: int, value: Any) -> str:
        if isinstance(value, str):
            return f'<c r="{letter}{line}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
        return f'<c r="{letter}{line}"><v>{value}</v></c>'

    lines = [
        f'<row r="{line}">{"".join(map(cell, letters, [line] * len(row), row))}</row>'
        for line, row in enumerate(rows, 1)
    ]
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    parts = {
        "_rels/.rels": f'<Relationships {package}><Relationship Id="a" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets><sheet name="KWB2024" sheetId="1" r:id="a"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships {package}><Relationship Id="a" Type="{office}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="b" Type="{office}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f"<sst {main}>{''.join(f'<si><t>{text}</t></si>' for text in texts)}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{''.join(lines)}</sheetData></worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return file.getvalue()


def wavy(column: int, row: int, points: int) -> dict[str, Any]:
    """A circle with a wave on it, beside its neighbours."""
    west, south = WEST + column / 100, SOUTH + row / 100
    ring = []
    for step in range(points):
        angle = 2 * math.pi * step / points
        size = 0.0045 + 0.0003 * math.sin(angle * 23)
        ring.append([west + 0.005 + size * math.cos(angle), south + 0.005 + size * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
