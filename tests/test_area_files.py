"""Files of CBS and PDOK: every spelling of the years gives the same areas, and one that doesn't fit says why."""

import io
import json
import re
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import area_figures, area_files
from domain.area_files import AreaFile, Flaw, FlawedAreaFile, Found, read, read_apart
from tests import towns
from tests.towns import BROEKDAM, BUURTEN, CENTRUM, HAVEN, KERKPLEIN, MOLENBUURT, OOST, buurt, collection


def flaws_of(data: bytes, *asked: Any) -> list[tuple[str, str, int | None]]:
    with pytest.raises(FlawedAreaFile) as refused:
        read(data, *asked)
    return [(flaw.kind, flaw.where, flaw.line) for flaw in refused.value.flaws]


def notes_of(file: AreaFile) -> set[tuple[str, str]]:
    return {(note.kind, note.where) for note in file.notes}


def by_code(file: AreaFile) -> dict[str, Found]:
    return {found.code: found for found in file.areas}


def test_a_file_with_everything_gives_the_tree_the_largest_first() -> None:
    file = read(towns.broekdam())
    assert [(found.code, found.name, found.level) for found in file.areas] == [
        (BROEKDAM, "Broekdam", "municipality"),
        (CENTRUM, "Wijk 00 Centrum", "wijk"),
        (OOST, "Wijk 01 Oost", "wijk"),
        (KERKPLEIN, "Kerkplein", "buurt"),
        (HAVEN, "Haven", "buurt"),
        (MOLENBUURT, "Molenbuurt", "buurt"),
    ]
    assert all(found.boundary and not found.implied for found in file.areas)
    assert (file.kind, file.municipality, file.year) == ("boundaries", BROEKDAM, 2024)


OLD = [towns.old_spelling(code, column) for column, code in enumerate((KERKPLEIN, HAVEN, MOLENBUURT))]
STATISTICAL = [towns.statistical(code, column) for column, code in enumerate((KERKPLEIN, HAVEN, MOLENBUURT))]


@pytest.mark.parametrize(
    ("features", "year", "wijk", "town"),
    [(BUURTEN, 2024, "", "Broekdam"), (OLD, 2014, "", "Broekdam"), (STATISTICAL, 2023, "", "")],
)
def test_every_spelling_gives_the_same_buurten(features: Any, year: int, wijk: str, town: str) -> None:
    file = read(collection(*features))
    found = by_code(file)
    assert {code: area.name for code, area in found.items() if area.level == "buurt"} == {
        KERKPLEIN: "Kerkplein",
        HAVEN: "Haven",
        MOLENBUURT: "Molenbuurt",
    }
    assert found[CENTRUM] == Found(CENTRUM, "wijk", wijk, implied=True)
    assert found[BROEKDAM] == Found(BROEKDAM, "municipality", town, implied=True)
    assert file.year == year


def test_codes_may_have_letters_or_lack_their_prefix() -> None:
    found = by_code(read(collection(buurt("BU9001AA01", 0), buurt(HAVEN, 1, buurtcode="90010001"))))
    assert {"BU9001AA01", "WK9001AA", HAVEN} <= found.keys()


def test_water_is_left_out_and_pieces_with_one_code_are_one_area() -> None:
    pieces = (
        buurt(KERKPLEIN, 0),
        buurt(KERKPLEIN, 1),
        buurt(HAVEN, 2, water="JA"),
        towns.old_spelling(HAVEN, 2, H2O="B"),
    )
    file = read(collection(*pieces))
    assert len(json.loads(by_code(file)[KERKPLEIN].boundary)["coordinates"]) == 2
    assert HAVEN not in by_code(file)
    assert ("water", "") in notes_of(file)


