"""Links in mails: used once, for a while. And what a form carries along, sealed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import pytest

from domain import drafts, links
from domain.database import Database, writing
from domain.drafts import Draft
from domain.links import BrokenSeal
from tests.cast import AICHA, BRAM, NOW

TYPED = {"purpose": "reaction", "payload": {"text": "Goed idee! 🌳 <b>"}}
MINUTE = timedelta(minutes=1)


def test_a_link_can_be_used_once(db: Database) -> None:
    with writing(db):
        token = links.make(db, "support", AICHA.email, {"plan": 7}, NOW)
    for _ in range(2):  # to look is not to use
        link = links.read(db, token, NOW)
        assert link is not None
        assert (link.purpose, link.email, link.payload) == ("support", AICHA.email, {"plan": 7})
    with writing(db):
        assert links.use(db, token, NOW) == link
        assert links.use(db, token, NOW) is None
    assert links.read(db, token, NOW) is None
    found = links.find(db, token)
    assert found is not None
    assert found.used


def test_a_link_holds_for_as_long_as_it_says(db: Database) -> None:
    with writing(db):
        token = links.make(db, "support", AICHA.email, {}, NOW, timedelta(hours=1))
    assert links.read(db, token, NOW + timedelta(minutes=59))
    assert links.read(db, token, NOW + timedelta(hours=1)) is None
    with writing(db):
        assert links.use(db, token, NOW + timedelta(hours=1)) is None


def test_the_database_does_not_hold_the_token(db: Database) -> None:
    with writing(db):
        token = links.make(db, "support", AICHA.email, {}, NOW)
    assert token not in str(list(db.query("SELECT * FROM links")))
    assert links.find(db, token[:-1]) is None
    assert links.find(db, "") is None


def test_what_a_used_link_carried_is_kept_no_longer(db: Database) -> None:
    with writing(db):
        token = links.make(db, "reaction", AICHA.email, {"text": "Goed idee"}, NOW)
        links.use(db, token, NOW)
        links.done(db, token, "/bezuidenhout/plannen/1")
    found = links.find(db, token)
    assert found is not None
    assert (found.payload, found.email) == ({"path": "/bezuidenhout/plannen/1"}, "")


def test_links_to_one_address_are_counted_for_an_hour(db: Database) -> None:
    with writing(db):
        for minutes in (0, 30):
            links.make(db, "support", AICHA.email, {}, NOW + minutes * MINUTE)
        links.make(db, "support", BRAM.email, {}, NOW)
        links.make(db, "password_reset", AICHA.email, {}, NOW)
    counted = [links.made_lately(db, ["support"], AICHA.email, NOW + minutes * MINUTE) for minutes in (30, 59, 61, 91)]
    assert counted == [2, 2, 1, 0]


def test_what_was_typed_comes_back_out_of_the_seal(secret: bytes) -> None:
    sealed = links.seal(secret, TYPED, NOW)
    assert "Goed" not in sealed
    assert b"Goed" not in urlsafe_b64decode(sealed)
    assert links.unseal(secret, sealed, NOW + timedelta(hours=23)) == TYPED


def test_a_seal_that_is_not_ours_not_whole_or_too_old_is_broken(secret: bytes) -> None:
    sealed = links.seal(secret, TYPED, NOW)
    raw = bytearray(urlsafe_b64decode(sealed))
    raw[20] ^= 1
    forged = urlsafe_b64encode(raw).decode()
    foreign = links.seal(b"x" * 32, TYPED, NOW)
    ballot = drafts.seal(secret, 1, Draft((1,), AICHA.code))  # sealed by us, but as something else
    for text in ("", "geen zegel", "💚", forged, foreign, ballot, sealed[:-4], sealed[:8]):
        with pytest.raises(BrokenSeal):
            links.unseal(secret, text, NOW)
    with pytest.raises(BrokenSeal):
        links.unseal(secret, sealed, NOW + timedelta(hours=24))
