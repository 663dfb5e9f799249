"""The map that moves, in a real browser; its background is laid ready here."""

import io

from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo


def test_a_pin_tells_its_plan_and_closes_in_dutch(phone: Page, demo: Demo) -> None:
    tile = io.BytesIO()
    Image.new("RGB", (256, 256), "white").save(tile, "PNG")
    phone.route("**/kaart/tegels/**", lambda route: route.fulfill(body=tile.getvalue(), content_type="image/png"))
    phone.goto(demo("/laak/kaart"))
    phone.get_by_role("button", name="Toon kaart").click()
    phone.locator(".leaflet-marker-icon").first.press("Enter")
    expect(phone.locator(".leaflet-popup a[href*=plannen]")).to_be_visible()
    phone.get_by_role("button", name="Sluit", exact=True).press("Enter")
    expect(phone.locator(".leaflet-popup")).to_have_count(0)
