"""Passwords (wachtwoorden) of staff: argon2id, and what a good one is.

Everything here takes 50 ms or more and much memory: call it through `in_turn`, and never inside a write.
"""

import asyncio
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from domain.fields import Wrong
from domain.search import fold

T = TypeVar("T")

# RFC 9106, section 4, the second recommended option: 3 passes over 64 MiB. The first asks for 2 GiB.
HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
AT_ONCE = ThreadPoolExecutor(1, "passwords")  # so they take 64 MiB at most
SHORTEST, LONGEST = 12, 200  # characters
GOOD = 3  # of zxcvbn's scores 0 to 4: more than 10⁸ guesses
READ_BY_ZXCVBN = 72  # characters; it refuses longer texts

# zxcvbn knows the words that English speakers try first; these are ours.
TRIED_FIRST = (
    *("welkom", "wachtwoord", "geheim", "gemeente", "wijkbudget", "wijk", "buurt", "beheer", "beheerder", "stemmen"),
    *("nederland", "holland", "amsterdam", "rotterdam", "utrecht", "denhaag", "ajax", "feyenoord", "oranje", "voetbal"),
    *("lente", "zomer", "herfst", "winter", "januari", "februari", "maart", "mei", "juni", "juli", "augustus"),
    *("september", "oktober", "november", "december", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag"),
    *("inloggen", "toegang", "hallo", "schatje", "liefde", "fietsen", "koekje", "appeltaart"),
)


MOST_WAITING = 20  # two seconds of work


class Busy(Exception):
    """So many passwords wait that nobody would want to: try again later."""


async def in_turn(verb: Callable[..., T], *arguments: object) -> T:
    """What `verb` returns or raises, off the event loop, one at a time. Raises Busy."""
    if AT_ONCE._work_queue.qsize() >= MOST_WAITING:
        raise Busy
    return await asyncio.get_running_loop().run_in_executor(AT_ONCE, verb, *arguments)


def hash_of(password: str) -> str:
    return HASHER.hash(normal(password))


def normal(password: str) -> str:
    """One way to write it: keyboards differ in how they make an é (RFC 8265)."""
    return unicodedata.normalize("NFC", password)


def verify(hash_: str, password: str) -> bool:
    """Whether it is the password of that hash. Without a hash it takes as long, and is not."""
    try:
        return HASHER.verify(hash_ or nobodys(), normal(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False


def outdated(hash_: str) -> bool:
    """Made with other parameters than today's, so it is to be made anew at the next sign-in."""
    return HASHER.check_needs_rehash(hash_)


def text_of(raw: bytes) -> str:
    return b64encode(raw).decode().rstrip("=")


def nobodys() -> str:
    """A hash of nothing that anyone can find: for addresses without an account, so that these take as long."""
    costs = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2id$v=19${costs}${text_of(bytes(16))}${text_of(bytes(32))}"


def problems(field: str, password: str, own: Iterable[str]) -> list[Wrong]:
    """Why it is no good password for who has these names and addresses: too_short, too_long, own_name or common."""
    if len(password) < SHORTEST:
        return [Wrong(field, "too_short", SHORTEST)]
    if len(password) > LONGEST:
        return [Wrong(field, "too_long", LONGEST)]
    words = own_words(own)
    if any(word in fold(password) for word in words):
        return [Wrong(field, "own_name")]
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # its lists of words take memory: only who chooses a password needs them

    score = zxcvbn(password[:READ_BY_ZXCVBN], user_inputs=[*TRIED_FIRST, *words])["score"]
    return [] if score >= GOOD else [Wrong(field, "common")]


def own_words(own: Iterable[str]) -> list[str]:
    """Whole names and addresses and the parts of who it is, folded; not parts so short that any sentence has them."""
    folded = [fold(text) for text in own if text]
    parts = [part for text in folded for part in text.partition("@")[0].replace(".", " ").split()]
    return [word for word in dict.fromkeys([*folded, *parts]) if len(word) > 3]
