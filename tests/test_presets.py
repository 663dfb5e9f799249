"""The presets (voorbeelden) to begin with: each is whole but for what only the place itself can say."""

import re
from datetime import date
from pathlib import Path

import pytest

from domain import processes
from domain.database import writing
from domain.designs import files, making, model
from domain.phase_kinds import KINDS
from domain.phases import HERE

PRESETS = sorted(Path("config/presets").glob("*.toml"))
OF_THE_PLACE = {
    "traject-name": "Proef",
    "traject-municipality": "Proefstad",
    "traject-area": "Proefwijk",
    "privacy-legal_basis": "public_task",
    "privacy-controller": "Gemeente Proefstad",
    "privacy-privacy_contact": "privacy@proefstad.example",
}


def preset(path):
    return files.read(path.read_bytes())


def completed(path):
    return model.placed(model.decided(preset(path), OF_THE_PLACE), date(2027, 1, 4))


def test_there_are_the_seven():
    assert len(PRESETS) == 7


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_only_what_the_place_itself_knows_is_left_to_decide(path):
    assert {choice.field for choice in model.undecided(preset(path))} == OF_THE_PLACE.keys()
    assert model.clashes(completed(path)) == []


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_it_says_where_it_comes_from_and_what_it_taught(path):
    about = preset(path).about
    assert all(len(about[name]) > 20 for name in ("title", "source", "taught"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_its_phases_have_words_and_follow_one_another(path):
    design = completed(path)
    assert all(phase.text for phase in design.phases)
    ordered = [phase.kind for phase in sorted(design.phases, key=lambda phase: phase.opens_at)]
    assert ordered == [kind for kind in KINDS if kind in ordered]


def test_the_evening_of_volunteers_ends_with_its_result():
    """As its text says: the result hangs there the same evening."""
    vote, result = (
        completed(Path("config/presets/buurtbudget-vrijwilligers.toml")).spans[k] for k in ("vote", "result")
    )
    local = [moment.astimezone(HERE) for moment in (vote.opens, vote.closes, result.opens)]
    assert [f"{moment:%H:%M}" for moment in local] == ["19:00", "21:30", "21:30"]
    assert len({moment.date() for moment in local}) == 1


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_process_made_of_it_exports_to_the_same_file(path, db, clock):
    with writing(db):
        db.execute(
            "INSERT OR IGNORE INTO accounts (id, email, name, created_at) "
            "VALUES (1, 'bea@x.example', 'Bea', '2026-01-01T00:00:00Z')"
        )
        slug = making.create(db, completed(path), clock.now, 1)
    exported = files.written(making.of(db, processes.load(db, slug)))
    again = files.read(exported.encode())
    assert files.written(again) == exported
    with writing(db):
        twin = making.create(db, again, clock.now, 1)
    assert files.written(making.of(db, processes.load(db, twin))) == exported


NUMBER = re.compile(r"\d|\b(twee|drie|vier|vijf|zes|tien)\b|\b(minstens|hoogstens)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_its_texts_name_no_number_that_is_a_choice(path):
    """Who changes the choice would have to find the text; the pages say the number beside it."""
    texts = [span.text for span in preset(path).spans.values()]
    texts += [text for kind in KINDS.values() for text in kind.example.values()]
    assert not [text for text in texts if NUMBER.search(text)]
