"""The settings: one table, and a wrong value stops the start with a clear sentence."""

from pathlib import Path

import pytest

from config.settings import SETTINGS, SettingsError, load, secret_path, secure
from routes.site import Site


def told(*arguments, **values) -> str:
    with pytest.raises(SettingsError) as error:
        load(*arguments, **values)
    return str(error.value)


def test_every_setting_has_a_default_that_is_right_and_a_meaning():
    settings = load(environment={})
    assert [setting.name for setting in SETTINGS] == list(vars(settings))
    assert all(setting.help.endswith(".") for setting in SETTINGS)


WRONG = [
    ("db", ""),
    ("port", "tachtig"),
    ("port", "65536"),
    ("port", "-1"),
    ("url", "stem.gemeente.nl"),
    ("url", "https://stem.gemeente.nl/stemmen"),
    ("url", "ftp://stem.gemeente.nl"),
    ("proxies", "de proxy"),
    ("proxies", "10.0.0.0/33"),
    ("wrong_codes", "0"),
    ("wrong_codes", "veel"),
    ("contact_email", "bel ons"),
    ("accessibility_status", "mostly"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_named_in_one_sentence(name, value):
    sentence = told({name: value}, {})
    assert sentence.startswith(f"The setting {name} is “{value}”: it ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path):
    file = tmp_path / "wijkbudget.toml"
    file.write_text('name = "bestand"\nmunicipality = "bestand"\nport = 8001\n')
    environment = {"WIJKBUDGET_SETTINGS": str(file), "WIJKBUDGET_NAME": "omgeving", "WIJKBUDGET_OPENING": "omgeving"}
    settings = load({"name": "opdracht"}, environment)
    assert (settings.name, settings.opening, settings.municipality) == ("opdracht", "omgeving", "bestand")
    assert (settings.port, settings.host) == (8001, "127.0.0.1")


def test_a_settings_file_that_is_wrong_is_named(tmp_path):
    file = tmp_path / "wijkbudget.toml"
    assert "can't be read" in told(None, {}, file)
    file.write_text("name = ")
    assert "is not TOML" in told(None, {}, file)
    file.write_bytes(b"name = '\xff'")
    assert "is not TOML" in told(None, {}, file)
    file.write_text('prot = "8001"')
    assert "names “prot”, which is no setting" in told(None, {}, file)


def test_the_secret_lives_beside_the_database_unless_said_otherwise(tmp_path):
    assert secret_path(load({"db": "/srv/wijk.db"}, {})) == Path("/srv/wijk.db.secret")
    assert secret_path(load({"db": "/srv/wijk.db", "secret": "/etc/wijk"}, {})) == Path("/etc/wijk")


def test_a_site_behind_tls_is_secure():
    assert secure(load({"url": "https://stem.gemeente.nl"}, {}))
    assert not secure(load({"url": "http://127.0.0.1:8000/"}, {}))


def test_text_is_kept_as_it_is():
    assert load({"name": " Wijk 🌳 שלום "}, {}).name == "Wijk 🌳 שלום"


def test_a_database_in_a_directory_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(OSError, match="does not exist"):
        Site(load({"db": str(tmp_path / "nowhere" / "wijk.db")}, {}))


def test_a_database_that_may_not_be_written_stops_the_start(tmp_path, monkeypatch):
    """Asked of the system, for whoever runs the tests may be allowed everything."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(OSError, match="can't be written"):
        Site(load({"db": str(tmp_path / "wijk.db")}, {}))
    assert not (tmp_path / "wijk.db").exists()
