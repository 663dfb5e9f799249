"""A host name of its own for a process: its pages there, everything else on the site, and no trick with a header."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain import hosts, mails, outbox
from domain.database import Database, writing
from domain.designs.choices import Unfit, checked
from domain.designs.model import choice_of
from domain.outbox import Recipient
from domain.processes import Process
from routes import letters
from routes.hosts import base_of, canonical, name_in
from routes.mail import letter, settings_of
from routes.site import Site
from tests.cast import AICHA, CLOSES, NOW, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, OLGA, sign_in_as
from tests.test_tries import From

OWN = "bezuidenhout.voorbeeld.nl"
MAIN = "testserver.local"
SITE = f"http://{MAIN}"


@pytest.fixture
def process(process: Process, db: Database) -> Process:
    db.execute("UPDATE processes SET host = ? WHERE slug = 'bezuidenhout'", [OWN])
    return reload(db)


def at(client: TestClient, host: str, path: str = "/", **headers: str) -> Any:
    return client.get(path, headers={"Host": host, **headers})


def h1(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.text.split("<h1")[1].split(">", 1)[1].split("<")[0])


# What stands where


def test_its_own_host_begins_with_its_page(client: TestClient, process: Process) -> None:
    assert h1(at(client, OWN)) == "Bezuidenhout beslist"
    assert h1(at(client, MAIN)) == "Beslis mee over uw wijk"
    assert h1(at(client, OWN, "/bezuidenhout")) == h1(at(client, MAIN, "/bezuidenhout")) == "Bezuidenhout beslist"


def test_pages_of_others_are_on_the_site(client: TestClient, process: Process, elsewhere: Process) -> None:
    for path in ("/loosduinen", "/loosduinen/plannen?zoek=a%26b&pagina=2", "/beheer/inloggen?terug=/beheer/a"):
        answer = at(client, OWN, path)
        assert (answer.status_code, answer.headers["location"]) == (302, SITE + path), path
        assert answer.headers["cache-control"] == "no-store"
    assert client.post("/loosduinen/stemmen", headers={"Host": OWN}, data={"plan": "strand"}).status_code == 404


def test_what_belongs_to_no_process_is_there_too(client: TestClient, process: Process) -> None:
    for path in ("/hulp", "/privacy", "/mijn", "/aanmelden", "/bezuidenhout/plannen", "/favicon.ico"):
        assert at(client, OWN, path).status_code in (200, 303), path
    footer = {a["href"] for a in Page(at(client, OWN).text).all("a")}
    assert SITE + "/" in footer, "all processes are on the site"
    assert "/" in footer, "and home is the page of this one"


def test_a_page_has_one_address_whatever_the_host(client: TestClient, process: Process) -> None:
    for host in (OWN, MAIN):
        for path, address in (
            ("/bezuidenhout", f"http://{OWN}/"),
            ("/bezuidenhout/plannen", f"http://{OWN}/bezuidenhout/plannen"),
            ("/hulp", f"{SITE}/hulp"),
        ):
            page = Page(at(client, host, path).text)
            assert [link["href"] for link in page.all("link") if link["rel"] == "canonical"] == [address]
    own = Page(at(client, OWN).text)
    assert [link["href"] for link in own.all("link") if link["rel"] == "canonical"] == [f"http://{OWN}/"]


def test_one_votes_on_its_own_host(client: TestClient, process: Process) -> None:
    client.headers["Host"] = OWN
    answer = client.post(
        "/bezuidenhout/stemmen/inzending", data=AICHA.form("bank"), headers={"Origin": f"http://{OWN}"}
    )
    assert "Uw stem telt mee" in words(answer.text)
    assert f"http://{OWN}/bezuidenhout/controle" in answer.text
    forged = client.post("/bezuidenhout/stemmen/inzending", data=AICHA.form("bank"), headers={"Origin": SITE})
    assert forged.status_code == 403, "the site itself is another site"


def test_no_cookie_goes_to_another_host(client: TestClient, process: Process) -> None:
    for host in (OWN, MAIN):
        answer = client.post("/bezuidenhout/stemmen", data={"plan": "bank"}, headers={"Host": host})
        cookies = answer.headers.get_list("set-cookie")
        assert cookies
        assert not [cookie for cookie in cookies if "domain" in cookie.lower()]


# Tricks with headers


TRICKS = (
    *(
        f"{OWN}.evil.example",
        f"evil.example/{OWN}",
        f"{OWN}@evil.example",
        f"evil.example#{OWN}",
        f"{OWN},evil.example",
    ),
    *("evil.example", "", " ", "..", "[::1]", "127.0.0.1", f"{OWN}:x", f"{OWN}:-1", "x" * 5000, f"{OWN}\t"),
    *("voorbeeld.nl", f"a.{OWN}", "bezuidenhout", "%62ezuidenhout.voorbeeld.nl"),
)


@pytest.mark.parametrize("host", TRICKS)
def test_a_host_that_we_dont_know_is_the_site_and_stands_nowhere(
    client: TestClient, process: Process, host: str
) -> None:
    plain = at(client, MAIN).text
    answer = at(client, host)
    if answer.status_code == 400:  # it can't be a host at all
        assert OWN not in answer.text
        return
    assert answer.text == plain
    for path in ("/", "/bezuidenhout", "/hulp"):
        assert "evil.example" not in at(client, host, path).text
    assert at(client, host, "/beheer/inloggen").status_code == 200


@pytest.mark.parametrize("host", [OWN.upper(), f"{OWN}:80", f"{OWN}:8443", f"{OWN}."])
def test_case_port_and_a_dot_are_no_matter(client: TestClient, process: Process, host: str) -> None:
    assert h1(at(client, host)) == "Bezuidenhout beslist"


def test_two_hosts_at_once_are_none(client: TestClient, process: Process) -> None:
    assert client.get("/", headers=[("Host", OWN), ("Host", MAIN)]).status_code == 400
    assert name_in([OWN, MAIN]) == name_in([]) == ""


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "//evil.example/loosduinen", "/%2F%2Fevil.example", "/beheer//evil.example"],
)
def test_no_path_leads_to_somebody_else(client: TestClient, process: Process, path: str) -> None:
    answer = at(client, OWN, path)
    where = answer.headers.get("location", "/")
    assert where.startswith((SITE + "/", "/"))
    assert not where.startswith(("//", "/\\"))


def test_what_was_made_for_one_host_is_not_served_on_the_other(client: TestClient, process: Process) -> None:
    pages = {}
    for host in (MAIN, OWN, "evil.example") * 2:
        for path in ("/", "/bezuidenhout", "/hulp"):
            answer = at(client, host, path)
            assert pages.setdefault((host, path), answer.text) == answer.text
            assert answer.headers["cache-control"] == "no-cache"
    assert pages[MAIN, "/"] != pages[OWN, "/"]
    assert {pages[MAIN, path] == pages["evil.example", path] for path in ("/", "/bezuidenhout", "/hulp")} == {True}


# Behind a proxy


@pytest.fixture
def proxied(settings: Settings, process: Process, clock: Clock) -> Iterator[TestClient]:
    behind = replace(settings, proxies=("10.0.0.1",))
    with TestClient(From(create_app(behind), "10.0.0.1"), base_url=SITE) as client:
        client.follow_redirects = False
        yield client


def test_a_proxy_of_ours_says_what_was_asked(proxied: TestClient) -> None:
    assert h1(at(proxied, "127.0.0.1:8000", **{"X-Forwarded-Host": OWN})) == "Bezuidenhout beslist"
    assert h1(at(proxied, OWN)) == "Bezuidenhout beslist"


def test_beside_a_host_that_we_know_it_says_nothing(proxied: TestClient) -> None:
    """A proxy that sends the Host on sends what a visitor adds too: a cache before it would keep it for all."""
    assert h1(at(proxied, MAIN, **{"X-Forwarded-Host": OWN})) == "Beslis mee over uw wijk"
    assert h1(at(proxied, OWN, **{"X-Forwarded-Host": MAIN})) == "Bezuidenhout beslist"
    answer = proxied.get("/", headers=[("Host", "x"), ("X-Forwarded-Host", OWN), ("X-Forwarded-Host", MAIN)])
    assert h1(answer) == "Beslis mee over uw wijk"


def test_nobody_else_may_say_it(client: TestClient, process: Process) -> None:
    for host in (MAIN, "127.0.0.1", "x"):
        assert h1(at(client, host, **{"X-Forwarded-Host": OWN})) == "Beslis mee over uw wijk"


# Its addresses elsewhere


def test_letters_feeds_and_mails_name_its_own_host(
    client: TestClient, site: Site, db: Database, process: Process, elsewhere: Process, settings: Settings
) -> None:
    assert letters.url_of(settings, process, AICHA.code).startswith(f"http://{OWN}/bezuidenhout/stemmen#")
    assert f"<id>http://{OWN}/bezuidenhout/feed.atom</id>" in client.get("/bezuidenhout/feed.atom").text
    with writing(db):
        plan = process.plans[0]
        to = Recipient("aicha@example.org")
        mails.plan_published(db, NOW, to, process=process, plan_id=plan.id, title=plan.title)
        mails.plan_published(db, NOW, to, process=elsewhere, plan_id=elsewhere.plans[0].id, title="Strand")
        mails.confirm(db, NOW, to, path="/bevestig/x", action="sign_in")
    first, other, neither = (letter(settings_of(site, mail), mail).text for mail in outbox.due(db, NOW))
    assert f"http://{OWN}{plan.url}" in first
    assert SITE not in first
    assert f"{SITE}/loosduinen/plannen/" in other
    assert f"{SITE}/bevestig/x" in neither


def test_mail_for_staff_leads_to_the_site(site: Site, db: Database, process: Process) -> None:
    with writing(db):
        content = {"path": "/beheer/bezuidenhout/plannen/1/toets"}
        outbox.put(db, "second_opinion_asked", Recipient("b@example.org"), content, NOW, process_id=process.id)
    (mail,) = outbox.due(db, NOW)
    assert settings_of(site, mail).url == SITE


def test_the_scheme_and_port_are_those_of_the_site(settings: Settings, process: Process) -> None:
    for url, base in (
        ("https://stem.nl", f"https://{OWN}"),
        ("https://stem.nl:8443", f"https://{OWN}:8443"),
        ("http://127.0.0.1:8000", f"http://{OWN}:8000"),
    ):
        assert base_of(replace(settings, url=url), process) == base
    assert base_of(settings, replace(process, host="")) == base_of(settings, None) == SITE
    assert base_of(settings, replace(process, host="evil.example/?")) == SITE
    assert canonical(settings, process, "/beheer/bezuidenhout") == f"{SITE}/beheer/bezuidenhout"


# What can be a host


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Beslis.Gemeente.NL ", "beslis.gemeente.nl"),
        ("a.b.", "a.b"),
        ("café.nl", "xn--caf-dma.nl"),
        ("wijk.localhost", "wijk.localhost"),
    ],
)
def test_a_host_is_written_in_one_way(typed: str, name: str) -> None:
    assert hosts.host(typed) == name


NO_HOST = (
    *("localhost", "127.0.0.1", "1.2", "a..b", ".a.b", "a b.nl", "https://a.nl", "a.nl/x", "a.nl:80", "-a.nl", "a-.nl"),
    *(
        "a_b.nl",
        "*.nl",
        "a.nl\nb.nl",
        "a.nl;",
        "a'.nl",
        "é" * 200 + ".nl",
        "a." * 80 + "nl",
        "..",
        "[::1]",
        "xn--\x00.nl",
    ),
)


@pytest.mark.parametrize("typed", NO_HOST)
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        hosts.host(typed)
    choice = choice_of("look", "host")
    assert choice
    with pytest.raises(Unfit):
        checked(choice, typed)


@given(st.text())
def test_no_text_gives_anything_but_a_host_or_an_origin(text: str) -> None:
    for read in (hosts.host, hosts.origin):
        try:
            made = read(text)
        except ValueError:
            continue
        assert set(made.removeprefix("https://").removeprefix("http://")) <= set(
            "abcdefghijklmnopqrstuvwxyz0123456789.-:"
        )


# Staff


HERE = "/beheer/bezuidenhout/uiterlijk"


@pytest.fixture
def olga(client: TestClient, db: Database, secret: bytes, process: Process) -> TestClient:
    sign_in_as(client, db, secret, process, OLGA)
    return client


def test_staff_give_a_process_a_host_and_take_it_away(olga: TestClient, db: Database) -> None:
    olga.post(f"{HERE}/adres", data={"host": "Nieuw.Voorbeeld.nl", "framers": "https://www.denhaag.nl/x\n"})
    process = reload(db)
    assert (process.host, process.frame_ancestors) == ("nieuw.voorbeeld.nl", ("https://www.denhaag.nl",))
    assert h1(at(olga, "nieuw.voorbeeld.nl")) == "Bezuidenhout beslist"
    assert h1(at(olga, OWN)) == "Beslis mee over uw wijk"
    olga.post(f"{HERE}/adres", data={"host": "", "framers": ""})
    assert (reload(db).host, reload(db).frame_ancestors) == ("", ())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"host": "geen adres"}, "Dit is geen adres."),
        ({"host": MAIN}, "Dit is het adres van de hele site."),
        ({"host": "bezet.voorbeeld.nl"}, "Een ander traject heeft dit eigen adres al."),
        ({"framers": "http://www.denhaag.nl"}, "Zet op elke regel één adres"),
        ({"framers": "https://*.denhaag.nl"}, "Zet op elke regel één adres"),
        ({"framers": "https://a.nl; script-src *"}, "Zet op elke regel één adres"),
        ({"framers": "\n".join(f"https://a{n}.nl" for n in range(11))}, "Dit zijn er te veel."),
    ],
)
def test_what_can_not_be_comes_back_as_it_was_typed(
    olga: TestClient, db: Database, elsewhere: Process, data: dict[str, str], said: str
) -> None:
    db.execute("UPDATE processes SET host = 'bezet.voorbeeld.nl' WHERE slug = 'loosduinen'")
    answer = olga.post(f"{HERE}/adres", data=data)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert reload(db).host == OWN
    assert reload(db).frame_ancestors == ()


def test_a_beheerder_can_not_send_residents_to_another_host(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    answer = client.post(f"{HERE}/adres", data={"host": "elders.voorbeeld.nl"})
    assert answer.status_code == 422
    assert "Alleen de eigenaar van de site" in words(answer.text)
    assert reload(db).host == OWN


def test_after_the_vote_it_is_the_same_host(client: TestClient, process: Process, clock: Clock) -> None:
    clock.now = CLOSES + timedelta(days=1)
    assert h1(at(client, OWN)) == "Bezuidenhout beslist"
