"""The dress rehearsal: played from the first plan to the result, told in words, and gone without a trace."""

import asyncio
import hashlib
import json
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from domain import rehearsals, rehearsing, sealing
from domain.database import Database, writing
from domain.designs import drafts, model, presets, trials
from domain.designs.model import Design, Span
from domain.phase_kinds import KINDS
from domain.processes import Process
from domain.rehearsals import STEPS, Order, Place, Rehearsed
from routes import rehearsals as runner
from routes.rehearsals import KEPT
from routes.site import Site
from routes.staff.rehearsals import steps_of
from tests.cast import NOW
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, NINA, TESSA, sign_in_as

FIRST = date(2027, 1, 4)
PRESETS = presets.all_presets()
DEN_HAAG = "den-haag-wijkbudget"
SQUARE = json.dumps({"type": "Polygon", "coordinates": [[[4.3, 52.0], [4.4, 52.0], [4.4, 52.1], [4.3, 52.0]]]})
EVERYWHERE = {"plan_early", "plan_late", "plan_too_dear", "code_unknown", "unknown_plan", "sent_twice"}
EVERYWHERE |= {"ballot_early", "ballot_late", "plan_edited", "codes_late", "verdict_second"}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where rehearsals are played in this test, and nothing may stay."""
    folder = tmp_path / "stage"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def played(design: Design, number: int = 50, seed: int = 7, places: tuple[Place, ...] = ()) -> Rehearsed:
    whole = trials.completed(design, FIRST).design
    return rehearsing.rehearse(Order(whole, number, seed, places), Path(tempfile.mkdtemp()))


def found(outcome: Rehearsed) -> set[str]:
    return {finding.kind for finding in outcome.findings}


def counted(outcome: Rehearsed) -> dict[str, int]:
    return {one.what: one.number for one in outcome.counts}


# What is played


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs_to_its_result(stage: Path, name: str) -> None:
    outcome = played(PRESETS[name], 250)
    assert outcome.ballots == counted(outcome)["ballots"] == 150
    assert sum(row.granted for row in outcome.rows) == outcome.spent > 0
    assert {row.status for row in outcome.rows if row.on_ballot} >= {"funded"}
    assert set(outcome.refused) >= EVERYWHERE
    assert not found(outcome) & {"not_refused", "in_the_way", "plan_refused", "no_valid_ballot", "nobody_won"}
    assert not [*stage.iterdir()]


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        (DEN_HAAG, {"too_expensive", "code_used", "support_twice", "support_late"}),
        ("amsterdam-stadsdeelbudget", {"too_few", "blank_not_allowed"}),
        ("amsterdam-per-thema", {"theme_too_expensive"}),
        ("waalwijk-per-thema", {"theme_too_many"}),
        ("buurtbudget-vrijwilligers", {"too_many"}),
    ],
)
def test_the_limits_of_the_preset_are_tried_and_hold(stage: Path, name: str, refused: set[str]) -> None:
    assert refused <= set(played(PRESETS[name], 250).refused)


def test_the_same_seed_gives_the_same_result_and_another_does_not(stage: Path) -> None:
    one, again, other = (played(PRESETS["assen"], seed=seed) for seed in (3, 3, 4))
    assert one.rows == again.rows
    assert one.rows != other.rows


def test_the_mails_are_caught_and_one_of_each_kind_is_shown(stage: Path) -> None:
    outcome = played(PRESETS["amsterdam-stadsdeelbudget"], 250)
    post = {one.kind: one for one in outcome.post}
    plans, supporters = counted(outcome)["plans"], counted(outcome)["supporters"]
    assert post["confirm"].number == plans + supporters + counted(outcome)["followers"]
    assert post["plan_received"].number == post["plan_published"].number == plans
    assert post["verdict"].number == counted(outcome)["feasible"] + counted(outcome)["infeasible"]
    assert post["verdict"].mail.content["title"]
    assert post["news"].number >= 1


def test_what_it_says_is_the_same_on_the_other_side_of_json(stage: Path) -> None:
    outcome = played(PRESETS[DEN_HAAG])
    assert rehearsals.rehearsed_from_json(json.loads(json.dumps(outcome.to_json()))) == outcome
    order = Order(trials.completed(PRESETS[DEN_HAAG], FIRST).design, 50, 9, (Place("Laak", "", "wijk", SQUARE),))
    assert rehearsals.order_from_json(order.to_json()) == order


def test_within_the_boundary_of_the_area_a_plan_far_away_is_refused(stage: Path) -> None:
    design = model.decided(PRESETS[DEN_HAAG], {"traject-municipality": "Den Haag", "traject-area": "Laak"})
    town, laak = Place("Den Haag", "GM0518", "municipality", ""), Place("Laak", "", "wijk", SQUARE)
    assert "plan_outside" in played(design, places=(town, laak)).refused
    assert "plan_outside" not in played(design, places=(town, replace(laak, boundary=""))).refused


# What may want changing


def test_nobody_reaches_the_support_that_is_asked(stage: Path) -> None:
    outcome = played(model.decided(PRESETS[DEN_HAAG], {"support-support_threshold": 51}))
    assert found(outcome) >= {"nobody_enough_support", "nothing_on_ballot"}
    assert (outcome.ballots, outcome.spent) == (0, 0)


def test_money_enough_for_every_plan_is_told(stage: Path) -> None:
    """With a maximum for a plan that is small beside the budget."""
    outcome = played(model.decided(PRESETS[DEN_HAAG], {"money-budget": 10**9, "collect-max_plan_cost": 10**6}))
    assert found(outcome) >= {"all_fit", "much_left"}


def test_a_theme_that_asks_more_plans_than_there_are_is_told(stage: Path) -> None:
    themes = tuple(replace(theme, min_length=4, max_length=None) for theme in PRESETS["waalwijk-per-thema"].themes)
    design = model.decided(PRESETS["waalwijk-per-thema"], {"vote-max_length": None})
    outcome = played(replace(design, themes=themes))
    assert "theme_short" in found(outcome)


def test_a_ballot_that_nobody_can_fill_in_is_told(stage: Path) -> None:
    design = model.decided(PRESETS["amsterdam-stadsdeelbudget"], {"vote-min_length": 30})
    outcome = played(design, 250)
    assert "no_valid_ballot" in found(outcome)
    assert not outcome.ballots


def test_without_a_vote_there_is_no_result(stage: Path) -> None:
    outcome = played(Design(spans=model.laid_out(["collect", "support"])))
    assert "no_vote" in found(outcome)
    assert outcome.ballots is None
    assert len(outcome.rows) == counted(outcome)["plans"]


def test_without_a_phase_to_collect_the_plans_are_brought_in(stage: Path) -> None:
    outcome = played(Design({"vote-voting_method": "approval"}, spans=model.laid_out(["vote", "result"])))
    assert "no_collect" in found(outcome)
    assert outcome.ballots
    assert outcome.spent


def test_an_assessment_after_the_vote_began_has_nothing_to_do(stage: Path) -> None:
    spans = {"collect": Span(day=0, days=10), "assess": Span(day=25, days=5), "vote": Span(day=20, days=20)}
    outcome = played(Design(spans=spans))
    assert found(outcome) >= {"nothing_to_assess", "nothing_on_ballot"}


@st.composite
def phases_at_odds(draw: st.DrawFn) -> Design:
    """A preset whose phases lie in any order, some of them gone, and choices that were never meant together."""
    design = PRESETS[draw(st.sampled_from([*PRESETS]))]
    kept = {"vote", *draw(st.sets(st.sampled_from(["collect", "support", "assess", "result", "deliver"])))}
    spans = {
        kind: Span(day=draw(st.integers(0, 60)), days=draw(st.integers(1, 40))) for kind in design.spans if kind in kept
    }
    values = {
        "collect-submitters": draw(st.sampled_from(["mail", "staff"])),
        "collect-plan_moderation": draw(st.sampled_from(["before", "after"])),
        "support-supporters": draw(st.sampled_from(["mail", "code"])),
        "support-support_threshold": draw(st.integers(0, 30)),
        "vote-change_allowed": draw(st.booleans()),
    }
    return model.decided(replace(design, spans=spans), values)


@settings(max_examples=25)
@given(phases_at_odds(), st.integers(1, 1_000))
def test_whatever_the_dates_it_ends_with_an_outcome_and_without_a_trace(design: Design, seed: int) -> None:
    with tempfile.TemporaryDirectory() as outer:
        directory = Path(outer, "stage")
        directory.mkdir()
        whole = trials.completed(design, FIRST).design
        outcome = rehearsing.rehearse(Order(whole, 12, seed), directory)
        assert "not_refused" not in found(outcome)
        assert not directory.exists()


def test_also_when_it_breaks_nothing_stays(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise sealing.CannotSeal("the curtain fell")

    monkeypatch.setattr(sealing, "seal", broken)
    with pytest.raises(sealing.CannotSeal):
        played(PRESETS[DEN_HAAG])
    assert not [*stage.iterdir()]


# Completing a design


def test_what_is_undecided_is_filled_in_and_named() -> None:
    completed = trials.completed(Design(), FIRST)
    assert not model.undecided(completed.design)
    assert {"traject-name", "money-budget", "vote-voting_method"} <= {choice.field for choice in completed.filled}
    assert completed.dated == tuple(completed.design.spans)


def test_what_is_decided_stays_and_has_nothing_to_name() -> None:
    design = trials.completed(PRESETS[DEN_HAAG], FIRST).design
    again = trials.completed(design, FIRST + timedelta(days=99))
    assert again.design == design
    assert (again.filled, again.dated) == ((), ())


def test_the_money_that_is_filled_in_is_enough_for_the_themes() -> None:
    themes = (model.ThemeChoice("Groen", budget=60_000_00), model.ThemeChoice("Jeugd", budget=20_000_00))
    completed = trials.completed(Design(themes=themes), FIRST)
    assert completed.design["money-budget"] == 80_000_00


# The pages


@pytest.fixture
def here(client: TestClient, db: Database, secret: bytes, process: Process, stage: Path) -> str:
    """The address of a design of Bea, begun from the preset of Den Haag and undecided still."""
    account = sign_in_as(client, db, secret, process, BEA)
    with writing(db):
        return f"/beheer/ontwerpen/{drafts.start(db, PRESETS[DEN_HAAG], account, NOW)}"


def start(client: TestClient, here: str, residents: int = 50) -> str:
    """The address of the rehearsal that was started."""
    answer = client.post(f"{here}/repetitie", data={"bewoners": str(residents)})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def outcome_of(client: TestClient, path: str) -> str:
    """The page once it is over."""
    for _ in range(300):
        page = client.get(path)
        if "De repetitie loopt" not in page.text:
            return page.text
        time.sleep(0.1)
    raise AssertionError("it never ended")


def dump(db: Database) -> str:
    """Everything that stands in the database, as one hash. Sessions are touched by whoever looks at a page."""
    listed = (line for line in db.conn.iterdump() if 'INTO "staff_sessions"' not in line)
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


def test_the_form_says_what_nobody_decided_yet(client: TestClient, here: str) -> None:
    said = words(client.get(f"{here}/repetitie").text)
    assert "Dit is nog niet gekozen. Voor de repetitie nemen we:" in said
    assert "Proefstad" in said
    assert "250 bewoners" in said


def test_from_the_button_to_what_came_of_it(client: TestClient, db: Database, here: str, stage: Path) -> None:
    before = dump(db)
    page = outcome_of(client, start(client, here))
    said = words(page)
    assert "50 verzonnen bewoners speelden het hele traject" in said
    assert "Een stemcode een tweede keer gebruiken" in said
    assert "Bevestig" in said
    assert "Dit overzicht staat nergens opgeslagen" in said
    assert "Dit is nog niet gekozen" in said
    assert dump(db) == before
    assert not [*stage.iterdir()]


def test_while_it_runs_the_page_refreshes_itself_without_a_script(client: TestClient, here: str) -> None:
    path = start(client, here, 1_000)
    page = client.get(path)
    assert "De repetitie loopt" in page.text
    hidden = page.text[page.text.index("<noscript>") : page.text.index("</noscript>")]
    assert '<meta http-equiv="refresh"' in hidden
    block = client.get(path, headers={"HX-Request": "true"})
    assert block.text.strip().startswith('<div id="progress"')
    outcome_of(client, path)
    over = client.get(path, headers={"HX-Request": "true"})
    assert over.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("kinds", "missing"),
    [(KINDS, set()), (("collect", "vote", "result"), {"support", "assess"}), (("collect",), {*STEPS[2:-1]})],
)
def test_what_is_played_is_what_the_design_has(kinds: tuple[str, ...], missing: set[str]) -> None:
    design = trials.completed(Design(spans=model.laid_out(kinds)), FIRST).design
    running = runner.Running("a", "here", Order(design, 50, 1), (), (), NOW)
    assert set(STEPS) - set(steps_of(running)) == missing


def test_a_thousand_residents_take_less_than_the_minute_they_have(client: TestClient, here: str) -> None:
    assert "1.000 verzonnen bewoners" in words(outcome_of(client, start(client, here, 1_000)))


def test_pressing_twice_starts_one(client: TestClient, here: str) -> None:
    assert start(client, here, 1_000) == start(client, here, 1_000)


def test_there_is_one_at_a_time_on_a_site(client: TestClient, here: str, process: Process, site: Site) -> None:
    path = start(client, here, 1_000)
    other = client.post(f"/beheer/{process.slug}/repetitie", data={"bewoners": "1000"})
    assert other.status_code == 409
    assert "Er loopt al een repetitie" in words(other.text)
    assert 'value="1000" checked' in other.text
    outcome_of(client, path)
    assert client.post(f"/beheer/{process.slug}/repetitie", data={"bewoners": "50"}).status_code == 303


def test_a_process_rehearses_its_own_design(client: TestClient, db: Database, here: str, process: Process) -> None:
    before = dump(db)
    page = outcome_of(client, start(client, f"/beheer/{process.slug}"))
    assert "Er is geen fase om plannen in te dienen" in words(page)  # that of the tests has a vote alone
    assert "Een stembiljet dat te duur is" in words(page)
    assert "Steun" not in words(page), "where nobody gives support, there is no column for it"
    assert dump(db) == before


def test_a_number_that_is_none_of_the_sizes_is_the_usual_one(client: TestClient, here: str) -> None:
    path = client.post(f"{here}/repetitie", data={"bewoners": "9999999"}).headers["location"]
    assert "250 verzonnen bewoners" in words(outcome_of(client, path))


def test_after_an_hour_it_is_forgotten(client: TestClient, here: str, clock: Clock) -> None:
    path = start(client, here)
    outcome_of(client, path)
    assert "Bekijk de vorige repetitie" in words(client.get(f"{here}/repetitie").text)
    clock.now += KEPT
    gone = client.get(path)
    assert gone.status_code == 410
    assert "We onthouden een repetitie een uur" in words(gone.text)
    assert "Bekijk de vorige repetitie" not in words(client.get(f"{here}/repetitie").text)


def test_the_rehearsal_of_one_is_not_shown_to_another(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, here: str
) -> None:
    path = start(client, here)
    outcome_of(client, path)
    key = path.rsplit("/", 1)[1]
    assert client.get(f"/beheer/{process.slug}/repetitie/{key}").status_code == 410
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.get(path).status_code == 404
    assert client.get(f"/beheer/{elsewhere.slug}/repetitie/{key}").status_code == 410
    sign_in_as(client, db, secret, process, TESSA)
    assert client.post(f"{here}/repetitie", data={"bewoners": "50"}).status_code == 403


def test_one_that_takes_too_long_is_ended(
    client: TestClient, here: str, stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PATIENCE", 0.05)
    path = start(client, here, 1_000)
    said = words(outcome_of(client, path))
    assert "Het duurde te lang" in said
    assert client.get(path).status_code == 500
    assert not [*stage.iterdir()]


@pytest.fixture
def broken_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHILD", "domain.no_such_module")


def test_one_that_breaks_says_so_and_the_next_may_begin(
    client: TestClient, here: str, stage: Path, broken_child: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "De repetitie is mislukt" in words(outcome_of(client, start(client, here)))
    assert not [*stage.iterdir()]
    monkeypatch.setattr(runner, "CHILD", "domain.rehearsing")
    assert "50 verzonnen bewoners" in words(outcome_of(client, start(client, here)))


def test_a_site_that_stops_takes_its_rehearsal_along(stage: Path) -> None:
    async def stopped() -> None:
        known = runner.Rehearsals()
        whole = trials.completed(PRESETS[DEN_HAAG], FIRST)
        running = known.start("/beheer/proef", Order(whole.design, 1_000, 1), whole.filled, whole.dated, NOW)
        while running.step == "prepare" and not running.over:
            await asyncio.sleep(0.02)
        await known.close()
        assert running.outcome is None

    asyncio.run(stopped())
    assert not [*stage.iterdir()]


# The ballot to try


def project_ids(here: str, theme: str) -> list[str]:
    process = trials.with_plans(trials.completed(PRESETS[here], FIRST).design, 1, 12)
    return [plan.project_id for plan in process.on_ballot if plan.themes[0].name == theme]


@pytest.fixture
def waalwijk(client: TestClient, db: Database, secret: bytes, process: Process) -> str:
    """The ballot of a design of Bea where two plans of each theme may be chosen."""
    account = sign_in_as(client, db, secret, process, BEA)
    with writing(db):
        return f"/beheer/ontwerpen/{drafts.start(db, PRESETS['waalwijk-per-thema'], account, NOW)}/proefstem"


def test_the_ballot_to_try_is_marked_and_asks_no_code(client: TestClient, waalwijk: str) -> None:
    page = client.get(waalwijk)
    assert "Dit is een proef." in words(page.text)
    assert 'name="code"' not in page.text
    assert f'action="{waalwijk}"' in page.text
    assert "/plannen/" not in page.text


def test_the_limits_hold_and_nothing_is_stored(client: TestClient, db: Database, waalwijk: str) -> None:
    before, green = dump(db), project_ids("waalwijk-per-thema", "Groen")
    three = client.post(waalwijk, data={"plan": green[:3], "indienen": "1", "compleet": "1"})
    assert three.status_code == 422
    assert "Kies er hoogstens 2 bij het thema ‘Groen’." in words(three.text)
    two = client.post(waalwijk, data={"plan": green[:2], "indienen": "1", "compleet": "1"})
    assert "Dit stembiljet met 2 plannen is geldig." in words(two.text)
    nothing = client.post(waalwijk, data={"indienen": "1", "compleet": "1"})
    assert nothing.status_code == 422
    assert "U hebt nog geen plan gekozen." in words(nothing.text)
    assert "Blanco stemmen mag." in words(client.post(waalwijk, data={"blanco": "1", "compleet": "1"}).text)
    assert dump(db) == before
    assert "concept_" not in str(client.cookies)


def test_a_plan_is_chosen_without_a_script(client: TestClient, waalwijk: str) -> None:
    chosen = client.post(waalwijk, data={"compleet": "1", "wissel": "3"})
    assert chosen.status_code == 200
    assert Page(chosen.text).form(waalwijk).fields["plan"] == ["3"]
    again = client.post(waalwijk, data={"compleet": "1", "plan": "3", "wissel": "3"})
    assert "plan" not in Page(again.text).form(waalwijk).fields


def test_with_a_script_only_the_bar_comes_back(client: TestClient, waalwijk: str) -> None:
    bar = client.post(waalwijk, data={"compleet": "1", "plan": "3"}, headers={"HX-Request": "true"})
    assert bar.text.strip().startswith('<div id="bar"')


def test_other_plans_are_chosen_from_when_asked(client: TestClient, waalwijk: str) -> None:
    answer = client.post(waalwijk, data={"compleet": "1", "lot": "1", "andere": "1"})
    assert answer.headers["location"] == f"{waalwijk}?lot=2"
    other = client.get(answer.headers["location"])
    assert '<input type="hidden" name="lot" value="2">' in other.text
    assert words(other.text) != words(client.get(waalwijk).text)


def test_a_process_has_a_ballot_to_try_too(client: TestClient, waalwijk: str, process: Process) -> None:
    path = f"/beheer/{process.slug}/proefstem"
    assert "Verdeel € 20.000" in words(client.get(path).text).replace("\u00a0", " ")
    dear = [str(n) for n in range(1, 13)]
    assert client.post(path, data={"plan": dear, "indienen": "1"}).status_code == 422


def test_a_plan_that_is_not_there_is_a_problem(client: TestClient, waalwijk: str) -> None:
    assert client.post(waalwijk, data={"plan": "999", "compleet": "1"}).status_code == 422


def test_without_a_vote_there_is_no_ballot(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    account = sign_in_as(client, db, secret, process, BEA)
    with writing(db):
        id_ = drafts.start(db, Design(spans=model.laid_out(["collect"])), account, NOW)
    page = client.get(f"/beheer/ontwerpen/{id_}/proefstem")
    assert page.status_code == 409
    assert "In dit traject wordt niet gestemd." in words(page.text)
