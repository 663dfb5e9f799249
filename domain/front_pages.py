"""The front page of a process: which blocks stand on it in which order, at which address, and who may frame it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain import audit
from domain.database import Database
from domain.designs.making import refuse_host
from domain.designs.model import BLOCKS
from domain.hosts import origins
from domain.processes import Process


def blocks_of(process: Process) -> tuple[str, ...]:
    """The blocks of its front page, from top to bottom."""
    return tuple(block for block in process.blocks if block in BLOCKS) or BLOCKS


def save_blocks(db: Database, process: Process, blocks: Iterable[str], now: datetime, account_id: int) -> bool:
    """False where they were so already. Raises ValueError for what is no block, and for none at all."""
    wanted = [*dict.fromkeys(blocks)]
    if not wanted or not set(wanted) <= set(BLOCKS):
        raise ValueError(wanted)
    return save(db, process, {"blocks": json.dumps(wanted)}, now, account_id)


def save_addresses(
    db: Database, process: Process, host: str, framers: Iterable[str], now: datetime, account_id: int
) -> bool:
    """The process has this host name (domain/hosts.py: host) or none, and these sites may frame it. False where it was
    so already. Raises HostTaken."""
    refuse_host(db, host, process.id)
    return save(db, process, {"host": host, "frame_ancestors": json.dumps([*origins(framers)])}, now, account_id)


def save(db: Database, process: Process, wanted: Mapping[str, Any], now: datetime, account_id: int) -> bool:
    before = next(db.query(f"SELECT {', '.join(wanted)} FROM processes WHERE id = ?", [process.id]))
    changed = [name for name, value in wanted.items() if value != before[name]]
    if changed:
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        db.execute(f"UPDATE processes SET {sets} WHERE id = :id", {**wanted, "id": process.id})
        audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=changed)
    return bool(changed)
