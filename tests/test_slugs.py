"""No process may be called so that it hides a page of the site, or is hidden by one."""

import sqlite3

import pytest
from litestar.testing import TestClient

from app import ROUTES
from domain.database import Database
from domain.processes import RESERVED, SlugTaken, free_slug, slug_from
from tests.cast import insert_vote


def first_segments() -> set[str]:
    """Of every path that the site answers, the part that could be taken for a slug."""
    paths = {path for route in ROUTES for path in route.paths}
    return {path.split("/")[1] for path in paths} - {"", "{slug:str}"}


def test_every_page_of_the_site_is_reserved() -> None:
    assert len(first_segments()) > 8
    for segment in first_segments():
        assert segment.strip(".").split(".")[0] in RESERVED, segment


def test_pages_to_come_are_reserved_too() -> None:
    assert {"beheer", "api", "login", "kaart", "wijken"} <= RESERVED


def test_a_reserved_slug_is_refused(db: Database, secret: bytes) -> None:
    for slug in ("hulp", "privacy", "static", "taal", "foto", "health"):
        with pytest.raises(SlugTaken):
            insert_vote(db, secret, slug=slug)
    assert db.table("processes").count == 0


@pytest.mark.parametrize("slug", ["a", "Bezuidenhout", "bezuiden hout", "é", "-x", "a/b", "..", "a" * 61, "", "x.y"])
def test_a_slug_that_no_address_can_have_is_refused_by_the_schema(db: Database, secret: bytes, slug: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        insert_vote(db, secret, slug=slug)


def test_names_become_slugs() -> None:
    for name, slug in (
        ("Bezuidenhout beslist!", "bezuidenhout-beslist"),
        ("  Café  Ó'Neill 2026 ", "cafe-o-neill-2026"),
        ("שכונה", "traject"),
        ("💚", "traject"),
        ("A", "traject"),
        ("x" * 100, "x" * 60),
    ):
        assert slug_from(name) == slug


def test_a_name_that_is_taken_gets_a_number(db: Database, secret: bytes) -> None:
    assert free_slug(db, "hulp") == "hulp-2"
    insert_vote(db, secret)
    assert free_slug(db, "bezuidenhout") == "bezuidenhout-2"


def test_a_process_never_hides_a_page(client: TestClient, db: Database, secret: bytes) -> None:
    insert_vote(db, secret, slug="hulp-2")
    assert "Hulp en contact" in client.get("/hulp").text
    assert "Hulp-2 beslist" in client.get("/hulp-2").text
