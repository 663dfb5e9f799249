"""Search (zoeken): which plans hold the words that somebody typed, by SQLite's FTS5."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from domain.database import Database

SEARCHED = ("title", "summary", "description", "location")
SHORTEST = 3  # characters; FTS5's trigrams find nothing shorter


def fold(text: str) -> str:
    """Lower case without diacritics, so that “cafe” finds “Café”."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def searchable(row: Mapping[str, Any]) -> str:
    """What stands in `plans.words`: the column is folded here, so “tuin” finds “Géveltuin” with any SQLite."""
    return fold("\n".join(str(row.get(name) or "") for name in SEARCHED))


def found(db: Database, process_id: int, typed: str) -> set[int]:
    """The ids of the plans of a process whose text holds every word of `typed`, also inside longer words."""
    words = fold(typed.replace("\0", " ")).split()
    conditions = ["process_id = ?"]
    values: list[Any] = [process_id]
    long = [word for word in words if len(word) >= SHORTEST]
    if long:
        conditions.append("id IN (SELECT rowid FROM plans_fts WHERE plans_fts MATCH ?)")
        values.append(" ".join('"' + word.replace('"', '""') + '"' for word in long))
    for word in words:
        if len(word) < SHORTEST:
            conditions.append("instr(words, ?)")
            values.append(word)
    rows = db.execute(f"SELECT id FROM plans WHERE {' AND '.join(conditions)}", values)
    return {row[0] for row in rows}
