"""Search (zoeken): which plans hold the words that somebody typed, by SQLite's FTS5."""

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from domain.database import Database

if TYPE_CHECKING:
    from domain.processes import Process

SEARCHED = ("title", "summary", "description", "location")
SHORTEST = 3  # characters; FTS5's trigrams find nothing shorter


def fold(text: str) -> str:
    """Lower case without diacritics, so that “cafe” finds “Café”."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def searchable(row: Mapping[str, Any]) -> str:
    """What stands in `plans.words`: the column is folded here, so “tuin” finds “Géveltuin” with any SQLite."""
    return fold("\n".join(str(row.get(name) or "") for name in SEARCHED))


def found(db: Database, process: "Process", typed: str) -> set[int]:
    """The ids of the plans that hold every word of `typed`, also inside longer words, in their text or theme."""
    words = fold(typed.replace("\0", " ")).split()
    return set(process.by_id).intersection(*(with_word(db, process, word) for word in words))


def with_word(db: Database, process: "Process", word: str) -> set[int]:
    themes = {theme.id for theme in process.themes if word in fold(theme.name)}
    of_theme = {plan.id for plan in process.all_plans if any(theme.id in themes for theme in plan.themes)}
    return of_theme | in_text(db, process.id, word)


def in_text(db: Database, process_id: int, word: str) -> set[int]:
    if len(word) < SHORTEST:
        rows = db.execute("SELECT id FROM plans WHERE process_id = ? AND instr(words, ?)", [process_id, word])
    else:  # of every process: to join the plans here takes a hundred times as long
        rows = db.execute("SELECT rowid FROM plans_fts WHERE plans_fts MATCH ?", ['"' + word.replace('"', '""') + '"'])
    return {row[0] for row in rows}
