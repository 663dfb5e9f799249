"""The map (kaart) of an area: its boundary from a GeoJSON file, and where things lie when it is drawn.

Places are WGS 84 in degrees, as `lat, lon`; a drawing is in Web Mercator, so that background tiles fit below it.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import median_low
from typing import Any

from domain.database import Database

LARGEST = 2_000_000  # bytes of a GeoJSON file
MOST_POINTS = 20_000
WIDTH = 480  # of the drawing on the page, in its own units: about as many as it has pixels
PICK_WIDTH = (
    288  # CSS pixels: what fits on the narrowest screen, for what is clicked is told in pixels as they are shown
)
FINENESS = 3_200  # a boundary is kept so fine that on a drawing of this width no line is off by a pixel
DECIMALS = 6  # of a degree: a decimetre
SMALLEST = 1e-5  # of the world's width, 250 metres in the Netherlands: what is drawn around a single pin
MARGIN = 0.05  # of the drawing, on each side
FLATTEST, TALLEST = 0.5, 1.25  # height for width
FURTHEST = 0.001  # of the world's width, 25 km in the Netherlands: pins further from the others are no neighbourhood

Point = tuple[float, float]  # lon, lat; or x, y from 0 to 1 in Web Mercator
Ring = list[Point]  # closed: the last point is the first
Shape = list[Ring]  # its outline, then its holes
Box = tuple[float, float, float, float]  # left, top, right, bottom in Web Mercator, from 0 to 1


class NotABoundary(Exception):
    """The file is no boundary of an area. `kind`: too_large, not_geojson, no_area, other_coordinates (such as those of
    the Rijksdriehoek), swapped, too_many_points or broken_line."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def boundary(data: bytes) -> str:
    """The areas in a GeoJSON file (RFC 7946) as the text of one MultiPolygon, as fine as it is ever drawn.

    May take a second; blocks. Raises NotABoundary.
    """
    return geometry_of(shapes_in(data))


def geometry_of(shapes: Sequence[Shape]) -> str:
    """These shapes as the text of one MultiPolygon, as fine as it is ever drawn. Raises NotABoundary (broken_line)."""
    for ring in (ring for shape in shapes for ring in shape):
        refuse_broken(ring)
    left, top, right, bottom = extent([mercator(lat, lon) for shape in shapes for lon, lat in shape[0]])
    tolerance = max(right - left, bottom - top) / FINENESS
    kept = [[simplified(ring, tolerance) for ring in shape] for shape in shapes]
    kept = [[shape[0], *(hole for hole in shape[1:] if len(hole) > 3)] for shape in kept if len(shape[0]) > 3]
    if not kept:
        raise NotABoundary("broken_line")
    return json.dumps({"type": "MultiPolygon", "coordinates": kept}, separators=(",", ":"))


def shapes_in(data: bytes) -> list[Shape]:
    if len(data) > LARGEST:
        raise NotABoundary("too_large")
    try:
        document = json.loads(data.decode("utf-8-sig"))
        refuse_other_system(document)
        shapes = list(shapes_of_any(document))
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError) as error:
        raise NotABoundary("not_geojson") from error
    points = [point for shape in shapes for ring in shape for point in ring]
    if not points:
        raise NotABoundary("no_area")
    if len(points) > MOST_POINTS:
        raise NotABoundary("too_many_points")
    refuse_elsewhere(points)
    return shapes


def shapes_of_any(found: dict[str, Any]) -> Iterator[Shape]:
    match found["type"]:
        case "FeatureCollection":
            for feature in found["features"]:
                yield from shapes_of_any(feature)
        case "Feature":
            if found["geometry"] is not None:
                yield from shapes_of_any(found["geometry"])
        case "GeometryCollection":
            for geometry in found["geometries"]:
                yield from shapes_of_any(geometry)
        case "Polygon":
            yield shape_from(found["coordinates"])
        case "MultiPolygon":
            yield from map(shape_from, found["coordinates"])


def shape_from(rings: list[list[list[float]]]) -> Shape:
    return [[(float(point[0]), float(point[1])) for point in ring] for ring in rings]


WGS_84 = ("CRS84", "4326", "4258")  # the last is ETRS89, half a metre off


