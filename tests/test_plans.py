"""The list of plans and one plan: found, filtered, in an order that is fair to all and the same for each."""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from domain.database import Database
from domain.plans import PAGE, SHUFFLES, SORTS, Plan, ordered, page_of
from domain.processes import Process
from domain.search import searchable
from tests.cast import AFTER, BEZUIDENHOUT_PLANS, WILLEM, Proposal, insert_vote
from tests.conftest import Clock
from tests.pages import Page, words

LIST = "/bezuidenhout/plannen"
TREES = tuple(Proposal(f"boom{n}", f"Boom nummer {n}", n + 1, "Groen" if n % 2 else "Straat") for n in range(60))


@pytest.fixture
def trees(db: Database, secret: bytes) -> Process:
    """Sixty plans: three pages."""
    return insert_vote(db, secret, plans=TREES, max_sum_cost=None, voting_method="approval")


def shown(page: Page) -> list[str]:
    """The titles of the plans in a list, from the first to the last."""
    known = {plan.title for plan in (*BEZUIDENHOUT_PLANS, *TREES)}
    return [text for _, text in page.said if text in known]


def found(client: TestClient, **query: str) -> list[str]:
    """What somebody finds who fills in the form of the list."""
    form = Page(client.get(LIST).text).form(LIST)
    assert form.method == "get"
    return sorted(shown(Page(client.get(form.action, params=query).text)))


def every_page(client: TestClient, path: str) -> Iterator[list[str]]:
    """The list from this page on, the way “Volgende” leads."""
    next_: str | None = path
    while next_:
        page = Page(client.get(next_).text)
        yield shown(page)
        next_ = page.link("next")


def one_by_one(client: TestClient, path: str) -> Iterator[str]:
    """The plans from this one on, the way “Volgende plan” leads."""
    next_: str | None = path
    while next_:
        page = Page(client.get(next_).text)
        yield page.words
        next_ = page.link("next")


# Finding


def test_every_plan_has_a_card_with_its_theme_and_amount(client: TestClient, process: Process) -> None:
    page = words(client.get(LIST).text)
    assert "6 plannen gevonden" in page
    for plan in BEZUIDENHOUT_PLANS:
        assert plan.title in page
    assert "Groen Bankjes onder de bomen 🌳 € 1.500" in page
    assert "Samen Reuzenrad € 5.000 Ingetrokken" in page


def test_plans_are_found_by_theme(client: TestClient, process: Process) -> None:
    groen = next(theme for theme in process.themes if theme.name == "Groen")
    assert found(client, thema=str(groen.id)) == ["Bankjes onder de bomen 🌳", "Pluktuin"]
    assert len(found(client, thema="99999")) == len(found(client, thema="groen")) == 6


def test_plans_are_found_by_amount_and_the_ends_belong_to_it(client: TestClient, process: Process) -> None:
    assert found(client, bedrag="0-1000") == []
    assert found(client, bedrag="1000-5000") == ["Bankjes onder de bomen 🌳", "Reuzenrad", "שכונה ביחד"]
    assert found(client, bedrag="5000-10000") == ["Fietsenstalling", "Pluktuin", "Reuzenrad"]
    assert found(client, bedrag="10000-") == ["Tapwaterkranen"]
    assert len(found(client, bedrag="geen idee")) == 6


def test_the_search_field_of_the_form_searches(client: TestClient, process: Process) -> None:
    (field,) = [tag for tag in Page(client.get(LIST).text).all("input") if tag.get("type") == "search"]
    for typed, expected in (
        ("pluktuin", ["Pluktuin"]),
        ("  PLUK  tuin ", ["Pluktuin"]),
        ("bomen bankjes", ["Bankjes onder de bomen 🌳"]),
        ("🌳", ["Bankjes onder de bomen 🌳"]),
        ("ביחד", ["שכונה ביחד"]),
        ("straat", ["Fietsenstalling", "Tapwaterkranen"]),
        ("bankjes pluktuin", []),
        ("%", []),
        ("_", []),
        ("' OR 1=1 --", []),
        ("\u202e\x00", []),
    ):
        assert found(client, **{field["name"]: typed}) == expected, typed


def test_searching_without_diacritics_finds_what_has_them(client: TestClient, process: Process, db: Database) -> None:
    told = {"title": "Pluktuin", "description": "Een café voor Özlem en Ĳsbrand"}
    plan_id = process.by_project_id["tuin"].id
    db.table("plans").update(plan_id, told | {"words": searchable(told)})
    (field,) = [tag for tag in Page(client.get(LIST).text).all("input") if tag.get("type") == "search"]
    for typed in ("cafe", "CAFÉ", "ozlem", "Özlem", "ijsbrand"):
        assert found(client, **{field["name"]: typed}) == ["Pluktuin"], typed