def test_of_a_file_of_the_whole_country_only_one_municipality_is_read() -> None:
    country = collection(*BUURTEN, buurt("BU05180101", 7, gemeentenaam="'s-Gravenhage", buurtnaam="Oud Scheveningen"))
    for asked in ("Broekdam", "gm9001", " broekdam "):
        assert read(country, "", asked).municipality == BROEKDAM
    for asked in ("Den Haag", "'s-Gravenhage", "GM0518"):
        assert read(country, "", asked).municipality == "GM0518"
    assert flaws_of(country) == [("many_municipalities", "'s-Gravenhage, Broekdam", None)]
    assert flaws_of(country, "", "Zoetermeer") == [("no_such_municipality", "'s-Gravenhage, Broekdam", None)]


def test_of_codes_alone_a_municipality_must_be_named_by_its_code() -> None:
    two = collection(*STATISTICAL, towns.feature({"statcode": "BU05180101", "statnaam": "x"}, towns.square(8)))
    assert flaws_of(two, "", "Broekdam") == [("municipality_by_code", "GM0518, GM9001", None)]
    assert read(two, "", "GM9001").municipality == BROEKDAM


def test_a_part_of_what_a_service_has_says_so() -> None:
    file = read(collection(*BUURTEN, numberMatched=342))
    (note,) = [note for note in file.notes if note.kind == "only_a_part"]
    assert note.number == 339


def test_a_boundary_that_is_broken_is_left_out_and_the_area_stays() -> None:
    open_ring = towns.feature(BUURTEN[0]["properties"], {"type": "Polygon", "coordinates": [[[4, 52], [5, 52]]]})
    none = towns.feature(BUURTEN[1]["properties"], None)
    file = read(collection(open_ring, none, BUURTEN[2]))
    assert notes_of(file) >= {("broken_boundary", KERKPLEIN), ("no_boundary", HAVEN)}
    assert [bool(found.boundary) for found in file.areas if found.level == "buurt"] == [False, False, True]


RD = towns.feature(BUURTEN[0]["properties"], {"type": "Polygon", "coordinates": [[[81000, 454000]] * 4]})
SWAPPED = towns.feature(BUURTEN[0]["properties"], {"type": "Polygon", "coordinates": [[[52, 4], [52, 5], [53, 5]]]})
IN_RD = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}}


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", ("empty", "", None)),
        (b"{", ("not_geojson", "", None)),
        (b'{"type": "Polygon", "coordinates": []}', ("not_geojson", "", None)),
        (b"[1]", ("not_geojson", "", None)),
        (collection(), ("no_codes", "", None)),
        (collection(towns.feature({"naam": "Kerkplein", "id": 1}, None)), ("no_codes", "naam, id", None)),
        (collection(RD), ("other_coordinates", KERKPLEIN, 1)),
        (collection(*BUURTEN, **IN_RD), ("other_coordinates", "", None)),
        (collection(SWAPPED), ("swapped", KERKPLEIN, 1)),
        (b"PK\x03\x04 kapot", ("broken", "", None)),
        (b"naam;inwoners\r\nKerkplein;900", ("no_code_column", "naam, inwoners", None)),
        (b"gwb_code;regio;dieren\r\nBU90010000;Kerkplein;9", ("no_figures", "gwb_code, regio, dieren", 1)),
        (b"gwb_code;a_inw\r\nNL00;9", ("no_codes", "gwb_code, a_inw", None)),
        (b"gwb_code;a_inw\r\nBU90010000;9\r\nBU90010000;8", ("same_code", "BU90010000", 3)),
        (b"gwb_code;a_inw\r\nBU90010000;veel", ("not_a_number", "a_inw", 2)),
        (b"gwb_code;a_inw\r\nBU90010000;-5", ("not_a_number", "a_inw", 2)),
        (b"gwb_code;a_inw\r\nBU90010000;9\r\nKerkplein;9", ("not_a_code", "Kerkplein", 3)),
        (b"gwb_code;a_inw\r\nBU90010000;9", ("no_year", "", None)),
    ],
)
def test_a_file_that_does_not_fit_says_what_it_misses(data: bytes, flaw: tuple[str, str, int | None]) -> None:
    assert flaws_of(data)[0] == flaw