def refuse_other_system(document: dict[str, Any]) -> None:
    """Old files name the system of their coordinates; without a name it is WGS 84."""
    named = document.get("crs")
    if named and not str(named["properties"]["name"]).endswith(WGS_84):
        raise NotABoundary("other_coordinates")


def refuse_elsewhere(points: list[Point]) -> None:
    """Raises NotABoundary for what is no place on earth that can be drawn, or has its numbers in the wrong order."""
    if not all(math.isfinite(a) and math.isfinite(b) for a, b in points):
        raise NotABoundary("not_geojson")
    if not all(-180 <= lon <= 180 and -85 <= lat <= 85 for lon, lat in points):
        raise NotABoundary("other_coordinates")
    if all(50 < lon < 54 and 3 < lat < 8 for lon, lat in points):  # the Netherlands, lat before lon
        raise NotABoundary("swapped")


def refuse_broken(ring: Ring) -> None:
    if len(ring) < 4 or ring[0] != ring[-1] or len(set(ring)) < 3:
        raise NotABoundary("broken_line")


def simplified(ring: Ring, tolerance: float) -> Ring:
    """The ring without the points that make no difference of more than `tolerance` (Douglas and Peucker)."""
    kept = corners([mercator(lat, lon) for lon, lat in ring], tolerance)
    return [(round(ring[i][0], DECIMALS), round(ring[i][1], DECIMALS)) for i in kept]


def corners(flat: Sequence[Point], tolerance: float) -> list[int]:
    """Which points of the closed line make a difference of more than `tolerance`."""
    far = max(range(len(flat)), key=lambda i: math.dist(flat[0], flat[i]))
    keep, todo = {0, far, len(flat) - 1}, [(0, far), (far, len(flat) - 1)]
    while todo:
        first, last = todo.pop()
        worst = furthest(flat, first, last, tolerance)
        if worst is not None:
            keep.add(worst)
            todo += [(first, worst), (worst, last)]
    return sorted(keep)


def furthest(flat: Sequence[Point], first: int, last: int, tolerance: float) -> int | None:
    """Of the points between those two the one that lies furthest from the line between them; None if none lies further
    than `tolerance`. Written out: an import asks it of a million points."""
    (ax, ay), (bx, by) = flat[first], flat[last]
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy or 1.0
    most, worst = tolerance * tolerance, None
    for i in range(first + 1, last):
        x, y = flat[i]
        x, y = x - ax, y - ay
        along = (x * dx + y * dy) / length
        if along > 1:
            along = 1.0
        elif along < 0:
            along = 0.0
        x, y = x - along * dx, y - along * dy
        distance = x * x + y * y
        if distance > most:
            most, worst = distance, i
    return worst


def boundary_of(db: Database, process_id: int) -> str:
    """The boundary of the process's area, or the empty text."""
    query = "SELECT boundary FROM areas JOIN processes ON processes.area_id = areas.id WHERE processes.id = ?"
    row = db.execute(query, [process_id]).fetchone()
    return (row and row[0]) or ""


@lru_cache(maxsize=64)
def shapes_of(geometry: str) -> list[Shape]:
    return list(shapes_of_any(json.loads(geometry))) if geometry else []


def contains(geometry: str, lat: float, lon: float) -> bool:
    """Whether the place lies in the area, and not in a hole in it."""
    return sum(crossings(ring, lat, lon) for shape in shapes_of(geometry) for ring in shape) % 2 == 1


def crossings(ring: Ring, lat: float, lon: float) -> int:
    """How often a line to the east crosses the ring."""
    count = 0
    for (lon1, lat1), (lon2, lat2) in pairwise(ring):
        if (lat1 > lat) != (lat2 > lat):
            count += lon < lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1)
    return count


def mercator(lat: float, lon: float) -> Point:
    """x and y on a map of the world, both from 0 to 1: 0, 0 is its north-west corner."""
    return lon / 360 + 0.5, 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def geographic(x: float, y: float) -> Point:
    """lat and lon of that point of the map of the world."""
    return math.degrees(math.atan(math.sinh((0.5 - y) * 2 * math.pi))), (x - 0.5) * 360


