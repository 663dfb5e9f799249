"""Simulations: the same votes counted under every choice; what is said about it, and the page."""

import re
from datetime import date

import pytest
from litestar.testing import TestClient

from domain import simulations, synthetic
from domain.database import Database, writing
from domain.designs import drafts, model, presets, trials
from domain.designs.model import Design
from domain.processes import Process
from domain.simulations import Simulation
from domain.synthetic import Shape
from tests.cast import NOW
from tests.pages import Page, words
from tests.staff import BEA, NINA, TESSA, sign_in_as

FIRST = date(2027, 1, 4)
PRESETS = presets.all_presets()


def simulated(name: str, seed: int = 3, shape: Shape = "real") -> Simulation:
    return simulations.simulate(PRESETS[name], seed, shape, FIRST, voters=80)


@pytest.mark.parametrize("shape", synthetic.SHAPES)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_counted_under_every_choice(name: str, shape: Shape) -> None:
    found = simulated(name, shape=shape)
    base, *others = found.variants
    design = PRESETS[name]
    tried = {(one.choice, one.value) for one in others} | set(found.impossible)
    methods = {"knapsack", "approval", "choose-1"} - {design["vote-voting_method"]}
    assert {value for choice, value in tried if choice == "voting_method"} == methods
    assert {"skip", "stop", "partial", "keep", "fund"} - {value for _, value in tried} == {
        design["result-overflow"],
        design["result-leftover"],
    }
    for variant in found.variants:
        assert 0 <= variant.left <= base.process.budget
        assert variant.spent + variant.left == base.process.budget
        assert 0 <= variant.percent_served <= 100


def test_differences_are_those_of_the_winners() -> None:
    found = simulated("waalwijk-per-thema", shape="invented")
    before = set(found.base.outcome.selected)
    assert any(one.gained or one.lost for one in found.differences)
    for one in found.differences:
        after = set(one.variant.outcome.selected)
        assert {plan.project_id for plan in one.gained} == after - before
        assert {plan.project_id for plan in one.lost} == before - after


def test_in_each_variant_everybody_wants_the_same() -> None:
    """Only the method asks for other ballots; the counting rule counts those that there are."""
    found = simulated("den-haag-wijkbudget")
    for variant in found.variants:
        if variant.choice in ("overflow", "leftover", "ties"):
            assert variant.votes == found.base.votes


def test_partial_gives_the_rest_to_the_first_that_does_not_fit() -> None:
    found = simulated("den-haag-wijkbudget")
    partial = next(one for one in found.variants if one.value == "partial")
    assert partial.left == 0
    (project_id,) = partial.outcome.partial
    assert partial.status(project_id) == "partial"
    assert partial.granted(project_id) > 0


def test_the_same_seed_gives_the_same_and_another_something_else() -> None:
    one, again, other = simulated("assen", 7), simulated("assen", 7), simulated("assen", 8)
    assert [variant.votes for variant in one.variants] == [variant.votes for variant in again.variants]
    assert one.base.votes != other.base.votes


def test_what_clashes_is_named_and_not_counted() -> None:
    themes = (model.ThemeChoice("Groen", min_length=1), model.ThemeChoice("Jeugd", min_length=1))
    design = Design({"vote-voting_method": "approval"}, themes, model.laid_out(["collect", "vote", "result"]))
    found = simulations.simulate(design, 1, "real", FIRST, voters=20)
    assert ("voting_method", "choose-1") in found.impossible


def test_without_a_vote_there_is_nothing_to_count() -> None:
    with pytest.raises(trials.NotPossible) as raised:
        simulations.simulate(Design(spans=model.laid_out(["collect"])), 1, "real", FIRST)
    assert not raised.value.clashes


# The page


@pytest.fixture
def here(client: TestClient, db: Database, secret: bytes, process: Process) -> str:
    """The address of a design of Bea, begun from the preset of Waalwijk."""
    account = sign_in_as(client, db, secret, process, BEA)
    with writing(db):
        return f"/beheer/ontwerpen/{drafts.start(db, PRESETS['waalwijk-per-thema'], account, NOW)}"