WHO = {
    "inhabitants": 900,
    **{"age_0_15": 120, "age_15_25": 100, "age_25_45": 260, "age_45_65": 260, "age_65": 160},
    **{"background_none": 640, "background_europe": 130, "background_other": 130, "income_mean": 31_200},
}


@pytest.mark.parametrize("data", [towns.kwb_csv(), towns.kwb_csv(","), towns.kwb_csv("\t"), towns.kwb_xlsx()])
def test_figures_of_the_newer_years(data: bytes) -> None:
    file = read(data, "kwb-2024.csv", "Broekdam")
    if b"," in data[:14]:  # a decimal comma can't stand in a CSV with commas unless quoted, as it is here
        assert by_code(file)[OOST].figures["income_mean"] == 25_900
    assert (file.kind, file.year, file.municipality) == ("figures", 2024, BROEKDAM)
    assert by_code(file)[KERKPLEIN].figures == WHO
    assert "income_mean" not in by_code(file)[HAVEN].figures
    assert notes_of(file) == {("secret", "income_mean")}
    assert "BU90020000" not in by_code(file)


def test_figures_of_the_older_years_divide_backgrounds_otherwise() -> None:
    file = read(towns.statline_csv(), "Kerncijfers_wijken_en_buurten_2017.csv")
    figures = by_code(file)[KERKPLEIN].figures
    assert file.year == 2017
    assert (figures["background_western"], figures["background_non_western"]) == (130, 130)
    assert figures["background_none"] == 900 - 260
    assert "background_europe" not in figures


def test_the_boundaries_may_bring_figures_as_percentages() -> None:
    more = {
        "aantal_inwoners": 1985,
        "percentage_personen_0_tot_15_jaar": 16,
        "percentage_personen_15_tot_25_jaar": -99997,
    }
    figures = by_code(read(collection(buurt(KERKPLEIN, 0, **more), BUURTEN[1])))[KERKPLEIN].figures
    assert figures == {"inhabitants": 1985, "age_0_15": 318}
    assert by_code(read(collection(BUURTEN[1])))[HAVEN].figures == {}  # -99997 is no number of people


def test_of_more_years_the_last_counts_or_the_one_asked() -> None:
    rows = b"Perioden;RegioS;AantalInwoners_5\r\n2021JJ00;BU90010000;10\r\n2023JJ00;BU90010000;30"
    assert (read(rows).year, by_code(read(rows))[KERKPLEIN].figures) == (2023, {"inhabitants": 30})
    assert by_code(read(rows, "", "", 2021))[KERKPLEIN].figures == {"inhabitants": 10}


