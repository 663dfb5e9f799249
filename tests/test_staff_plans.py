"""The staff's pages about plans: the list, one plan, what happens in bulk, changing the text, and merging."""

from typing import Any

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import audit, versions
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import AICHA, BRAM, NOW, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, COLLEAGUES, MO, NINA, STEF, TESSA, sign_in, sign_in_as, sign_out
from tests.writing import COLLECT_CLOSES, VOTE_OPENS, arrives, insert_collecting, insert_plan, mails_of, swing

SCRIPT = "<script>alert(1)</script>"
LIST = "/beheer/benoordenhout/plannen"
MODERATE = "/beheer/benoordenhout/moderatie"


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def plan_id(db: Database, secret: bytes, collecting: Process) -> int:
    """Aïcha's swing; her telephone number is for staff only."""
    plan_id = insert_plan(db, collecting, arrives(db, secret, AICHA))
    with writing(db):
        db.execute("UPDATE makers SET contact = '06 12345678' WHERE plan_id = ?", [plan_id])
    return plan_id


@pytest.fixture
def mo(client: TestClient, db: Database, secret: bytes, collecting: Process) -> int:
    return sign_in_as(client, db, secret, collecting, MO)


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, collecting: Process) -> int:
    return sign_in_as(client, db, secret, collecting, BEA)


def status_of(db: Database, plan_id: int, slug: str = "benoordenhout") -> str:
    return reload(db, slug).by_id[plan_id].status


def press(client: TestClient, page: str, action: str, **changes: Any) -> Response:
    """Press the button of that form as it stands on the page."""
    return client.post(action, data={**Page(page).form(action).fields, **changes})


def test_the_overview_says_what_this_role_may_do(
    client: TestClient, db: Database, secret: bytes, collecting: Process
) -> None:
    for who in COLLEAGUES:
        sign_in_as(client, db, secret, collecting, who)
        page = client.get("/beheer/benoordenhout")
        assert page.status_code == 200
        links = {a["href"] for a in Page(page.text).all("a")}
        assert ("/beheer/benoordenhout/fasen" in links) == (who.role in ("beheerder", "owner"))
        assert (LIST in links) == (who is not STEF)
        for link in links:
            if link.startswith("/beheer/benoordenhout"):
                assert client.get(link).status_code == 200, (who.name, link)


