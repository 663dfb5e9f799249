"""Handing in a plan, as a browser sends it."""

import io
import re

import pytest
from litestar.testing import TestClient
from PIL import Image

from config.settings import load
from domain import makers, outbox
from domain.database import Database, writing
from domain.outbox import Reader
from domain.processes import Process
from routes.mail import letter
from routes.site import MAILS_ASKED, Site
from routes.tries import HOUR, Tries
from tests.cast import AICHA, BRAM, WILLEM, reload
from tests.conftest import Clock
from tests.mailbox import SEND, ask_mail, link_to
from tests.pages import Page
from tests.writing import (
    COLLECT_CLOSES,
    COLLECT_OPENS,
    SWING,
    draft_row,
    insert_collecting,
    mails_of,
    sign_in,
    sign_out,
    swing,
)

HERE = "/benoordenhout/plannen/nieuw"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


def photo(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(file, "JPEG")
    return file.getvalue()


def begin(client: TestClient) -> None:
    """Open the form, which gives the browser the key of its draft."""
    assert client.get(HERE).status_code == 200


def save(client: TestClient, button: str = "bewaar", **typed: str):  # type: ignore[no-untyped-def]
    begin(client)
    return client.post(HERE, data={**typed, button: "1"})


def ready(client: TestClient, process: Process, **changes: str) -> dict[str, str]:
    """Everything is typed and looked at. What the button of the preview sends."""
    answer = save(client, "verder", **swing(process, **changes))
    assert answer.headers["location"] == f"{HERE}/voorbeeld"
    form = Page(client.get(f"{HERE}/voorbeeld").text).form(f"{HERE}/inzending")
    return {name: values[0] for name, values in form.fields.items()}


def values_of(html: str) -> dict[str, str]:
    typed = {a["name"]: a.get("value", "") for a in Page(html).all("input") if "name" in a}
    typed |= dict(re.findall(r'<textarea id="(\w+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL))
    return typed


def test_the_form_is_saved_and_comes_back_as_it_was(client: TestClient, process: Process) -> None:
    assert save(client, **swing(process)).headers["location"] == f"{HERE}#bewaren"
    html = client.get(HERE).text
    shown = values_of(html)
    assert {name: shown[name].replace("\r\n", "\n") for name in SWING if name != "theme"} == {
        name: text for name, text in SWING.items() if name != "theme"
    }
    assert 'value="' + str(process.themes[0].id) + '" selected' in html
    assert "Bewaard om 12.00" in Page(html).words
    assert "€ 1.512,50" in Page(html).words.replace("\u00a0", " ")


def test_a_draft_is_nobody_elses(client: TestClient, db: Database, process: Process) -> None:
    save(client, **swing(process))
    client.cookies.clear()
    assert "Schommel" not in client.get(HERE).text
    assert "Schommel" not in client.get("/benoordenhout/plannen").text
    assert client.get(f"{HERE}/{'x' * 32}").status_code == 404
    assert SWING["title"] not in str([tuple(row) for row in db.execute("SELECT hash FROM submissions")])


def test_the_key_in_the_cookie_is_not_in_the_database(client: TestClient, db: Database, process: Process) -> None:
    save(client, **swing(process))
    key = client.cookies[f"plan_{process.id}"]
    assert key
    assert key not in "\n".join(db.conn.iterdump())


def test_the_script_saves_and_gets_only_the_time(client: TestClient, process: Process) -> None:
    begin(client)
    answer = client.post(HERE, data=swing(process), headers={"HX-Request": "true"})
    assert Page(answer.text).words == "✓ Bewaard om 12.00"
    assert "Schommel" in client.get(HERE).text


def test_a_browser_without_cookies_loses_nothing(client: TestClient, process: Process) -> None:
    answer = client.post(HERE, data={**swing(process), "bewaar": "1"})
    assert answer.status_code == 422
    assert values_of(answer.text)["title"] == SWING["title"]
    assert "Sta dan cookies toe" in Page(answer.text).words


def test_what_is_missing_is_said_at_once_with_links_to_the_fields(client: TestClient, process: Process) -> None:
    answer = save(client, "verder", title="Wip")
    assert answer.status_code == 422
    page = Page(answer.text)
    links = [a["href"] for a in page.all("a") if a.get("href", "").startswith("#") and a["href"] != "#main"]
    assert links == ["#summary", "#description", "#theme", "#items", "#name"]
    ids = {tag.attrs.get("id") for tag in page.tags}
    assert {link[1:] for link in links} <= ids
    assert values_of(answer.text)["title"] == "Wip"


def test_an_address_is_no_name(client: TestClient, process: Process) -> None:
    answer = save(client, "verder", **swing(process, name="jan@voorbeeld.nl"))
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "#name" in [a.get("href") for a in page.all("a")]
    assert "geen e-mailadres" in page.words
    assert values_of(answer.text)["name"] == "jan@voorbeeld.nl"


def test_a_row_is_added_without_javascript(client: TestClient, process: Process) -> None:
    answer = save(client, "rij", **swing(process, **{"what-3": "", "euros-3": ""}))
    assert answer.headers["location"] == f"{HERE}?rij=4#what-4"
    page = Page(client.get(f"{HERE}?rij=4").text)
    (new,) = [a for a in page.all("input") if a.get("name") == "what-4"]
    assert "autofocus" in new


def test_there_is_a_most_of_rows(client: TestClient, process: Process) -> None:
    rows = {f"what-{n}": "iets" for n in range(1, 40)}
    save(client, "rij", **rows)
    html = client.get(HERE).text
    assert 'name="what-20"' in html
    assert 'name="what-21"' not in html
    assert 'name="rij"' not in html


def test_what_is_handed_in_by_who_is_known_is_on_the_site_at_once(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    aicha = sign_in(client, db, secret, AICHA)
    answer = client.post(f"{HERE}/inzending", data=ready(client, process))
    plan = reload(db, process.slug).plans[-1]
    assert answer.headers["location"] == f"{plan.url}/ingediend"
    assert "Uw plan is ingediend" in Page(client.get(f"{plan.url}/ingediend").text).words
    assert SWING["title"] in Page(client.get(plan.url).text).words
    assert SWING["contact"] not in client.get(plan.url).text
    assert makers.is_maker(db, plan.id, aicha)


def test_a_double_click_and_a_lost_answer_hand_in_once(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    form = ready(client, process)
    first, second = (client.post(f"{HERE}/inzending", data=form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(reload(db, process.slug).plans) == len(process.plans) + 1


def confirmed(client: TestClient, db: Database, form: dict[str, str], email: str):  # type: ignore[no-untyped-def]
    """From the preview through the mail to the answer."""
    asked = Page(client.post(f"{HERE}/inzending", data=form).text).form("/aanmelden")
    sealed = asked.fields["sealed"][0]
    assert client.post("/aanmelden", data={"sealed": sealed, "email": email}).status_code == 200
    (path,) = next(iter(db.execute("SELECT json_extract(content, '$.path') FROM outbox ORDER BY id DESC LIMIT 1")))
    assert client.get(path).status_code == 200
    return client.post(path)


def test_who_is_not_known_confirms_an_address_first(client: TestClient, db: Database, process: Process) -> None:
    form = ready(client, process)
    answer = confirmed(client, db, form, AICHA.email)
    plan = reload(db, process.slug).plans[-1]
    assert answer.headers["location"] == f"{plan.url}/ingediend"
    assert (plan.title, plan.maker) == (SWING["title"], "Aïcha")
    assert mails_of(db, "plan_published") == [AICHA.email]
    assert "Dit is uw plan" in Page(client.get(plan.url).text).words


def test_the_page_of_the_link_shows_what_it_hands_in(client: TestClient, db: Database, process: Process) -> None:
    ask_mail(client, client.post(f"{HERE}/inzending", data=ready(client, process)).text, AICHA.email)
    client.cookies.clear()  # whoever reads the mail, on whatever device
    page = Page(client.get(link_to(db, AICHA)).text)
    for said in (SWING["title"], SWING["summary"], "Wij graven het gat.", "€ 1.512,50", AICHA.email):
        assert said in page.words.replace("\xa0", " ")


@pytest.mark.parametrize("looked", [True, False])
def test_what_changed_after_the_mail_was_asked_is_not_handed_in(
    client: TestClient, db: Database, process: Process, looked: bool
) -> None:
    """Nobody can have Aïcha confirm one text and then hand in another."""
    ask_mail(client, client.post(f"{HERE}/inzending", data=ready(client, process)).text, AICHA.email)
    link = link_to(db, AICHA)
    save(client, **swing(process, description="Heel iets anders"))
    for answer in [*([client.get(link)] if looked else []), client.post(link)]:
        assert answer.status_code == 409
        assert "U hebt uw plan gewijzigd nadat u om deze mail vroeg" in Page(answer.text).words
    assert reload(db, process.slug).plans == process.plans
    save(client, **swing(process))  # as it was
    assert client.post(link).status_code == 303


def test_the_address_of_the_link_to_go_on_is_not_asked_again(
    client: TestClient, db: Database, process: Process
) -> None:
    form = ready(client, process)
    save(client, "link", **swing(process), link_email=BRAM.email)
    save(client, **swing(process))
    page = Page(client.post(f"{HERE}/inzending", data=form).text)
    assert page.form(SEND).fields["email"] == [BRAM.email]
    ask_mail(client, client.post(f"{HERE}/inzending", data=form).text, BRAM.email)
    assert client.post(link_to(db, BRAM)).status_code == 303
    assert BRAM.email not in draft_row(db)["fields"]


def test_who_confirmed_an_address_that_is_not_kept_reads_why_it_is_asked_again(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    with writing(db):
        db.execute("UPDATE residents SET email = NULL")
    ready(client, process)
    assert "maar wij hebben het niet bewaard" in Page(client.get(f"{HERE}/voorbeeld").text).words


def test_a_photo_asks_at_once_what_is_on_it(client: TestClient, db: Database, process: Process) -> None:
    begin(client)
    files = {"photo": ("foto.jpg", photo(), "image/jpeg")}
    answer = client.post(HERE, data={**swing(process), "foto": "1"}, files=files)
    assert answer.headers["location"] == f"{HERE}#photo_alt"
    assert "Deze foto is bewaard." in Page(client.get(HERE).text).words
    answer = client.post(HERE, data={**swing(process, photo_alt="Een schommel"), "foto": "1"}, files=files)
    assert answer.headers["location"] == f"{HERE}#photo-part"


def test_a_refused_photo_leaves_no_doubt_what_is_kept(client: TestClient, process: Process) -> None:
    begin(client)
    refused = {"photo": ("foto.gif", b"GIF89a", "image/gif")}
    answer = client.post(HERE, data={**swing(process), "foto": "1"}, files=refused)
    assert "Er is nog geen foto bewaard." in Page(answer.text).words
    client.post(HERE, data={**swing(process), "foto": "1"}, files={"photo": ("foto.jpg", photo(), "image/jpeg")})
    answer = client.post(HERE, data={**swing(process), "foto": "1"}, files=refused)
    assert "Deze foto is bewaard." in Page(answer.text).words


def test_nothing_is_handed_in_before_the_address_is_confirmed(
    client: TestClient, db: Database, process: Process
) -> None:
    client.post(f"{HERE}/inzending", data=ready(client, process))
    assert reload(db, process.slug).plans == process.plans


def test_the_old_tab_says_that_it_is_handed_in(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{HERE}/inzending", data=ready(client, process))
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(HERE, data=swing(process, title="Te laat"), headers=headers)
        assert answer.status_code == 409
        assert "al ingediend" in Page(answer.text).words
    assert "al ingediend" in Page(client.get(HERE).text).words
    assert reload(db, process.slug).plans[-1].title == SWING["title"]
    assert client.post(HERE, data={"opnieuw": "1"}).headers["location"] == HERE
    assert "Schommel" not in client.get(HERE).text


def test_what_changed_in_another_tab_is_looked_at_first(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    form = ready(client, process)
    save(client, **swing(process, title="Glijbaan"))
    answer = client.post(f"{HERE}/inzending", data=form)
    assert answer.status_code == 409
    assert "Glijbaan" in Page(answer.text).words
    assert reload(db, process.slug).plans == process.plans


def test_where_staff_read_first_only_its_maker_sees_it(client: TestClient, db: Database, secret: bytes) -> None:
    insert_collecting(db, secret, plan_moderation="before")
    process = reload(db, "benoordenhout")
    sign_in(client, db, secret, AICHA)
    address = client.post(f"{HERE}/inzending", data=ready(client, process)).headers["location"]
    plan = reload(db, process.slug).all_plans[-1]
    assert "Wij lezen uw plan eerst" in Page(client.get(address).text).words
    assert client.get(plan.url).status_code == 200
    sign_in(client, db, secret, WILLEM)
    client.cookies.delete(f"plan_{process.id}")
    assert client.get(address).status_code == 404
    assert client.get(plan.url).status_code == 404
    sign_out(client)
    assert SWING["title"] not in client.get("/benoordenhout/plannen").text


def test_a_photo_survives_that_something_else_is_wrong(client: TestClient, db: Database, process: Process) -> None:
    begin(client)
    typed = {**swing(process, title=""), "verder": "1"}
    answer = client.post(HERE, data=typed, files={"photo": ("foto.jpg", photo(), "image/jpeg")})
    assert answer.status_code == 422
    key = draft_row(db)["photo"]
    assert f"/foto/{key}-640.webp" in answer.text
    assert client.get(f"/foto/{key}-640.webp").status_code == 200
    save(client, **swing(process))
    assert draft_row(db)["photo"] == key


def test_another_photo_replaces_the_first_of_which_nothing_is_kept(
    client: TestClient, db: Database, process: Process
) -> None:
    begin(client)
    for colour in ("red", "blue"):
        client.post(HERE, data={"foto": "1"}, files={"photo": ("foto.jpg", photo(colour), "image/jpeg")})
    assert [key for (key,) in db.execute("SELECT DISTINCT key FROM photos")] == [draft_row(db)["photo"]]
    client.post(HERE, data={"foto_weg": "1"})
    assert (draft_row(db)["photo"], db.table("photos").count) == ("", 0)


@pytest.mark.parametrize("data", [b"<svg onload='alert(1)'/>", b"GIF89a", b"\xff\xd8\xff\xe0 not a picture"])
def test_what_is_no_photo_is_refused_with_the_reason(client: TestClient, process: Process, data: bytes) -> None:
    begin(client)
    files = {"photo": ("foto.jpg", data, "image/jpeg")}
    answer = client.post(HERE, data={**swing(process), "foto": "1"}, files=files)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert any(a.get("href") == "#photo" for a in page.all("a"))
    assert values_of(answer.text)["title"] == SWING["title"]


@pytest.mark.parametrize(
    ("moment", "words"), [(COLLECT_OPENS, "Dien een plan in"), (COLLECT_CLOSES, "Plannen indienen is voorbij")]
)
def test_it_is_open_when_its_dates_say_so(
    client: TestClient, clock: Clock, process: Process, moment: object, words: str
) -> None:
    clock.now = moment  # type: ignore[assignment]
    assert words in Page(client.get(HERE).text).words


def test_before_it_opens_the_page_says_when(client: TestClient, clock: Clock, process: Process) -> None:
    clock.now = COLLECT_OPENS.replace(month=4)
    assert "Indienen begint op 1 mei 2026" in Page(client.get(HERE).text).words


def test_after_closing_nothing_is_taken(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    form = ready(client, process)
    clock.now = COLLECT_CLOSES
    for path, data in ((HERE, swing(process, title="Te laat")), (f"{HERE}/inzending", form)):
        answer = client.post(path, data=data)
        assert answer.status_code == 409
        assert "Uw plan is niet ingediend" in Page(answer.text).words
    assert reload(db, process.slug).plans == process.plans


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_is_typed_as_it_closes_comes_back_to_be_read(
    client: TestClient, process: Process, clock: Clock, headers: dict[str, str]
) -> None:
    save(client, **swing(process))
    clock.now = COLLECT_CLOSES
    typed = swing(process, title="Twee schommels", description=f"Regel een\n\n{SCRIPT}")
    answer = client.post(HERE, data=typed, headers=headers)
    words = Page(answer.text).words
    assert answer.status_code == 409
    for text in ("Twee schommels", "Regel een", SCRIPT, "Schommel: 1.500", "06 12345678", process.themes[0].name):
        assert text in words
    assert SCRIPT not in answer.text
    assert "niet bewaard. Wilt u hem houden? Kopieer hem dan nu" in words
    assert "Zo bereikt u ons" in words


def test_the_draft_that_was_not_handed_in_can_be_read_after_closing(
    client: TestClient, process: Process, clock: Clock
) -> None:
    save(client, **swing(process))
    clock.now = COLLECT_CLOSES
    for path in (HERE, f"{HERE}/voorbeeld"):
        words = Page(client.get(path).text).words
        assert "Uw plan is niet ingediend" in words
        assert "Schommel in het park" in words
        assert "in deze browser, tot 10 augustus 2026" in words
    client.cookies.clear()
    assert "niet ingediend" not in Page(client.get(HERE).text).words


def test_the_old_tab_says_that_it_is_handed_in_after_closing_too(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{HERE}/inzending", data=ready(client, process))
    clock.now = COLLECT_CLOSES
    assert "al ingediend" in Page(client.post(HERE, data=swing(process)).text).words


def test_where_no_plans_are_collected_the_page_says_so(client: TestClient, elsewhere: Process) -> None:
    assert "dienen bewoners geen plannen in" in Page(client.get("/loosduinen/plannen/nieuw").text).words


def test_the_link_in_the_mail_opens_the_draft_in_another_browser(
    client: TestClient, db: Database, process: Process
) -> None:
    answer = save(client, "link", **swing(process), link_email=BRAM.email)
    assert answer.headers["location"] == f"{HERE}?mail=1#bewaren"
    assert "Kijk in uw mail" in Page(client.get(f"{HERE}?mail=1").text).words
    assert mails_of(db, "continue_submission") == [BRAM.email]
    (path,) = next(iter(db.execute("SELECT json_extract(content, '$.path') FROM outbox")))
    client.cookies.clear()
    asked = client.get(path)
    assert "set-cookie" not in asked.headers, "a link of somebody else's lays no draft ready"
    assert "Dan kan die ander lezen wat u schrijft" in Page(asked.text).words
    assert client.post(path).headers["location"] == HERE
    assert values_of(client.get(HERE).text)["title"] == SWING["title"]


def test_the_mail_to_go_on_says_until_when(client: TestClient, db: Database, process: Process) -> None:
    save(client, "link", **swing(process), link_email=BRAM.email)
    (mail,) = outbox.page(db, Reader(everything=True), 10)
    made = letter(load({}, environment={}), mail)
    for text in (made.text, made.html):
        assert "U kunt uw plan indienen tot en met 31 mei 2026." in text


def test_the_link_asks_before_another_draft_is_lost(client: TestClient, db: Database, process: Process) -> None:
    save(client, "link", **swing(process), link_email=BRAM.email)
    (path,) = next(iter(db.execute("SELECT json_extract(content, '$.path') FROM outbox")))
    client.cookies.clear()
    save(client, title="Glijbaan")
    page = client.get(path)
    assert page.status_code == 200
    assert values_of(client.get(HERE).text)["title"] == "Glijbaan"
    assert client.post(path).headers["location"] == HERE
    assert values_of(client.get(HERE).text)["title"] == SWING["title"]


@pytest.mark.parametrize("typed", ["", "geen adres", "a@example.org\r\nBcc: b@example.org"])
def test_a_link_needs_an_address(client: TestClient, db: Database, process: Process, typed: str) -> None:
    answer = save(client, "link", **swing(process), link_email=typed)
    assert answer.status_code == 422
    assert mails_of(db, "continue_submission") == []


def test_nobody_sends_mails_without_end(client: TestClient, db: Database, process: Process) -> None:
    answers = {save(client, "link", title="Wip", link_email=BRAM.email).status_code for _ in range(12)}
    assert len(answers) == 1, "who asks doesn't learn whether mails went out"
    assert len(mails_of(db, "continue_submission")) == outbox.MOST_ASKED


def test_one_network_does_not_mail_the_whole_town(client: TestClient, process: Process) -> None:
    people = [f"bewoner{number}@example.org" for number in range(MAILS_ASKED + 1)]
    answers = [save(client, "link", title="Wip", link_email=email).status_code for email in people]
    assert answers[-1] == 429


@pytest.mark.parametrize("name", sorted(set(SWING) - {"theme"}))
def test_whatever_is_typed_shows_as_text(client: TestClient, process: Process, name: str) -> None:
    attack = f"\"'>{SCRIPT}<img src=x onerror=alert(1)>"
    save(client, **swing(process, **{name: attack}))
    html = client.get(HERE).text
    assert SCRIPT not in html
    assert "<img src=x" not in html
    answer = save(client, "verder", **swing(process, **{name: attack}))
    shown = answer.text if answer.status_code == 422 else client.get(f"{HERE}/voorbeeld").text
    assert SCRIPT not in shown
    assert "<img src=x" not in shown


def test_whatever_is_handed_in_shows_as_text(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in(client, db, secret, AICHA)
    attacked = {name: f'{name[:2]}"{SCRIPT}' for name in SWING if name not in ("theme", "euros-1", "euros-2")}
    attacked["description"] = f"[klik](javascript:alert(1)) {SCRIPT} [link](https://example.org)"
    client.post(f"{HERE}/inzending", data=ready(client, process, **attacked))
    plan = reload(db, process.slug).plans[-1]
    for path in (
        plan.url,
        f"{plan.url}/ingediend",
        f"{plan.url}/makers",
        f"{plan.url}/wijzigen",
        f"{plan.url}/intrekken",
    ):
        html = client.get(path).text
        assert SCRIPT not in html
        assert 'href="javascript' not in html


def test_another_sites_form_is_refused(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in(client, db, secret, AICHA)
    form = ready(client, process)
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(f"{HERE}/inzending", data=form, headers=headers).status_code == 403
    assert client.post(HERE, data={"title": "Win"}, headers=headers).status_code == 403
    assert values_of(client.get(HERE).text)["title"] == SWING["title"]


def test_a_theme_that_went_meanwhile_is_asked_again(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    form = ready(client, process)
    with writing(db):
        db.execute("UPDATE plan_themes SET theme_id = ?", [process.themes[1].id])
        db.execute("DELETE FROM themes WHERE id = ?", [process.themes[0].id])
    assert client.post(f"{HERE}/inzending", data=form).status_code == 422


def test_pages_with_what_somebody_typed_are_kept_by_nobody(client: TestClient, site: Site, process: Process) -> None:
    ready(client, process)
    for path in (HERE, f"{HERE}/voorbeeld"):
        assert client.get(path).headers["cache-control"] == "no-store"


SQUARE = (
    '{"type": "MultiPolygon", "coordinates": [[[[4.3, 52.0], [4.4, 52.0], [4.4, 52.1], [4.3, 52.1], [4.3, 52.0]]]]}'
)


@pytest.fixture
def mapped(db: Database, process: Process) -> Process:
    """The area of the process has a boundary."""
    with writing(db):
        db.execute("UPDATE areas SET boundary = ?", [SQUARE])
    return reload(db, process.slug)


def test_a_click_on_the_drawn_map_puts_the_pin(client: TestClient, db: Database, mapped: Process) -> None:
    answer = save(client, "geen", **swing(mapped), **{"prik.x": "144", "prik.y": "100"})
    assert answer.headers["location"] == f"{HERE}#place"
    shown = values_of(client.get(HERE).text)
    assert 4.3 < float(shown["lon"]) < 4.4
    assert 52.0 < float(shown["lat"]) < 52.1
    save(client, "prik_weg", **swing(mapped, lat=shown["lat"], lon=shown["lon"]))
    assert values_of(client.get(HERE).text)["lat"] == ""


@pytest.mark.parametrize(("lon", "warned"), [("4.35", False), ("4.45", True)])
def test_a_pin_outside_the_area_is_pointed_out(client: TestClient, mapped: Process, lon: str, warned: bool) -> None:
    ready(client, mapped, lat="52.05", lon=lon)
    assert ("de pin staat buiten" in Page(client.get(f"{HERE}/voorbeeld").text).words) is warned


def test_a_pin_far_from_the_area_is_refused_with_what_to_do(client: TestClient, db: Database, mapped: Process) -> None:
    answer = save(client, "verder", **swing(mapped, lat="52.05", lon="5.5"))
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Plek op de kaart: De pin staat te ver buiten het gebied." in page.words
    assert {"#place"} == {tag["href"] for tag in page.all("a") if tag.get("href") == "#place"}
    assert any(tag.get("id") == "place" for tag in page.all("fieldset"))
    assert "De pin staat op de kaart." not in page.words
    assert values_of(answer.text)["title"] == SWING["title"]
    assert client.get(f"{HERE}/voorbeeld").status_code == 422
    saved = save(client, "prik_weg", **swing(mapped, lat="52.05", lon="5.5"))
    assert saved.status_code == 303
    assert client.get(f"{HERE}/voorbeeld").status_code == 200


def test_one_network_does_not_fill_the_disk_with_photos(client: TestClient, site: Site, process: Process) -> None:
    site.photo_tries = Tries(1, (), window=HOUR)
    begin(client)
    sent = {"files": {"photo": ("wip.jpg", photo())}, "data": {"title": "Wip", "foto": "1"}}
    assert client.post(HERE, **sent).status_code == 303
    answer = client.post(HERE, **sent | {"data": {"title": "Wip in het park", "foto": "1"}})
    assert answer.status_code == 429
    assert "Vanaf uw verbinding zijn veel foto’s gestuurd." in Page(answer.text).words
    assert values_of(client.get(HERE).text)["title"] == "Wip in het park"


def test_one_network_does_not_fill_the_disk_with_drafts(
    client: TestClient, site: Site, db: Database, process: Process
) -> None:
    site.draft_tries = Tries(1, (), window=HOUR)
    assert save(client, title="Wip").status_code == 303
    assert save(client, title="Wip in het park").status_code == 303
    client.cookies.clear()
    answer = save(client, title="Schommel")
    assert answer.status_code == 429
    assert "Wij konden uw plan nog niet bewaren." in Page(answer.text).words
    assert values_of(answer.text)["title"] == "Schommel"


def test_a_text_that_is_too_long_is_kept_as_far_as_somebody_can_have_meant_it(
    client: TestClient, db: Database, process: Process
) -> None:
    save(client, description="x" * 12_000, title="y" * 50_000)
    assert len(values_of(client.get(HERE).text)["description"]) == 12_000
    assert len(draft_row(db)["fields"]) < 20_000
