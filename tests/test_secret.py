"""The secret file: who has only the file or only the database has nothing."""

import pytest

from config.settings import secret_path
from domain import secret as secrets_
from domain.database import connect
from domain.migrations import migrate
from domain.secret import SecretError, keyed_hash, open_secret
from routes.site import Site
from tests.cast import AICHA, BRAM


def test_the_first_start_makes_a_secret_only_the_owner_may_read(settings, secret):
    path = secret_path(settings)
    assert len(secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == secret.hex() + "\n"


def test_every_site_has_a_secret_of_its_own(tmp_path):
    assert secrets_.create(tmp_path / "one") != secrets_.create(tmp_path / "other")


def test_the_next_start_reads_it_again(db, settings, secret):
    assert open_secret(db, secret_path(settings)) == secret


def test_a_secret_put_there_before_the_first_start_is_used(db, settings):
    made = secrets_.create(secret_path(settings))
    assert open_secret(db, secret_path(settings)) == made


def test_the_database_does_not_hold_the_secret(db, settings, secret):
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = settings.db.read_bytes()
    assert secret not in data
    assert secret.hex().encode() not in data


def test_a_wrong_secret_stops_the_start(db, settings, secret):
    secret_path(settings).write_text("ab" * 32)
    with pytest.raises(SecretError, match="belongs to another database"):
        Site(settings)


def test_a_secret_that_is_gone_stops_the_start_and_no_other_is_made(db, settings, secret):
    secret_path(settings).unlink()
    with pytest.raises(SecretError, match="is missing"):
        Site(settings)
    assert not secret_path(settings).exists()


@pytest.mark.parametrize("content", ["", "\n", "ab", "ab" * 31, "zz" * 32, "é" * 64], ids=repr)
def test_a_file_that_holds_no_whole_secret_stops_the_start(tmp_path, content):
    """Also before the database knows one: an empty secret would make every code guessable."""
    (tmp_path / "secret").write_text(content, "utf-8")
    db = connect(tmp_path / "new.db")
    migrate(db)
    with pytest.raises(SecretError, match="can't be read"):
        open_secret(db, tmp_path / "secret")
    db.close()


def test_a_directory_that_is_not_there_stops_the_start(db, tmp_path):
    with pytest.raises(SecretError, match="can't be written"):
        open_secret(db, tmp_path / "nowhere" / "secret")


def test_a_key_depends_on_label_process_code_and_secret(secret):
    keys = {
        keyed_hash(secret, "roll", 1, AICHA.code),
        keyed_hash(secret, "ballot", 1, AICHA.code),
        keyed_hash(secret, "roll", 2, AICHA.code),
        keyed_hash(secret, "roll", 1, BRAM.code),
        keyed_hash(b"another", "roll", 1, AICHA.code),
        keyed_hash(secret, "roll", 11, AICHA.code[1:]),
    }
    assert len(keys) == 6
    assert {len(key) for key in keys} == {16}
