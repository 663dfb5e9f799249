"""Presets (voorbeelden): designs to begin with, as files in config/presets/."""

from functools import cache
from pathlib import Path

from domain.designs import files
from domain.designs.model import Design

FOLDER = Path(__file__).parents[2] / "config" / "presets"


@cache
def all_presets() -> dict[str, Design]:
    """By the name of their file, in that order. Raises FlawedFile for one that is not right."""
    return {path.stem: files.read(path.read_bytes()) for path in sorted(FOLDER.glob("*.toml"))}
