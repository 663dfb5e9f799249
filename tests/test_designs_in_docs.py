"""docs/designs/: the design of every process of the demo, as it is exported, to look over a shoulder at.

Run as a program, `uv run python tests/test_designs_in_docs.py`, this writes them anew.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain import areas, demo_crowds, demos, processes
from domain.areas import CODE
from domain.database import connect
from domain.designs import files, making, model

FOLDER = Path(__file__).parents[1] / "docs" / "designs"
NOW = datetime(2026, 5, 12, 10, tzinfo=UTC)  # the dates of a demo follow from the day that it is made


def exported(directory: Path) -> dict[str, str]:
    """The file of each process of a demo that is made in that directory."""
    demo = demos.make(directory / "demo.db", NOW)
    db = connect(demo.path, readonly=True)
    designs = {slug: files.written(making.of(db, demo_crowds.process_of(db, slug))) for slug in processes.slugs(db)}
    db.close()
    return designs


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return exported(tmp_path_factory.mktemp("designs"))


def test_they_are_those_of_the_demo(designs: dict[str, str]) -> None:
    assert {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.toml")} == designs


def test_each_can_be_made_into_a_process_as_it_is(designs: dict[str, str]) -> None:
    for slug, text in designs.items():
        design = files.read(text.encode())
        assert not model.undecided(design), slug
        assert not model.clashes(design), slug
        assert files.written(design) == text


def test_three_differ_in_method_codes_and_look(designs: dict[str, str]) -> None:
    three = [files.read(designs[slug].encode()) for slug in (demos.SLUG, "baardwijk-beslist", "vogelbuurt-verdeelt")]
    assert [design["vote-voting_method"] for design in three] == ["knapsack", "approval", "choose-1"]
    assert [design["vote-codes_by"] for design in three] == ["letter", "letter", "card"]
    assert len({str(sorted(design.tokens.items())) for design in three}) == 3


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as directory:
        for slug, text in exported(Path(directory)).items():
            (FOLDER / f"{slug}.toml").write_text(text, "utf-8")


def test_what_lies_in_a_real_municipality_has_a_made_up_code(tmp_path: Path) -> None:
    db = connect(demos.make(tmp_path / "demo.db", NOW).path, readonly=True)
    listed = [(area.name, area.code, area.level) for area in areas.tree(db)]
    db.close()
    assert ("Den Haag", "GM0518", "municipality") in listed
    made_up = [code for _, code, level in listed if level != "municipality"]
    assert all(CODE.fullmatch(code) and code[6] == "D" for code in made_up)
