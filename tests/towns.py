"""Made-up municipalities, in the formats in which CBS and PDOK publish the real ones.

Broekdam (GM9001) has two wijken on a row: Wijk 00 Centrum with the buurten Kerkplein and Haven, Wijk 01 Oost with
Molenbuurt. Every buurt is a square of 0.01 by 0.01 degrees; Haven lies east of Kerkplein, Molenbuurt east of Haven.
"""

import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl

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


def large_town(wijken: int = 38, each: int = 9, points: int = 500, inhabitants: int = 250_000) -> tuple[bytes, bytes]:
    """Boundaries and figures of Grootveen (GM9003), each boundary of so many points."""
    features: list[Any] = []
    rows: list[Sequence[Any]] = [KWB]
    people = inhabitants // (wijken * each)
    columns = math.ceil(math.sqrt(wijken * each))
    for number in range(wijken * each):
        code = f"BU9003{number // each:02}{number % each:02}"
        props = {"buurtcode": code, "buurtnaam": f"Buurt {number}", "wijkcode": code.replace("BU", "WK")[:8]}
        props |= {"wijknaam": f"Wijk {number // each:02}", "gemeentecode": "GM9003", "gemeentenaam": "Grootveen"}
        shape = wavy(number % columns, number // columns, points)
        features.append(feature(props | {"water": "NEE", "jaar": 2024}, shape))
        ages = [people // 5] * 5
        rows.append((code, code[2:], f"Buurt {number}", "Grootveen", "Buurt", sum(ages), *ages, 500, 100, 100, "30,5"))
    return collection(*features), table(rows)


def wavy(column: int, row: int, points: int) -> dict[str, Any]:
    """A circle with a wave on it, beside its neighbours."""
    west, south = WEST + column / 100, SOUTH + row / 100
    ring = []
    for step in range(points):
        angle = 2 * math.pi * step / points
        size = 0.0045 + 0.0003 * math.sin(angle * 23)
        ring.append([west + 0.005 + size * math.cos(angle), south + 0.005 + size * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