def test_the_page_says_who_wins_where(client: TestClient, here: str) -> None:
    page = client.get(f"{here}/simulatie?stemmen=invented&lot=3")
    said = words(page.text)
    assert "Trekking nummer 3" in said
    assert re.search(r"Met deze stemmen wint ‘[^’]+’ hier wel, en met uw keuze niet\.", said)
    assert re.search(r"Met deze stemmen winn?e?n?t? ‘.*’ hier niet, en met uw keuze wel\.", said)
    assert "Eén budget, zonder budget per thema" in said
    table = page.text[page.text.index("<table") : page.text.index("</table>")]
    assert table.count('<th scope="row">') == simulations.PLANS
    assert "Bewoners met minstens één plan dat wint" in words(table)


def test_the_page_names_which_plan_gets_a_part_and_how_much(client: TestClient, here: str) -> None:
    said = words(client.get(f"{here}/simulatie?lot=3").text).replace("\u00a0", " ")
    told = said[said.index("Het eerste plan dat niet past, krijgt de rest") :]
    part = re.search(r"‘([^’]+)’ krijgt een deel: € ([\d.]+) van € ", told)
    assert part
    assert re.search(rf"{part[1]}.*? krijgt € {part[2]}", said[said.index("Alle plannen naast elkaar") :])


def offered(html: str, action: str) -> list[dict[str, str]]:
    """What each button of the page asks for."""
    page = Page(html)
    fields = [{name: value for name, (value,) in form.fields.items()} for form in page.forms if form.action == action]
    buttons = [button for button in page.all("button") if button.get("name") in ("lot", "stemmen")]
    return [{**sent, button["name"]: button["value"]} for sent, button in zip(fields, buttons, strict=True)]


def test_again_draws_other_votes_and_says_which(client: TestClient, here: str) -> None:
    path = f"{here}/simulatie"
    page = client.get(path)
    assert "Trekking nummer 1:" in words(page.text)
    assert offered(page.text, path) == [{"stemmen": "real", "lot": "2"}, {"lot": "1", "stemmen": "invented"}]
    last = client.get(f"{path}?stemmen=invented&lot=9999").text
    assert offered(last, path) == [{"stemmen": "invented", "lot": "1"}, {"lot": "9999", "stemmen": "real"}]


@pytest.mark.parametrize("lot", ["zes", "-4", "0", "99999999", "", "²"])
def test_a_number_that_is_none_is_the_first(client: TestClient, here: str, lot: str) -> None:
    page = client.get(f"{here}/simulatie", params={"lot": lot, "stemmen": "niets"})
    assert page.status_code == 200
    assert "Trekking nummer 1:" in words(page.text)


def test_a_process_has_it_too(client: TestClient, here: str, process: Process) -> None:
    assert "Wie zou er winnen?" in words(client.get(f"/beheer/{process.slug}/simulatie").text)


def test_a_design_that_contradicts_itself_says_so(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    account = sign_in_as(client, db, secret, process, BEA)
    spans = model.laid_out(["collect", "vote", "result"])
    with writing(db):
        id_ = drafts.start(db, Design({"vote-min_length": 5, "vote-max_length": 2}, spans=spans), account, NOW)
    for name in ("simulatie", "proefstem", "repetitie"):
        page = client.get(f"/beheer/ontwerpen/{id_}/{name}")
        assert page.status_code == 409
        assert "Sommige keuzes passen niet bij elkaar" in words(page.text)


def test_who_may_not_see_the_design_may_not_try_it(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, here: str
) -> None:
    for name in ("simulatie", "proefstem", "repetitie"):
        sign_in_as(client, db, secret, process, TESSA)
        assert client.get(f"{here}/{name}").status_code == 403
        sign_in_as(client, db, secret, elsewhere, NINA)
        assert client.get(f"{here}/{name}").status_code == 404
        assert client.get(f"/beheer/{process.slug}/{name}").status_code == 403