def test_what_was_searched_stays_in_the_form_and_in_the_links(client: TestClient, trees: Process) -> None:
    groen = next(theme for theme in trees.themes if theme.name == "Groen")
    (field,) = [tag for tag in Page(client.get(LIST).text).all("input") if tag.get("type") == "search"]
    query = {field["name"]: "boom", "thema": str(groen.id), "volgorde": "cost"}
    page = Page(client.get(LIST, params=query).text)
    assert "30 plannen gevonden" in page.words
    assert page.form(LIST).fields == {field["name"]: ["boom"]}
    assert {tag["value"] for tag in page.all("option") if "selected" in tag} == {str(groen.id), "cost"}
    second = Page(client.get(page.link("next") or "").text)
    assert "30 plannen gevonden U ziet plan 25 tot en met 30." in second.words


def test_who_finds_nothing_hears_what_to_do(client: TestClient, process: Process) -> None:
    page = Page(client.get(LIST, params={"bedrag": "0-1000"}).text)
    assert "We vonden geen plan. Zoek op een ander woord of kies een ander thema." in page.words
    assert LIST in {tag["href"] for tag in page.all("a")}


# Orders


def test_plans_are_sorted_by_name_or_amount(client: TestClient, process: Process) -> None:
    cheapest = shown(Page(client.get(LIST, params={"volgorde": "cost"}).text))
    assert cheapest == [plan.title for plan in sorted(BEZUIDENHOUT_PLANS, key=lambda plan: plan.cost)]
    assert shown(Page(client.get(LIST, params={"volgorde": "-cost"}).text)) == cheapest[::-1]
    by_name = shown(Page(client.get(LIST, params={"volgorde": "title"}).text))
    assert by_name[:3] == ["Bankjes onder de bomen 🌳", "Fietsenstalling", "Pluktuin"]


def test_a_visitor_sees_one_order_all_along_and_another_visitor_another(client: TestClient, trees: Process) -> None:
    orders = set()
    for cookie in range(SHUFFLES):
        client.cookies.clear()
        client.cookies["volgorde"] = str(cookie)
        answer = client.get(LIST)
        assert "set-cookie" not in answer.headers
        first = shown(Page(answer.text))
        assert shown(Page(client.get(LIST).text)) == first
        orders.add(tuple(first))
    assert len(orders) == SHUFFLES


def test_a_new_visitor_gets_an_order_that_stays(client: TestClient, trees: Process) -> None:
    first = shown(Page(client.get(LIST).text))
    assert 0 <= int(client.cookies["volgorde"]) < SHUFFLES
    assert shown(Page(client.get(LIST).text)) == first


def test_an_order_that_does_not_exist_is_replaced(client: TestClient, trees: Process) -> None:
    for cookie in ("32", "-1", "x", "٣", "1" * 50, ""):
        client.cookies.clear()
        answer = client.get(LIST, headers={"Cookie": f"volgorde={cookie}".encode()})
        assert answer.status_code == 200
        assert "volgorde=" in answer.headers["set-cookie"]


def test_paging_shows_every_plan_once(client: TestClient, trees: Process) -> None:
    for query in ("", "?volgorde=title", "?volgorde=-cost"):
        pages = list(every_page(client, LIST + query))
        assert [len(page) for page in pages] == [24, 24, 12]
        assert sorted(chain.from_iterable(pages)) == sorted(plan.title for plan in TREES)


plans_with_costs = st.lists(st.integers(0, 5), max_size=80).map(
    lambda costs: [Plan(id_, str(id_), f"Plan {id_ % 7}", cost) for id_, cost in enumerate(costs, 1)]
)
orders = st.tuples(st.sampled_from(["", *SORTS]), st.integers(0, SHUFFLES - 1))


@given(plans_with_costs, orders)
def test_no_page_repeats_or_misses_a_plan(plans: list[Plan], order: tuple[str, int]) -> None:
    whole = ordered(plans, *order)
    _, number = page_of(whole, 1)
    pages = [page_of(whole, n)[0] for n in range(1, number + 1)]
    assert [plan for page in pages for plan in page] == whole
    assert sorted(plan.id for plan in whole) == [plan.id for plan in plans]
    assert all(len(page) == PAGE for page in pages[:-1])
    for outside in (0, number + 1):
        with pytest.raises(IndexError):
            page_of(whole, outside)


@given(plans_with_costs.filter(len), orders, st.data())
def test_a_plan_that_goes_moves_no_other(plans: list[Plan], order: tuple[str, int], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(plans))
    rest = [plan for plan in plans if plan != gone]
    assert ordered(rest, *order) == [plan for plan in ordered(plans, *order) if plan != gone]


def test_past_the_last_page_there_is_none(client: TestClient, trees: Process) -> None:
    for number in ("0", "4", "-1", "1.5", "x", "٣", "99999999999", ""):
        answer = client.get(LIST, params={"pagina": number})
        assert answer.status_code == 404, number
        assert "Deze pagina bestaat niet" in words(answer.text)
    assert client.get(LIST, params={"pagina": "3"}).status_code == 200


# One plan