def extent(points: Sequence[Point]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def outline_of(geometry: str) -> list[Point]:
    """The points of the boundary on the map of the world, without those of its holes."""
    return [mercator(lat, lon) for shape in shapes_of(geometry) for lon, lat in shape[0]]


def reach(geometry: str) -> Box | None:
    """How far from the area a pin may lie: by the size of the area, to each side. None without a boundary."""
    outline = outline_of(geometry)
    if not outline:
        return None
    left, top, right, bottom = extent(outline)
    size = max(right - left, bottom - top)
    return left - size, top - size, right + size, bottom + size


def within(box: Box, lat: float, lon: float) -> bool:
    x, y = mercator(lat, lon)
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def together(points: Sequence[Point]) -> list[Point]:
    """Of these points of the world those near the middle one, so that a few far away don't stretch the map."""
    if not points:
        return []
    middle = median_low([x for x, _ in points]), median_low([y for _, y in points])
    x, y = min(points, key=lambda point: (math.dist(point, middle), point))
    return [point for point in points if abs(point[0] - x) <= FURTHEST and abs(point[1] - y) <= FURTHEST]


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the world that a drawing shows: its north-west corner, its size, and units a world."""

    left: float
    top: float
    scale: float
    width: int
    height: int

    def at(self, lat: float, lon: float) -> Point:
        x, y = mercator(lat, lon)
        return round((x - self.left) * self.scale, 1), round((y - self.top) * self.scale, 1)

    def line(self, ring: Sequence[Point]) -> list[Point]:
        """Where these points (lon, lat) lie, not rounded: a map of hundreds of areas asks it of tens of thousands."""
        world = (mercator(lat, lon) for lon, lat in ring)
        return [((x - self.left) * self.scale, (y - self.top) * self.scale) for x, y in world]

    def place(self, x: float, y: float) -> Point:
        """lat and lon of a point of the drawing; of its edge where the point lies outside."""
        x, y = min(max(x, 0), self.width), min(max(y, 0), self.height)
        lat, lon = geographic(self.left + x / self.scale, self.top + y / self.scale)
        return round(lat, DECIMALS), round(lon, DECIMALS)

    def shows(self, point: Point) -> bool:
        return 0 <= point[0] <= self.width and 0 <= point[1] <= self.height


def frame_around(points: Sequence[Point], width: int) -> Frame:
    """The drawing of that width with all these points of the world in it, with a margin, neither flat nor tall."""
    left, top, right, bottom = extent(points)
    wide = max(right - left, (bottom - top) / TALLEST, SMALLEST) * (1 + 2 * MARGIN)
    high = max((bottom - top) * (1 + 2 * MARGIN), wide * FLATTEST)
    scale = width / wide
    return Frame((left + right - wide) / 2, (top + bottom - high) / 2, scale, width, round(high * scale))


@dataclass(frozen=True, slots=True)
class Drawing:
    """`path` draws the area (fill-rule evenodd); `places` are where the points of `drawn` lie, None if off the map."""

    frame: Frame
    path: str
    places: tuple[Point | None, ...]


def drawn(geometry: str, points: Sequence[Point], width: int = WIDTH) -> Drawing | None:
    """The area and these places (lat, lon) on one drawing. Without a boundary, around the places that lie together;
    None without both.

    Places that would hide one another stand side by side.
    """
    around = outline_of(geometry) or together([mercator(lat, lon) for lat, lon in points])
    if not around:
        return None
    frame = frame_around(around, width)
    path = "".join(path_of(frame, ring) for shape in shapes_of(geometry) for ring in shape)
    return Drawing(frame, path, tuple(side_by_side(frame, points)))


def path_of(frame: Frame, ring: Ring) -> str:
    corners = [frame.at(lat, lon) for lon, lat in ring[:-1]]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z"


PIN = 28  # across, in units of the drawing


def side_by_side(frame: Frame, points: Sequence[Point]) -> Iterator[Point | None]:
    taken: dict[Point, int] = {}
    for lat, lon in points:
        x, y = frame.at(lat, lon)
        if not frame.shows((x, y)):
            yield None
            continue
        spot = (x // (PIN / 3), y // (PIN / 3))
        taken[spot] = taken.get(spot, 0) + 1
        moved = x + (taken[spot] - 1) * PIN
        yield (moved if moved < frame.width else x), y


def place(geometry: str, x: float, y: float) -> Point:
    """lat and lon of what was clicked on the drawing that is PICK_WIDTH wide. `geometry` is not empty."""
    drawing = drawn(geometry, (), PICK_WIDTH)
    assert drawing is not None
    return drawing.frame.place(x, y)