def test_a_title_above_the_columns_and_a_source_below_them_do_no_harm() -> None:
    data = b'"Kerncijfers wijken en buurten 2022"\r\n' + b'"Codering (code)";"Bevolking/Aantal inwoners (aantal)"\r\n'
    file = read(data + b'"BU90010000";"1.250"\r\n"Bron: CBS";""\r\n')
    assert (file.year, by_code(file)[KERKPLEIN].figures) == (2022, {"inhabitants": 1250})
    assert ("no_column", "age_0_15") in notes_of(file)
    assert ("no_column", "background") in notes_of(file)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        *(("", "count", None), (".", "count", None), ("-99997", "count", None), ("-99999999", "percent", None)),
        *(("1.250", "count", 1250), ("1 250", "count", 1250), ("27,5", "thousands", 27.5), ("27.5", "thousands", 27.5)),
        *(("1.027,5", "thousands", 1027.5), ("12", "percent", 12), ("0", "count", 0), ("-3,2", "thousands", -3.2)),
    ],
)
def test_numbers_as_cbs_writes_them(text: str, unit: str, value: float | None) -> None:
    assert area_files.number(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit"), [("x1", "count"), ("1,2,3", "count"), ("101", "percent"), ("1e3", "count"), ("nan", "count")]
)
def test_what_is_no_number(text: str, unit: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        area_files.number(text, unit)


def areas_or_flaws(data: bytes) -> tuple[Found, ...] | tuple[Flaw, ...]:
    """Whatever stands in a file, it is one of both."""
    try:
        return read(data, year=2024).areas
    except FlawedAreaFile as refused:
        return refused.flaws


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert areas_or_flaws(data)


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=6), st.sampled_from(";,\t"))
def test_any_table_is_read_or_says_what_it_misses(rows: list[list[str]], mark: str) -> None:
    text = mark.join(("gwb_code_10", "regio", "a_inw", "a_00_14")) + "\n"
    text += "\n".join(mark.join(row) for row in rows) + f"\nBU90010000{mark}Kerkplein{mark}900{mark}"
    found = areas_or_flaws(text.encode())
    assert found
    assert any(KERKPLEIN in str(each) for each in found) or all(isinstance(each, Flaw) for each in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["BU90010000", "Polygon", "JA"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "buurtcode", "water", "jaar", "geometries"]), inner)
    ),
)


@given(JSON, JSON)
def test_any_feature_is_read_or_refused(properties: Any, geometry: Any) -> None:
    odd = {"type": "Feature", "properties": properties, "geometry": geometry}
    known = towns.feature(BUURTEN[1]["properties"], geometry)
    for features in ([odd], [odd, BUURTEN[0]], [known, BUURTEN[0]]):
        assert areas_or_flaws(collection(*features))


def test_each_figure_is_found_by_each_of_its_names_and_no_name_means_two() -> None:
    names = [
        name
        for figure in area_figures.FIGURES.values()
        for name in (*figure.counts, *figure.percents, *figure.thousands)
    ]
    assert len(names) == len(set(names))
    assert area_figures.figure_of("k_65JaarOfOuder_12") == ("age_65", "count")
    assert area_figures.figure_of("a_00_14") == ("age_0_15", "count")
    assert area_figures.figure_of("GemiddeldInkomenPerInwoner_78") == ("income_mean", "thousands")
    assert area_figures.figure_of("Mannen_6") is None


def test_the_child_says_the_same() -> None:
    assert read_apart(towns.broekdam()) == read(towns.broekdam())
    assert read_apart(towns.kwb_xlsx(), "kwb-2024.xlsx", "Broekdam") == read(
        towns.kwb_xlsx(), "kwb-2024.xlsx", "Broekdam"
    )
    with pytest.raises(FlawedAreaFile) as refused:
        read_apart(b"naam;aap\r\n1;2")
    assert [flaw.kind for flaw in refused.value.flaws] == ["no_code_column"]


def test_a_sheet_with_a_cell_at_its_far_end_ends_the_child_and_is_told_as_too_heavy() -> None:
    book = openpyxl.load_workbook(io.BytesIO(towns.kwb_xlsx()))
    book["KWB2024"]["XFD1048576"] = 1
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(FlawedAreaFile, match="too_heavy"):
        read_apart(file.getvalue(), "kwb-2024.xlsx", "Broekdam")


def test_all_of_the_country_as_excel_saves_it_says_the_same_as_the_csv() -> None:
    rows = towns.national(municipalities=3, more=5)
    book, text = towns.workbook(rows), towns.table(towns.dutch(rows))
    found = read(book, "kwb-2024.xlsx", "Grootveen")
    assert len(found.areas) == towns.WIJKEN * towns.EACH
    assert found.areas[0].figures["age_0_15"] == 146
    assert found == read(text, "kwb-2024.csv", "Grootveen")


def test_a_child_that_ends_is_told_as_a_file_that_is_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_files, "ask_child", lambda _: b"")
    with pytest.raises(FlawedAreaFile, match="too_heavy"):
        read_apart(towns.broekdam())
