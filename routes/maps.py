"""The map of a process: its plans on it, and the small one on which somebody points out a place."""

import json
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from domain import maps
from domain.maps import Drawing, Point
from domain.plans import Plan, ordered
from domain.processes import Process
from routes.forms import Form
from routes.pages import page, process_or_404, shared, site_of
from routes.replies import Reply, reply


@dataclass(frozen=True, slots=True)
class Pin:
    """A plan on the map; the list beside it has the same number."""

    number: int
    plan: Plan
    x: float
    y: float


@page("/{slug:str}/kaart")
async def show(request: Request, slug: FromPath[str]) -> Reply:
    """With `plan` in the address, that plan stands out."""
    process = process_or_404(request, slug)
    asked = request.query_params.get("plan", "")
    marked = next((plan.id for plan in running(process) if str(plan.id) == asked), None)

    def values() -> dict[str, Any]:
        drawing, pins = map_of(process, geometry_of(request, process))
        drawn = {pin.plan.id for pin in pins}
        return {
            "drawing": drawing,
            "pins": pins,
            "marked": marked,
            "elsewhere": [plan for plan in ordered(running(process), "title", 0) if plan.id not in drawn],
        }

    return shared(request, "maps/show.html", process, ("map", marked), values)


@page("/{slug:str}/kaart.json")
async def places(request: Request, slug: FromPath[str]) -> Reply:
    """What static/map.js draws: the area and the pins."""
    process = process_or_404(request, slug)
    geometry = geometry_of(request, process)
    pins = [
        {"number": pin.number, "title": pin.plan.title, "url": pin.plan.url, "lat": pin.plan.lat, "lon": pin.plan.lon}
        for pin in map_of(process, geometry)[1]
    ]
    body = json.dumps({"boundary": json.loads(geometry) if geometry else None, "pins": pins})
    return reply(body.encode(), "application/json", {"Cache-Control": "no-cache"})


@page("/{slug:str}/kaart.svg")
async def picture(request: Request, slug: FromPath[str]) -> Reply:
    """The area, PICK_WIDTH wide, with a pin where ?lat and ?lon say: what an `<input type="image">` shows."""
    process = process_or_404(request, slug)
    drawing = maps.drawn(geometry_of(request, process), (), maps.PICK_WIDTH)
    if drawing is None:
        raise NotFoundException
    query = request.query_params
    pin = place_from(query.get("lat", ""), query.get("lon", ""))
    body = svg_of(drawing, drawing.frame.at(*pin) if pin else None)
    return reply(body.encode(), "image/svg+xml", {"Cache-Control": "no-cache"})


def svg_of(drawing: Drawing, pin: Point | None) -> str:
    width, height = drawing.frame.width, drawing.frame.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<path fill="#e8ece9" d="M0 0H{width}V{height}H0Z"/>'
        f'<path fill="#fff" stroke="#0b6b50" stroke-width="2" fill-rule="evenodd" d="{drawing.path}"/>'
        + (
            f'<circle cx="{pin[0]:g}" cy="{pin[1]:g}" r="9" fill="#b3261e" stroke="#fff" stroke-width="3"/>'
            if pin
            else ""
        )
        + "</svg>"
    )


def geometry_of(request: Request, process: Process) -> str:
    return maps.boundary_of(site_of(request).reader, process.id)


def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """For templates/maps/on_plan.html, on the page of the plan and in its preview."""
    return {"on_map": on_map(geometry_of(request, process), plan)}


def on_map(geometry: str, plan: Plan) -> bool:
    """The plan has a pin, and it lies on the drawing of the area."""
    if not geometry or plan.lat is None or plan.lon is None:
        return False
    drawing = maps.drawn(geometry, (), maps.PICK_WIDTH)
    return drawing is not None and drawing.frame.shows(drawing.frame.at(plan.lat, plan.lon))


def running(process: Process) -> list[Plan]:
    return [plan for plan in process.plans if not plan.withdrawn]


def map_of(process: Process, geometry: str) -> tuple[Drawing | None, list[Pin]]:
    """The drawing, and the plans on it from north to south: an order that no plan can be given or asks for."""
    with_place = [(plan, (plan.lat, plan.lon)) for plan in running(process) if plan.lat is not None and plan.lon]
    with_place.sort(key=lambda pair: (-(pair[0].lat or 0), pair[0].id))
    drawing = maps.drawn(geometry, [place for _, place in with_place])
    places = drawing.places if drawing else ()
    on_map = [(plan, at) for (plan, _), at in zip(with_place, places, strict=True) if at]
    return drawing, [Pin(number, plan, *at) for number, (plan, at) in enumerate(on_map, start=1)]


def picked(request: Request, process: Process, form: Form) -> Point | None:
    """lat and lon of what was clicked on the picture (`<input type="image" name="prik">`), if it was.

    0, 0 is what a browser sends where the picture is pressed by keyboard, or stands in for a form's button.
    """
    x, y = form.get("prik.x"), form.get("prik.y")
    geometry = geometry_of(request, process)
    if not geometry or (x, y) == ("0", "0") or not all(n.isascii() and n.isdigit() and len(n) < 5 for n in (x, y)):
        return None
    return maps.place(geometry, int(x), int(y))


def place_from(lat: str, lon: str) -> Point | None:
    """A place as it stands in a form or address, if it is one on earth."""
    try:
        place = float(lat), float(lon)
    except ValueError:
        return None
    return place if abs(place[0]) <= 85 and abs(place[1]) <= 180 else None  # not NaN either
