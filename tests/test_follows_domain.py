"""Who is mailed what and when: one mail, once, and nothing after unsubscribing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain import follows, news, residents
from domain.database import Database, writing
from domain.follows import Refused
from domain.processes import Process
from tests.cast import AICHA, BRAM, CHEN, NOW, OPENS, Resident, reload
from tests.writing import arrives

EIGHT = datetime(2026, 5, 13, 6, tzinfo=UTC)  # the morning after NOW, in summer time
SOON = NOW + timedelta(minutes=1)


class Newsroom:
    """Bezuidenhout and who follows it. The opening of the vote was told long ago."""

    def __init__(self, db: Database, secret: bytes, process: Process) -> None:
        self.db, self.secret, self.process = db, secret, process
        self.bench, self.garden = process.plans[:2]
        with writing(db):
            news.of_phases(db, OPENS)

    def follows(self, who: Resident, plan_id: int | None, frequency: str, process: Process | None = None) -> int:
        resident_id = arrives(self.db, self.secret, who)
        at = (process or self.process).id
        with writing(self.db):
            follows.follow(self.db, at, plan_id, resident_id, frequency, NOW)
        newest = "SELECT id FROM follows WHERE resident_id = ? AND process_id = ? AND plan_id IS ?"
        return int(self.db.execute(newest, [resident_id, at, plan_id]).fetchone()[0])

    def happens(self, plan_id: int | None, kind: str = "feasible", at: datetime = NOW, text: str = "") -> None:
        with writing(self.db):
            news.tell(self.db, self.process.id, plan_id, kind, text, at)

    def send(self, now: datetime) -> int:
        with writing(self.db):
            return follows.send_news(self.db, self.secret, [reload(self.db)], now)

    def mails(self) -> list[tuple[str, list[str]]]:
        """To whom, and the kinds of news in it."""
        rows = self.db.query("SELECT recipient, content FROM outbox WHERE kind = 'news' ORDER BY id")
        return [(row["recipient"], [item["kind"] for item in json.loads(row["content"])["items"]]) for row in rows]

    def links(self) -> list[str]:
        rows = self.db.execute("SELECT unsubscribe FROM outbox WHERE kind = 'news' ORDER BY id")
        return [row[0].removeprefix("/afmelden/") for row in rows]

    def unsubscribe(self, token: str) -> bool:
        with writing(self.db):
            return follows.unsubscribe(self.db, self.secret, token)

    def address_of(self, who: Resident) -> str | None:
        key = residents.key_of_address(self.secret, who.email)
        row = self.db.execute("SELECT email FROM residents WHERE key = ?", [key]).fetchone()
        return row[0] if row else None


@pytest.fixture
def newsroom(db: Database, secret: bytes, process: Process) -> Newsroom:
    return Newsroom(db, secret, process)


def test_who_follows_a_plan_hears_of_that_plan_at_once(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.happens(newsroom.bench.id)
    newsroom.happens(newsroom.garden.id, "infeasible")
    newsroom.send(SOON)
    assert newsroom.mails() == [(AICHA.email, ["feasible"])]


def test_who_follows_a_process_hears_of_every_plan_in_it_and_of_no_other(
    newsroom: Newsroom, elsewhere: Process
) -> None:
    newsroom.follows(AICHA, None, "at_once")
    newsroom.follows(BRAM, None, "at_once", elsewhere)
    newsroom.happens(newsroom.bench.id)
    newsroom.happens(newsroom.garden.id, "infeasible")
    newsroom.send(SOON)
    assert newsroom.mails() == [(AICHA.email, ["feasible", "infeasible"])]


def test_who_follows_a_plan_also_hears_of_the_vote_and_the_result(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.happens(None, "result")
    newsroom.send(SOON)
    assert newsroom.mails() == [(AICHA.email, ["result"])]


def test_who_follows_both_gets_one_mail(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.follows(AICHA, None, "at_once")
    newsroom.happens(newsroom.bench.id)
    newsroom.send(SOON)
    newsroom.send(SOON + timedelta(minutes=1))
    assert newsroom.mails() == [(AICHA.email, ["feasible"])]


def test_what_was_told_at_once_is_not_in_the_mail_of_the_day(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.follows(AICHA, None, "digest")
    newsroom.happens(newsroom.bench.id)
    newsroom.happens(newsroom.garden.id, "withdrawn")
    newsroom.send(SOON)
    newsroom.send(EIGHT)
    assert newsroom.mails() == [(AICHA.email, ["feasible"]), (AICHA.email, ["withdrawn"])]


def test_several_things_of_one_moment_are_one_mail(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "at_once")
    newsroom.happens(newsroom.bench.id, at=NOW)
    newsroom.happens(newsroom.garden.id, at=NOW + timedelta(seconds=10))
    assert newsroom.send(NOW + timedelta(seconds=5)) == 0
    newsroom.send(NOW + timedelta(seconds=25))
    newsroom.send(NOW + timedelta(seconds=45))
    assert newsroom.mails() == [(AICHA.email, ["feasible", "feasible"])]


def test_the_mail_of_the_day_goes_at_eight_and_once(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "digest")
    newsroom.happens(newsroom.bench.id)
    newsroom.happens(newsroom.garden.id, at=NOW + timedelta(hours=5))
    assert newsroom.send(SOON) == 0
    assert newsroom.send(EIGHT - timedelta(seconds=1)) == 0
    assert newsroom.send(EIGHT) == 1
    newsroom.happens(newsroom.bench.id, "withdrawn", EIGHT + timedelta(minutes=1))
    assert newsroom.send(EIGHT + timedelta(hours=3)) == 0
    assert newsroom.send(EIGHT + timedelta(days=1)) == 1
    assert newsroom.mails() == [(AICHA.email, ["feasible", "feasible"]), (AICHA.email, ["withdrawn"])]


def test_eight_is_eight_here_in_winter_too() -> None:
    assert follows.last_morning(datetime(2026, 1, 10, 6, 59, tzinfo=UTC)) == datetime(2026, 1, 9, 7, tzinfo=UTC)
    assert follows.last_morning(datetime(2026, 1, 10, 7, tzinfo=UTC)) == datetime(2026, 1, 10, 7, tzinfo=UTC)
    assert follows.last_morning(EIGHT) == EIGHT
    # the night in which the clock goes forward
    assert follows.last_morning(datetime(2026, 3, 29, 5, 59, tzinfo=UTC)) == datetime(2026, 3, 28, 7, tzinfo=UTC)


def test_a_server_that_was_down_sends_the_mail_of_the_day_when_it_is_back(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "digest")
    newsroom.happens(newsroom.bench.id)
    assert newsroom.send(EIGHT + timedelta(days=2, hours=4)) == 1


def test_what_happened_before_they_followed_is_not_told(newsroom: Newsroom) -> None:
    newsroom.happens(newsroom.bench.id)
    newsroom.follows(AICHA, None, "at_once")
    assert newsroom.send(SOON) == 0


def test_a_crash_tells_nobody_twice_and_forgets_nobody(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "at_once")
    newsroom.follows(BRAM, None, "digest")
    newsroom.happens(newsroom.bench.id)
    with pytest.raises(RuntimeError, match="power cut"):
        send_and_crash(newsroom)
    assert newsroom.mails() == []
    assert newsroom.send(EIGHT) == 2
    assert newsroom.send(EIGHT) == 0
    assert sorted(newsroom.mails()) == [(AICHA.email, ["feasible"]), (BRAM.email, ["feasible"])]


def send_and_crash(newsroom: Newsroom) -> None:
    with writing(newsroom.db):
        assert follows.send_news(newsroom.db, newsroom.secret, [newsroom.process], EIGHT) == 2
        raise RuntimeError("power cut")


def test_with_nothing_new_there_is_nothing_to_do(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.follows(BRAM, None, "digest")
    assert not follows.anything_due(newsroom.db, SOON)
    newsroom.happens(newsroom.garden.id)
    assert follows.anything_due(newsroom.db, SOON)
    newsroom.send(SOON)  # nothing for Aïcha, who follows another plan; too early for Bram
    assert not follows.anything_due(newsroom.db, SOON)
    assert follows.anything_due(newsroom.db, EIGHT)
    assert newsroom.mails() == []


def test_the_opening_of_a_vote_reaches_who_follows_though_no_verb_tells_it(
    newsroom: Newsroom, db: Database, secret: bytes
) -> None:
    with writing(db):
        db.execute("DELETE FROM news")
    newsroom.follows(AICHA, None, "at_once")
    opened = OPENS + timedelta(seconds=5)
    assert follows.anything_due(db, opened)
    newsroom.send(opened)
    newsroom.send(opened + timedelta(minutes=1))
    assert newsroom.mails() == [(AICHA.email, ["vote_opens"])]


def test_many_followers_are_told_in_parts(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows, "MOST", 2)
    for who in (AICHA, BRAM, CHEN):
        newsroom.follows(who, None, "at_once")
    newsroom.happens(newsroom.bench.id)
    assert [newsroom.send(SOON) for _ in range(3)] == [2, 1, 0]


def test_hidden_meanwhile_is_not_told(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "at_once")
    newsroom.happens(newsroom.bench.id)
    with writing(newsroom.db):
        newsroom.db.execute("UPDATE plans SET status = 'hidden' WHERE id = ?", [newsroom.bench.id])
    assert newsroom.send(SOON) == 0


def test_merging_writes_itself_to_who_follows_the_plan(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.follows(BRAM, None, "at_once")
    newsroom.happens(newsroom.bench.id, "merged", text="Pluktuin")
    with writing(newsroom.db):
        values = [newsroom.garden.id, newsroom.bench.id]
        newsroom.db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE id = ?", values)
    newsroom.send(SOON)
    assert newsroom.mails() == [(BRAM.email, ["merged"])]
    content = newsroom.db.execute("SELECT content FROM outbox").fetchone()[0]
    assert json.loads(content)["items"][0]["path"] == f"/bezuidenhout/plannen/{newsroom.garden.id}"


def test_following_again_only_changes_how_often(newsroom: Newsroom) -> None:
    first = newsroom.follows(AICHA, None, "digest")
    assert newsroom.follows(AICHA, None, "at_once") == first
    (follow,) = follows.of_resident(newsroom.db, arrives(newsroom.db, newsroom.secret, AICHA))
    assert (follow.frequency, follow.path, follow.title) == ("at_once", "/bezuidenhout", "")


def test_a_plan_of_elsewhere_can_not_be_followed_here(newsroom: Newsroom, elsewhere: Process) -> None:
    with pytest.raises(Refused):
        newsroom.follows(AICHA, elsewhere.plans[0].id, "digest")


# Unsubscribing


def test_the_link_in_a_mail_ends_what_the_mail_was_about(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, newsroom.bench.id, "at_once")
    newsroom.follows(AICHA, newsroom.garden.id, "at_once")
    newsroom.follows(AICHA, None, "digest")
    newsroom.happens(newsroom.bench.id)
    newsroom.send(SOON)
    (token,) = newsroom.links()
    assert newsroom.unsubscribe(token)
    newsroom.happens(newsroom.bench.id, "withdrawn", SOON)
    newsroom.happens(None, "result", SOON)
    newsroom.send(SOON + timedelta(minutes=1))
    assert [mail for mail in newsroom.mails() if "withdrawn" in mail[1]] == []
    assert newsroom.address_of(AICHA) == AICHA.email


def test_after_the_last_the_address_is_gone(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "at_once")
    newsroom.happens(newsroom.bench.id)
    newsroom.send(SOON)
    (token,) = newsroom.links()
    assert newsroom.unsubscribe(token)
    assert newsroom.address_of(AICHA) is None
    assert not newsroom.unsubscribe(token)


def test_who_makes_a_plan_keeps_the_address(newsroom: Newsroom) -> None:
    newsroom.follows(AICHA, None, "at_once")
    resident_id = arrives(newsroom.db, newsroom.secret, AICHA)
    with writing(newsroom.db):
        values = [newsroom.bench.id, resident_id, "Aïcha", "x"]
        newsroom.db.execute("INSERT INTO makers (plan_id, resident_id, name, since) VALUES (?, ?, ?, ?)", values)
        follows.unfollow(newsroom.db, newsroom.process.id, None, resident_id)
    assert newsroom.address_of(AICHA) == AICHA.email


def test_a_link_ends_nothing_of_somebody_else(newsroom: Newsroom, secret: bytes) -> None:
    """The number of a follow that ended can be given to a new one: SQLite gives the highest again."""
    aicha = newsroom.follows(AICHA, None, "at_once")
    newsroom.happens(newsroom.bench.id)
    newsroom.send(SOON)
    (old,) = newsroom.links()
    assert newsroom.unsubscribe(old)
    bram = newsroom.follows(BRAM, None, "at_once")
    assert bram == aicha
    assert not newsroom.unsubscribe(old)
    assert newsroom.address_of(BRAM) == BRAM.email


def forged(token: str, follow_id: int) -> list[str]:
    number, _, hash_ = token.partition("-")
    return [f"{follow_id}-{hash_}", f"{number}.{follow_id}-{hash_}", f"{follow_id}-{'0' * 32}", "", "x", f"{number}-"]


def test_a_forged_link_ends_nothing(newsroom: Newsroom, secret: bytes) -> None:
    newsroom.follows(AICHA, None, "at_once")
    bram = newsroom.follows(BRAM, newsroom.bench.id, "digest")
    newsroom.happens(newsroom.garden.id)
    newsroom.send(SOON)
    (token,) = newsroom.links()
    for wrong in forged(token, bram):
        assert not newsroom.unsubscribe(wrong)
    assert newsroom.db.execute("SELECT count(*) FROM follows").fetchone()[0] == 2


def test_a_resident_ends_only_their_own(newsroom: Newsroom) -> None:
    mine = newsroom.follows(AICHA, None, "digest")
    bram = arrives(newsroom.db, newsroom.secret, BRAM)
    with writing(newsroom.db):
        follows.end(newsroom.db, mine, bram)
    assert newsroom.db.execute("SELECT count(*) FROM follows").fetchone()[0] == 1
