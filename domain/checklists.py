"""Checklists (checklists): what staff look at in every plan of a process."""

from dataclasses import dataclass
from datetime import datetime

from domain import audit, database
from domain.database import Database

LONGEST = 200  # characters

# What a new process starts with, in its own language: it is content that a beheerder changes, not a text of the site.
DEFAULT = {
    "nl": (
        "Past het plan bij het thema?",
        "Past het plan binnen het budget?",
        "Zijn de kosten eenmalig?",
        "Is duidelijk wie het onderhoud doet?",
        "Kan er een vergunning komen, of is die niet nodig?",
        "Vindt de eigenaar van de grond of het gebouw het goed?",
        "Past het plan binnen de wet en het beleid?",
        "Kan het binnen 12 maanden klaar zijn?",
        "Is het plan niet commercieel, religieus of politiek?",
    ),
    "en": (
        "Does the plan fit the theme?",
        "Does the plan fit within the budget?",
        "Are the costs one-off?",
        "Is it clear who does the maintenance?",
        "Can a permit be had, or is none needed?",
        "Does the owner of the land or the building agree?",
        "Does the plan fit the law and policy?",
        "Can it be done within 12 months?",
        "Is the plan not commercial, religious or political?",
    ),
}


class NoSuchItem(LookupError):
    """The checklist of this process has no such item, or it is not asked any more."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `retired`: not asked any more, but answered once."""

    id: int
    text: str
    retired: bool = False


def started(db: Database, process_id: int) -> bool:
    """Whether the process ever had a checklist; one that was emptied on purpose counts."""
    row = db.execute("SELECT 1 FROM checklist_items WHERE process_id = ? LIMIT 1", [process_id]).fetchone()
    return row is not None


def insert_default(db: Database, process_id: int) -> None:
    """Give the process the DEFAULT in its language, unless it ever had a checklist."""
    if started(db, process_id):
        return
    (language,) = db.execute("SELECT language FROM processes WHERE id = ?", [process_id]).fetchone()
    for place, text in enumerate(DEFAULT.get(language, DEFAULT["nl"])):
        insert(db, process_id, place, text)


def insert(db: Database, process_id: int, place: int, text: str) -> int:
    return database.insert(db, "checklist_items", {"process_id": process_id, "place": place, "text": text})


def of_process(db: Database, process_id: int, *, retired: bool = False) -> list[Item]:
    """What is asked, in order; `retired` adds what was asked before, behind it."""
    rows = db.execute(
        "SELECT id, text, retired FROM checklist_items WHERE process_id = ? AND retired <= ? "
        "ORDER BY retired, place, id",
        [process_id, int(retired)],
    )
    return [Item(id_, text, bool(gone)) for id_, text, gone in rows]


def add(db: Database, process_id: int, text: str, account_id: int, now: datetime) -> int:
    """Ask one more, as the last. What is asked already in the same words is left as it is, so a double click adds
    one."""
    for item in of_process(db, process_id):
        if item.text == text:
            return item.id
    (place,) = db.execute(
        "SELECT coalesce(max(place), -1) + 1 FROM checklist_items WHERE process_id = ?", [process_id]
    ).fetchone()
    item_id = insert(db, process_id, place, text)
    audit.record(db, account_id, process_id, "checklist_added", f"item {item_id}", now)
    return item_id


def change(db: Database, process_id: int, item_id: int, text: str, account_id: int, now: datetime) -> int:
    """Ask it in other words: a new item in its place, because the answers given so far were to the old words.

    Raises NoSuchItem.
    """
    item = one(db, process_id, item_id)
    if item.text == text:
        return item_id
    (place,) = db.execute("SELECT place FROM checklist_items WHERE id = ?", [item_id]).fetchone()
    db.execute("UPDATE checklist_items SET retired = 1 WHERE id = ?", [item_id])
    new_id = insert(db, process_id, place, text)
    audit.record(db, account_id, process_id, "checklist_changed", f"item {new_id}", now, was=item_id)
    return new_id


def retire(db: Database, process_id: int, item_id: int, account_id: int, now: datetime) -> None:
    """Don't ask it any more; the answers stay. Raises NoSuchItem."""
    one(db, process_id, item_id)
    db.execute("UPDATE checklist_items SET retired = 1 WHERE id = ?", [item_id])
    audit.record(db, account_id, process_id, "checklist_retired", f"item {item_id}", now)


def move(db: Database, process_id: int, item_id: int, steps: int, account_id: int, now: datetime) -> None:
    """Ask it that many places later (below zero: earlier), at most as first or last. Raises NoSuchItem."""
    ids = [item.id for item in of_process(db, process_id)]
    if item_id not in ids:
        raise NoSuchItem(item_id)
    before = list(ids)
    ids.remove(item_id)
    ids.insert(max(0, before.index(item_id) + steps), item_id)
    if ids == before:
        return
    for place, id_ in enumerate(ids):
        db.execute("UPDATE checklist_items SET place = ? WHERE id = ?", [place, id_])
    audit.record(db, account_id, process_id, "checklist_moved", f"item {item_id}", now, steps=steps)


def one(db: Database, process_id: int, item_id: int) -> Item:
    """Raises NoSuchItem."""
    for item in of_process(db, process_id):
        if item.id == item_id:
            return item
    raise NoSuchItem(item_id)