def test_the_list_has_every_plan_and_filters_them(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden', status_reason = 'Dubbel' WHERE id = ?", [plan_id])
    page = words(client.get(LIST).text)
    assert "Schommel in het park" in page
    assert "Reuzenrad" in page
    only = words(client.get(f"{LIST}?status=hidden").text)
    assert "1 plan gevonden" in only
    assert "Schommel" in only
    assert "Reuzenrad" in words(client.get(f"{LIST}?status=withdrawn").text)
    assert "1 plan gevonden" in words(client.get(f"{LIST}?zoek=schommel").text)
    assert "0 plannen gevonden" in words(client.get(f"{LIST}?oordeel=feasible").text)
    assert "7 plannen gevonden" in words(client.get(f"{LIST}?oordeel=none&status=x&thema=99999&pagina=1").text)
    assert client.get(f"{LIST}?pagina=2").status_code == 404


def test_a_search_without_plans_leads_back_to_all(client: TestClient, collecting: Process, mo: int) -> None:
    page = client.get(f"{LIST}?zoek=olifant")
    assert "0 plannen gevonden" in words(page.text)
    assert "Toon alle plannen" in words(page.text)
    assert "Toon alle plannen" not in words(client.get(LIST).text)


def test_who_only_assesses_has_no_boxes_to_tick(
    client: TestClient, db: Database, secret: bytes, collecting: Process
) -> None:
    for who, boxes in ((TESSA, False), (MO, True)):
        sign_in_as(client, db, secret, collecting, who)
        page = client.get(LIST)
        assert ('name="plan"' in page.text, "Kies plannen" in words(page.text)) == (boxes, boxes)


def test_on_a_phone_the_places_of_the_process_fold_away(client: TestClient, collecting: Process, mo: int) -> None:
    page = client.get(LIST).text
    folded = page[page.index('<details class="staff-nav">') : page.index("<main")]
    assert f'href="{LIST}"' in folded[: folded.index("</details>")]


def test_staff_choose_their_language(client: TestClient, collecting: Process, mo: int) -> None:
    form = Page(client.get(LIST).text).form("/taal")
    back = client.post("/taal", data={**form.fields, "taal": "en"})
    assert back.headers["location"] == LIST
    assert '<html lang="en">' in client.get(LIST).text


def test_only_plans_with_enough_support_when_asked(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET support_threshold = 2 WHERE id = ?", [collecting.id])
        db.execute("UPDATE plans SET supports = 2 WHERE id = ?", [plan_id])
    assert "1 plan gevonden" in words(client.get(f"{LIST}?steun=1").text)


def test_one_plan_shows_its_makers_to_staff_alone(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    page = words(client.get(f"{LIST}/{plan_id}").text)
    assert AICHA.email in page
    assert "06 12345678" in page
    sign_out(client)
    assert AICHA.email not in client.get(f"/benoordenhout/plannen/{plan_id}").text


def test_hiding_names_what_happens_asks_why_and_tells_the_maker(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    page = client.post(LIST, data={"actie": "hide", "plan": str(plan_id)})
    assert "Bewoners zien dit plan niet meer" in words(page.text)
    assert status_of(db, plan_id) == "published"
    without = press(client, page.text, MODERATE)
    assert without.status_code == 422
    assert 'href="#reden"' in without.text
    assert press(client, page.text, MODERATE, reden="Reclame").status_code == 303
    assert status_of(db, plan_id) == "hidden"
    assert mails_of(db, "plan_hidden") == [AICHA.email]
    assert "Verborgen: Reclame" in words(client.get(f"{LIST}/{plan_id}?gedaan=hide").text)


def test_in_bulk_the_page_says_of_each_plan_what_became_of_it(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, mo: int
) -> None:
    waits = [insert_plan(db, collecting, arrives(db, secret, BRAM), "Bram", status="submitted") for _ in range(2)]
    page = client.post(LIST, data={"actie": "publish", "plan": [str(id_) for id_ in (*waits, plan_id)]})
    assert "Publiceer 3 plannen" in words(page.text)
    done = press(client, page.text, MODERATE)
    assert "2 plannen gepubliceerd" in words(done.text)
    assert "1 plan is niet veranderd" in words(done.text)
    assert "Dit plan was al openbaar" in words(done.text)
    assert {status_of(db, id_) for id_ in waits} == {"published"}
    assert press(client, page.text, MODERATE).status_code == 409  # a colleague, or a second press


def test_the_page_says_which_hidden_plans_come_back_and_which_wait_again(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, mo: int
) -> None:
    never = insert_plan(db, collecting, arrives(db, secret, BRAM), "Bram", status="submitted", published_at=None)
    hide = client.post(LIST, data={"actie": "hide", "plan": [str(plan_id), str(never)]})
    press(client, hide.text, MODERATE, reden="Reclame")
    page = client.post(LIST, data={"actie": "restore", "plan": str(never)})
    assert "Dit plan was nog nooit openbaar. Het wacht daarna weer op publicatie." in words(page.text)
    page = client.post(LIST, data={"actie": "restore", "plan": [str(plan_id), str(never)]})
    assert "De andere wachten daarna weer op publicatie." in words(page.text)
    assert "2 plannen teruggezet" in words(press(client, page.text, MODERATE).text)
    assert (status_of(db, plan_id), status_of(db, never)) == ("published", "submitted")
    assert "wacht weer op publicatie" in words(client.get(f"{LIST}/{never}?gedaan=restore").text)


def test_nothing_chosen_is_said(client: TestClient, collecting: Process, mo: int) -> None:
    page = client.post(LIST, data={"actie": "hide"})
    assert page.status_code == 422
    assert "Kies eerst een of meer plannen" in words(page.text)
    assert client.post(LIST, data={"actie": "delete", "plan": "1"}).status_code == 404


def test_a_plan_on_the_ballot_of_an_open_vote_can_only_be_withdrawn(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, MO)
    bench = process.by_project_id["bank"].id
    here = f"/beheer/bezuidenhout/plannen/{bench}"
    assert "Een plan op het stembiljet verandert niet meer" in words(client.get(here).text)
    page = client.post("/beheer/bezuidenhout/plannen", data={"actie": "hide", "plan": str(bench)})
    refused = press(client, page.text, "/beheer/bezuidenhout/moderatie", reden="Toch niet")
    assert refused.status_code == 409
    assert "De stemming is begonnen" in words(refused.text)
    assert status_of(db, bench, "bezuidenhout") == "published"
    assert client.post(f"{here}/intrekking", data={"reden": ""}).status_code == 422
    asked = client.post(f"{here}/intrekking", data={"reden": "De boom is om"})
    assert "Stembiljetten met dit plan blijven geldig." in words(asked.text)
    assert "Dit plan kan niet meer winnen" in words(asked.text)
    assert "Wie al op dit plan stemde, kan geen ander plan meer kiezen." in words(asked.text)
    assert not reload(db).by_id[bench].withdrawn
    assert press(client, asked.text, f"{here}/intrekking").status_code == 303
    assert (reload(db).by_id[bench].withdrawn, reload(db).by_id[bench].status_reason) == (True, "De boom is om")
    again = client.post(f"{here}/intrekking", data={"reden": "Nog eens"})
    assert again.status_code == 409


# Changing the text


def edit(client: TestClient, process: Process, plan_id: int, version: int = 1, **changes: str) -> Response:
    form = swing(process, **{"version": str(version), "photo_key": "", "reden": "Een spelfout", **changes})
    return client.post(f"{LIST}/{plan_id}/wijzigen", data=form)


def test_staff_change_a_text_and_it_shows_as_such(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    form = client.get(f"{LIST}/{plan_id}/wijzigen")
    assert "Schommel in het park" in form.text
    assert edit(client, collecting, plan_id, title="Schommel bij de vijver").status_code == 303
    plan = reload(db, collecting.slug).by_id[plan_id]
    assert (plan.title, plan.version, plan.staff_edited_at) == ("Schommel bij de vijver", 2, NOW)
    (change,) = versions.history(db, plan_id)
    assert (change.account_id, change.reason) == (mo, "Een spelfout")
    assert mails_of(db, "plan_edited") == [AICHA.email]
    assert audit.page(db, None, 1)[0].action == "plan_edited"


def test_a_change_needs_a_reason_and_keeps_what_was_typed(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    page = edit(client, collecting, plan_id, title="Bijna goed", reden=" ")
    assert page.status_code == 422
    assert "Bijna goed" in page.text
    assert 'href="#reden"' in page.text
    assert reload(db, collecting.slug).by_id[plan_id].version == 1


def test_of_two_changes_the_second_sees_the_difference(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    edit(client, collecting, plan_id, title="Schommel bij de vijver")
    second = edit(client, collecting, plan_id, title="Schommel bij de boom")
    assert second.status_code == 409
    assert "Iemand was u voor" in words(second.text)
    assert "vijver" in second.text[: second.text.index("<form class=")]
    assert reload(db, collecting.slug).by_id[plan_id].title == "Schommel bij de vijver"
    assert len(mails_of(db, "plan_edited")) == 1
    assert press_edit_again(client, second.text, collecting, plan_id).status_code == 303


def press_edit_again(client: TestClient, page: str, process: Process, plan_id: int) -> Response:
    """Save once more, now knowing what a colleague wrote."""
    fields = Page(page).form(f"{LIST}/{plan_id}/wijzigen").fields
    return edit(client, process, plan_id, int(fields["version"][0]), title="Schommel bij de boom")


def test_the_same_text_once_more_is_no_version(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    answer = edit(client, collecting, plan_id)
    assert answer.headers["location"].endswith("gedaan=same")
    assert (reload(db, collecting.slug).by_id[plan_id].version, mails_of(db, "plan_edited")) == (1, [])


def test_a_cost_that_a_verdict_set_stays_when_only_words_change(
    client: TestClient, db: Database, collecting: Process, plan_id: int, mo: int
) -> None:
    with writing(db):
        db.execute("UPDATE plans SET asked_cost = cost, cost = 99900 WHERE id = ?", [plan_id])
    edit(client, collecting, plan_id, title="Andere titel")
    assert reload(db, collecting.slug).by_id[plan_id].cost == 99900


def test_after_a_verdict_the_words_may_change_and_the_costs_may_not(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, mo: int
) -> None:
    assert "al een oordeel" not in words(client.get(f"{LIST}/{plan_id}/wijzigen").text)
    with writing(db):
        verdict = "verdict = 'feasible', verdict_reason = 'Past.', asked_cost = cost, cost = 99900"
        db.execute(f"UPDATE plans SET {verdict} WHERE id = ?", [plan_id])
    assert "Vraag een toetser om een nieuw oordeel" in words(client.get(f"{LIST}/{plan_id}/wijzigen").text)
    refused = edit(client, collecting, plan_id, title="Goedkope schommel", **{"euros-1": "400"})
    assert refused.status_code == 422
    assert 'href="#items"' in refused.text
    assert "Zet ze terug zoals ze waren, of geef een nieuw oordeel" in words(refused.text)
    assert "Goedkope schommel" in refused.text
    assert reload(db, collecting.slug).by_id[plan_id].cost == 99900
    assert edit(client, collecting, plan_id, title="Goedkope schommel").status_code == 303
    assert reload(db, collecting.slug).by_id[plan_id].cost == 99900
    sign_in_as(client, db, secret, collecting, BEA)
    assert f'href="{LIST}/{plan_id}/toets#oordeel"' in client.get(f"{LIST}/{plan_id}/wijzigen").text


def test_no_text_changes_once_the_vote_opened(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, mo: int, clock: Clock
) -> None:
    clock.now = VOTE_OPENS
    sign_in(client, db, secret, collecting, "moderator", now=clock.now)
    page = edit(client, collecting, plan_id, title="Te laat")
    assert page.status_code == 409
    assert "Tekst en bedrag van de plannen blijven nu zoals ze zijn" in words(page.text)
    assert "Te laat" not in reload(db, collecting.slug).by_id[plan_id].title


def test_scripts_in_every_field_show_as_text(
    client: TestClient, db: Database, collecting: Process, plan_id: int, bea: int
) -> None:
    fields = ("title", "summary", "description", "for_whom", "location", "planned", "own_work", "what-1")
    edit(client, collecting, plan_id, **dict.fromkeys(fields, SCRIPT), reden=SCRIPT)
    assert reload(db, collecting.slug).by_id[plan_id].title == SCRIPT
    with writing(db):
        db.execute("UPDATE makers SET name = ?, contact = ? WHERE plan_id = ?", [SCRIPT, SCRIPT, plan_id])
    asked = client.post(f"{LIST}/{plan_id}/intrekking", data={"reden": SCRIPT})
    assert SCRIPT not in asked.text
    assert "Stembiljetten" not in words(asked.text)  # there is no ballot yet
    press(client, asked.text, f"{LIST}/{plan_id}/intrekking")
    other = collecting.by_project_id["bank"].id
    here = f"{LIST}/{plan_id}"
    pages = [
        here,
        LIST,
        f"{here}/wijzigen",
        f"{LIST}/{other}/samenvoegen",
        f"{LIST}?zoek={SCRIPT}",
        f"{LIST}?status={SCRIPT}",
    ]
    for path in pages:
        page = client.get(path)
        assert page.status_code == 200, path
        assert SCRIPT not in page.text, path
    assert SCRIPT not in client.post(LIST, data={"actie": "hide", "plan": str(plan_id)}).text


# Merging


def test_a_merge_is_spelled_out_and_then_done(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, bea: int
) -> None:
    into = insert_plan(db, collecting, arrives(db, secret, BRAM), "Bram", title="Glijbaan")
    with writing(db):
        db.execute("UPDATE plans SET supports = 34 WHERE id = ?", [plan_id])
    path = f"{LIST}/{plan_id}/samenvoegen"
    assert "Glijbaan" in client.get(path).text
    page = client.get(f"{path}?met={into}")
    said = words(page.text)
    assert "34 mensen steunen dit plan. Hun steun verhuist niet vanzelf. Wie weer op de site komt" in said
    assert "De bedenkers (Aïcha) worden ook bedenker" in said
    assert "2 bedenkers krijgen een mail" in said
    assert status_of(db, plan_id) == "published"
    assert press(client, page.text, path).status_code == 303
    assert status_of(db, plan_id) == "merged"
    public = client.get(f"/benoordenhout/plannen/{plan_id}")
    assert f"/benoordenhout/plannen/{into}" in public.text
    second = press(client, page.text, path)
    assert second.status_code == 409
    assert "Dit plan is samengevoegd met een ander plan" in words(second.text)
    assert client.post(f"{LIST}/{plan_id}/splitsing").status_code == 303
    assert status_of(db, plan_id) == "published"
    assert client.post(f"{LIST}/{plan_id}/splitsing").status_code == 409


def test_once_support_closed_the_page_says_until_when_support_can_be_taken_along(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, bea: int, clock: Clock
) -> None:
    with writing(db):
        db.execute("UPDATE plans SET supports = 34 WHERE id = ?", [plan_id])
    path = f"{LIST}/{plan_id}/samenvoegen?met={collecting.by_project_id['bank'].id}"
    clock.now = COLLECT_CLOSES
    sign_in(client, db, secret, collecting, "beheerder", now=clock.now)
    said = words(client.get(path).text)
    assert "Steunen kan niet meer, maar steun meenemen naar het andere plan wel: tot en met 14 juni 2026" in said
    assert "Alleen wie een van de plannen volgt, krijgt een mail." in said


def test_two_plans_are_merged_from_the_list(
    client: TestClient, db: Database, secret: bytes, collecting: Process, plan_id: int, bea: int
) -> None:
    into = insert_plan(db, collecting, arrives(db, secret, BRAM), "Bram", title="Glijbaan")
    with writing(db):
        db.execute("UPDATE plans SET supports = 34 WHERE id = ?", [into])
    assert "Voeg twee plannen samen" in words(client.get(LIST).text)
    asked = client.post(LIST, data={"actie": "merge", "plan": [str(into), str(plan_id)]})
    assert asked.headers["location"] == f"{LIST}/{plan_id}/samenvoegen?met={into}"  # most support stays
    page = client.get(asked.headers["location"])
    assert f"{LIST}/{into}/samenvoegen?met={plan_id}" in {a["href"] for a in Page(page.text).all("a")}
    one = client.post(LIST, data={"actie": "merge", "plan": str(plan_id)})
    assert one.status_code == 422
    assert "Kies precies twee plannen om samen te voegen." in words(one.text)
    assert "checked" in one.text


def test_a_moderator_merges_nothing(client: TestClient, collecting: Process, plan_id: int, mo: int) -> None:
    assert "Voeg twee plannen samen" not in words(client.get(LIST).text)
    assert client.post(LIST, data={"actie": "merge", "plan": [str(plan_id), "1"]}).status_code == 403


def test_who_may_not_may_not(
    client: TestClient, db: Database, secret: bytes, collecting: Process, elsewhere: Process, plan_id: int
) -> None:
    here = f"{LIST}/{plan_id}"
    beheerder = [(f"{here}/samenvoegen", {"met": "1"}), (f"{here}/splitsing", {})]
    moderator = [
        (LIST, {"actie": "hide", "plan": str(plan_id)}),
        (MODERATE, {"actie": "hide", "plan": str(plan_id), "reden": "x"}),
        (f"{here}/wijzigen", {"reden": "x"}),
        (f"{here}/intrekking", {"reden": "x"}),
    ]
    for who in (NINA, STEF, TESSA, MO):
        sign_in_as(client, db, secret, elsewhere if who is NINA else collecting, who)
        for path, data in [*beheerder, *([] if who is MO else moderator)]:
            assert client.post(path, data=data).status_code == 403, (who.name, path)
        assert client.get(here).status_code == (200 if who in (TESSA, MO) else 403)
    assert status_of(db, plan_id) == "published"


def test_a_plan_of_another_process_is_not_found_here(
    client: TestClient, db: Database, collecting: Process, elsewhere: Process, bea: int
) -> None:
    beach = elsewhere.plans[0].id
    own = collecting.by_project_id["bank"].id
    here = f"{LIST}/{beach}"
    assert [client.get(path).status_code for path in (here, f"{here}/wijzigen", f"{here}/samenvoegen")] == [404] * 3
    for path, data in [
        (LIST, {"actie": "hide", "plan": str(beach)}),
        (MODERATE, {"actie": "hide", "plan": str(beach), "reden": "x"}),
        (f"{here}/intrekking", {"reden": "x"}),
        (f"{here}/samenvoegen", {"met": str(own)}),
        (f"{here}/splitsing", {}),
        (f"{LIST}/{own}/samenvoegen", {"met": str(beach)}),
    ]:
        assert client.post(path, data=data).status_code == 404, path
    assert edit(client, collecting, beach).status_code == 404
    assert status_of(db, beach, "loosduinen") == "published"
