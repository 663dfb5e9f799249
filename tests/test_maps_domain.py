"""The map: boundaries from GeoJSON files, and where things lie on a drawing."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import maps
from domain.maps import NotABoundary, boundary, contains, drawn, place

SQUARE = [[4.30, 52.07], [4.34, 52.07], [4.34, 52.09], [4.30, 52.09], [4.30, 52.07]]
HOLE = [[4.31, 52.075], [4.32, 52.075], [4.32, 52.08], [4.31, 52.08], [4.31, 52.075]]
ISLAND = [[4.36, 52.07], [4.37, 52.07], [4.37, 52.08], [4.36, 52.07]]
SPOT = {"type": "Point", "coordinates": [5, 5]}
IN_RD = [[81000, 454000], [83000, 454000], [83000, 456000], [81000, 454000]]


def polygon(*rings: list[list[Any]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"naam": "Bezuidenhout"}, "geometry": geometry}


def file(value: Any) -> bytes:
    return json.dumps(value).encode()


def refused(data: bytes) -> str:
    with pytest.raises(NotABoundary) as error:
        boundary(data)
    return error.value.kind


AREA = boundary(file(polygon(SQUARE)))
INSIDE, OUTSIDE, IN_HOLE, ON_ISLAND = (52.085, 4.335), (52.10, 4.32), (52.077, 4.315), (52.071, 4.365)


@pytest.mark.parametrize(
    "document",
    [
        polygon(SQUARE),
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        feature(polygon(SQUARE)),
        {"type": "FeatureCollection", "features": [feature(None), feature(polygon(SQUARE))]},
        {"type": "FeatureCollection", "features": [feature(SPOT), feature(polygon(SQUARE))]},
        {"type": "GeometryCollection", "geometries": [polygon(SQUARE)]},
        polygon([[*point, 3.5] for point in SQUARE]),  # with heights
        polygon(SQUARE) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}},
        polygon([SQUARE[0], [4.32, 52.07], *SQUARE[1:]]),  # a point more
    ],
)  # fmt: skip
def test_the_area_in_a_file_is_kept_whatever_is_around_it(document):
    assert json.loads(boundary(b"\xef\xbb\xbf" + file(document)))["type"] == "MultiPolygon"
    assert boundary(file(document)) == AREA


def test_several_areas_become_one_with_their_holes():
    several = {"type": "FeatureCollection", "features": [feature(polygon(SQUARE, HOLE)), feature(polygon(ISLAND))]}
    area = boundary(file(several))
    assert [contains(area, *spot) for spot in (INSIDE, OUTSIDE, IN_HOLE, ON_ISLAND)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "not_geojson"),
        (b"\xff\xfe\x00", "not_geojson"),
        (b"<svg/>", "not_geojson"),
        (b"[" * 100_000, "not_geojson"),
        (b'{"type": "FeatureCollection", "features": ' + b'[{"type":"Feature","geometry":' * 5000, "not_geojson"),
        (file([1, 2]), "not_geojson"),
        (file({"type": "FeatureCollection"}), "not_geojson"),
        (file({"type": "FeatureCollection", "features": [7]}), "not_geojson"),
        (file(polygon([["a", "b"]] * 4)), "not_geojson"),
        (file(polygon([[4.3]] * 4)), "not_geojson"),
        (file({"type": "Polygon", "coordinates": 5}), "not_geojson"),
        (b'{"type": "Polygon", "coordinates": [[[NaN, 52], [4, 52], [4, 53], [NaN, 52]]]}', "not_geojson"),
        (b'{"type": "Polygon", "coordinates": [[[1e999, 52], [4, 52], [4, 53], [1e999, 52]]]}', "not_geojson"),
        (b'{"type": "Polygon", "coordinates": [[[1' + b"0" * 400 + b", 52], [4, 52], [4, 53]]]}", "not_geojson"),
        (file({"type": "Point", "coordinates": [4.3, 52.0]}), "no_area"),
        (file({"type": "FeatureCollection", "features": []}), "no_area"),
        (file(polygon(IN_RD)), "other_coordinates"),
        (file(polygon(SQUARE) | {"crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}}), "other_coordinates"),
        (file(polygon([[lat, lon] for lon, lat in SQUARE])), "swapped"),
        (file(polygon(SQUARE[:-1])), "broken_line"),
        (file(polygon(SQUARE[:2] + SQUARE[:1])), "broken_line"),
        (file(polygon([SQUARE[0]] * 5)), "broken_line"),
        (file(polygon([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[1], SQUARE[0]])), "broken_line"),
        (file(polygon([[4.3, 52.0], [4.31, 52.0], [4.32, 52.0], [4.3, 52.0]])), "broken_line"),
        (file(polygon([[4 + n / 1e5, 52] for n in range(20_001)])), "too_many_points"),
        (file(polygon(SQUARE)) + b" " * maps.LARGEST, "too_large"),
    ],
)  # fmt: skip
def test_what_is_no_boundary_is_refused_with_its_reason(data, kind):
    assert refused(data) == kind


def coast(points: int) -> list[list[float]]:
    """A round area with a frayed edge."""
    ring = []
    for n in range(points):
        angle = 2 * math.pi * n / points
        far = 0.02 + 0.002 * math.sin(angle * 40) + 0.000002 * math.sin(n * 13)
        ring.append([4.3 + far * math.cos(angle) * 1.6, 52.07 + far * math.sin(angle)])
    return [*ring, ring[0]]


def distance(point: maps.Point, one: maps.Point, other: maps.Point) -> float:
    """From the point to the line between the two."""
    dx, dy = other[0] - one[0], other[1] - one[1]
    length = dx * dx + dy * dy
    along = ((point[0] - one[0]) * dx + (point[1] - one[1]) * dy) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - one[0] - along * dx, point[1] - one[1] - along * dy)


def test_a_boundary_is_kept_as_fine_as_it_is_drawn():
    ring = coast(15_000)
    area = boundary(file(polygon(ring)))
    assert len(area) < 60_000 < len(file(polygon(ring)))
    exact, kept = drawn(json.dumps(polygon(ring)), ()), drawn(area, ())
    assert exact
    assert kept
    corners = [kept.frame.at(lat, lon) for lon, lat in maps.shapes_of(area)[0][0]]
    for lon, lat in ring[::50]:
        spot = kept.frame.at(lat, lon)
        nearest = min(distance(spot, one, other) for one, other in pairwise(corners))
        assert nearest < 0.7  # units of the drawing


@given(st.floats(52.0700001, 52.0899999), st.floats(4.3000001, 4.3399999))
def test_what_lies_in_the_area_is_in_it_and_on_the_drawing(lat, lon):
    assert contains(AREA, lat, lon)
    assert not contains(AREA, lat + 0.02, lon)
    drawing = drawn(AREA, [(lat, lon)])
    assert drawing
    assert drawing.places[0] is not None
    x, y = drawing.places[0]
    back = drawing.frame.place(x, y)
    assert abs(back[0] - lat) < 0.0001
    assert abs(back[1] - lon) < 0.0001


def test_nothing_contains_a_place_without_a_boundary():
    assert not contains("", 52.08, 4.32)


def test_north_is_up_and_east_is_right():
    drawing = drawn(AREA, [(52.089, 4.301), (52.071, 4.339)])
    assert drawing
    (x1, y1), (x2, y2) = drawing.places  # type: ignore[misc]
    assert 0 < x1 < x2 < maps.WIDTH
    assert 0 < y1 < y2 < drawing.frame.height


def test_a_line_lies_where_each_of_its_points_does():
    frame = maps.frame_around([maps.mercator(lat, lon) for lat, lon in (INSIDE, OUTSIDE)], 1_000)
    for (x, y), (lat, lon) in zip(
        frame.line([(4.30, 52.07), (4.34, 52.09)]), [(52.07, 4.30), (52.09, 4.34)], strict=True
    ):
        assert (x, y) == pytest.approx(frame.at(lat, lon), abs=0.051)


def test_a_place_far_outside_is_not_on_the_map_and_does_not_shrink_it():
    drawing, without = drawn(AREA, [INSIDE, (0.0, 0.0)]), drawn(AREA, [])
    assert drawing
    assert without
    assert drawing.frame == without.frame
    assert drawing.places[1] is None


def test_without_a_boundary_the_drawing_is_around_the_places():
    drawing = drawn("", [(52.08, 4.32), (52.09, 4.33)])
    assert drawing
    assert drawing.path == ""
    assert None not in drawing.places
    assert drawn("", []) is None


AROUND = [(52.08, 4.32), (52.09, 4.33), (52.085, 4.325)]


@pytest.mark.parametrize("far", [(0.0, 0.0), (-85.0, -179.0), (90.0, 4.32), (52.08, 5.5)])
def test_without_a_boundary_a_pin_far_away_does_not_shrink_the_map(far):
    drawing, without = drawn("", [far, *AROUND]), drawn("", AROUND)
    assert drawing
    assert without
    assert drawing.frame == without.frame
    assert drawing.places == (None, *without.places)


def test_pins_far_from_each_other_are_not_all_on_the_map():
    drawing = drawn("", [(52.08, 4.32), (50.85, 5.69)])
    assert drawing
    assert sum(place is None for place in drawing.places) == 1


@given(st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), min_size=1, max_size=9))
def test_whatever_the_pins_are_some_are_on_the_map_and_it_shows_a_region_at_most(places):
    drawing = drawn("", places)
    assert drawing
    assert any(drawing.places)
    assert drawing.frame.width / drawing.frame.scale <= 2 * maps.FURTHEST * (1 + 2 * maps.MARGIN) + 1e-9


def test_a_pin_may_lie_as_far_from_the_area_as_the_area_is_wide():
    reach = maps.reach(AREA)
    assert reach
    assert all(maps.within(reach, *spot) for spot in (INSIDE, OUTSIDE, ON_ISLAND, (52.08, 4.379), (52.08, 4.261)))
    assert not any(maps.within(reach, *spot) for spot in ((52.08, 4.381), (52.08, 4.259), (52.13, 4.32), (90, 4.32)))
    assert maps.reach("") is None


def test_around_a_single_place_something_of_its_surroundings_is_drawn():
    drawing = drawn("", [(52.08, 4.32)])
    assert drawing
    east = drawing.frame.place(maps.WIDTH, 0)[1]
    assert 0.001 < east - 4.32 < 0.01


@pytest.mark.parametrize(
    "ring", [coast(50), [[4, 52], [4.1, 52], [4.1, 52.0001], [4, 52]], [[4, 52], [4, 53], [4.001, 53], [4, 52]]]
)
def test_a_drawing_is_neither_flat_nor_tall(ring):  # fmt: skip
    drawing = drawn(boundary(file(polygon(ring))), ())
    assert drawing
    assert maps.FLATTEST * (maps.WIDTH - 1) <= drawing.frame.height <= maps.TALLEST * (maps.WIDTH + 1)


def test_plans_on_the_same_spot_stand_side_by_side():
    drawing = drawn(AREA, [INSIDE, INSIDE, INSIDE])
    assert drawing
    assert len(set(drawing.places)) == 3


def test_a_click_on_the_picture_is_a_place():
    drawing = drawn(AREA, [INSIDE], maps.PICK_WIDTH)
    assert drawing
    assert drawing.places[0]
    lat, lon = place(AREA, *drawing.places[0])
    assert abs(lat - INSIDE[0]) < 0.0002
    assert abs(lon - INSIDE[1]) < 0.0002
    assert place(AREA, 9999, 9999) == place(AREA, maps.PICK_WIDTH, drawing.frame.height)