def test_a_plan_tells_everything_about_itself(client: TestClient, process: Process, db: Database) -> None:
    told = {
        "summary": "Samen <b>zitten</b> & praten",
        "description": "Eerste alinea.\n\nTweede alinea,\nnieuwe regel 🌳",
        "for_whom": "Voor iedereen",
        "own_work": "Wij schilderen ze",
        "location": "Theresiastraat",
        "maker": "فاطمة",
    }
    db.table("plans").update(process.by_project_id["bank"].id, told)
    page = Page(client.get(process.by_project_id["bank"].url).text)
    assert "Samen <b>zitten</b> & praten" in page.words, "kept as it is, and harmless"
    for said in ("Bankjes onder de bomen 🌳", "€ 1.500", "Groen", "Voor iedereen", "Wij schilderen ze", "فاطمة"):
        assert said in page.words
    assert "Eerste alinea. Tweede alinea, nieuwe regel 🌳" in page.words
    assert not page.all("b")
    previews = {tag["property"]: tag["content"] for tag in page.all("meta") if "property" in tag}
    assert previews["og:title"] == "Bankjes onder de bomen 🌳"
    assert previews["og:description"] == "Samen <b>zitten</b> & praten"
    assert previews["og:url"] == f"http://testserver.local{process.by_project_id['bank'].url}"


def test_next_and_previous_follow_the_list(client: TestClient, trees: Process) -> None:
    for query in ("", f"?thema={trees.themes[0].id}&volgorde=title"):
        expected = list(chain.from_iterable(every_page(client, LIST + query)))
        first = next(plan for plan in trees.plans if plan.title == expected[0])
        pages = list(one_by_one(client, first.url + query))
        assert len(pages) == len(expected)
        for place, (page, title) in enumerate(zip(pages, expected, strict=True), 1):
            assert f"Plan {place} van {len(expected)}" in page
            assert f" Plannen {title} " in page
        last = next(plan for plan in trees.plans if plan.title == expected[-1])
        back = Page(client.get(last.url + query).text).link("prev")
        before = next(plan for plan in trees.plans if plan.title == expected[-2])
        assert back == before.url + query


def test_a_plan_outside_the_filters_it_was_shared_with_keeps_the_visitors_order(
    client: TestClient, trees: Process
) -> None:
    """Sorted by amount but of another theme: the neighbours are those by amount, for every visitor alike."""
    other = next(theme for theme in trees.themes if theme.name == "Straat")
    plan = trees.by_project_id["boom31"]
    for cookie in ("1", "2", "3"):
        client.cookies.clear()
        client.cookies["volgorde"] = cookie
        page = Page(client.get(f"{plan.url}?thema={other.id}&volgorde=cost").text)
        assert (page.link("prev") or "").startswith(trees.by_project_id["boom30"].url)
        assert (page.link("next") or "").startswith(trees.by_project_id["boom32"].url)


def test_a_withdrawn_plan_says_so_and_can_not_be_chosen(client: TestClient, process: Process) -> None:
    wheel = process.by_project_id["rad"]
    page = Page(client.get(wheel.url).text)
    assert "Dit plan is ingetrokken op " in page.words
    assert ". U kunt er niet op stemmen." in page.words
    assert "/bezuidenhout/stemmen" not in {form.action for form in page.forms}
    assert "Reuzenrad" not in words(client.get("/bezuidenhout/stemmen").text)
    answer = client.post("/bezuidenhout/stemmen", data={"wissel": "rad", "terug": wheel.url})
    assert answer.status_code == 422
    assert "Het plan ‘Reuzenrad’ is ingetrokken" in words(answer.text)


def test_a_plan_can_be_chosen_only_while_voting_runs(client: TestClient, process: Process, clock: Clock) -> None:
    url = process.by_project_id["bank"].url
    assert "Kies dit plan" in words(client.get(url).text)
    clock.now = AFTER
    assert "Kies dit plan" not in words(client.get(url).text)


def test_willems_plan_is_not_to_be_found_in_bezuidenhout(
    client: TestClient, process: Process, elsewhere: Process
) -> None:
    (beach,) = elsewhere.plans
    assert client.get(beach.url).status_code == 200
    assert client.get(f"{LIST}/{beach.id}").status_code == 404
    assert beach.title not in words(client.get(LIST).text)
    assert client.post("/bezuidenhout/stemmen", data=WILLEM.form("strand")).status_code == 422


def test_a_plan_has_what_it_takes_to_share_it_and_nothing_of_others(client: TestClient, process: Process) -> None:
    plan = process.by_project_id["bank"]
    page = Page(client.get(plan.url).text)
    (share,) = [tag.attrs for tag in page.tags if "data-share" in tag.attrs]
    assert share["data-url"].endswith(plan.url)
    (mail,) = [a["href"] for a in page.all("a") if a["href"].startswith("mailto:?")]
    assert "%F0%9F%8C%B3" in mail  # the tree in its title
    assert plan.url in unquote(mail)
