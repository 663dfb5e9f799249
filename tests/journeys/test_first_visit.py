"""What the first visit of the vote costs somebody on a bad line."""

from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.bench.first_visit import weigh
from tests.journeys.conftest import Demo

MOST_KB = 45  # compressed, photos not counted
MOST_REQUESTS = 8


def test_the_first_visit_of_the_vote_is_light_and_asks_nobody_else(phone: Page, demo: Demo) -> None:
    answers = weigh(phone, demo("stemmen"))
    assert {urlsplit(answer.url).netloc for answer in answers} == {urlsplit(demo.site).netloc}
    counted = [answer for answer in answers if answer.kind != "Image"]
    assert len(counted) <= MOST_REQUESTS, counted
    assert sum(answer.size for answer in counted) <= MOST_KB * 1000, counted
    assert len(answers) > len(counted), "no photo was seen at all"
