"""The first visit of the vote page on a slow phone: when its largest part is painted, kilobytes and requests.

`uv run python tests/bench/first_visit.py` starts the demo, and Chromium at 360 px with an empty cache, 1.6 Mbit/s and
150 ms latency, five times; prints one line of JSON. The largest contentful paint must be at most 1.5 s.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROUNDS = 5
BYTES_A_SECOND = 1_600_000 // 8
LATENCY_MS = 150
PAINTED = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const { startTime, url, element } = list.getEntries().at(-1);
  resolve({ ms: startTime, what: url || element?.tagName });
}).observe({ type: "largest-contentful-paint", buffered: true }))"""


@dataclass
class Answer:
    """One answer as it came over the line: headers and compressed body, in bytes."""

    url: str
    kind: str
    size: int = 0


def weigh(page: Page, address: str, *, slow: bool = False) -> list[Answer]:
    """Visit the page with an empty cache; every answer that came until the network was quiet."""
    answers: dict[str, Answer] = {}
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.on("Network.requestWillBeSent", lambda event: asked(answers, event))
    line.on("Network.loadingFinished", lambda event: weighed(answers, event))
    if slow:
        slow_down(line)
    page.goto(address, wait_until="networkidle")
    return list(answers.values())


def asked(answers: dict[str, Answer], event: dict[str, Any]) -> None:
    if event["request"]["url"].startswith("http"):
        answers.setdefault(event["requestId"], Answer(event["request"]["url"], event["type"]))


def weighed(answers: dict[str, Answer], event: dict[str, Any]) -> None:
    if event["requestId"] in answers:
        answers[event["requestId"]].size = int(event["encodedDataLength"])


def slow_down(line: CDPSession) -> None:
    conditions = {"latency": LATENCY_MS, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    line.send("Network.emulateNetworkConditions", {"offline": False, **conditions})


def visit(browser: Browser, address: str) -> dict[str, Any]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2, locale="nl-NL")
    page = context.new_page()
    answers = weigh(page, address, slow=True)
    largest = page.evaluate(PAINTED)
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    context.close()
    counted = [answer for answer in answers if answer.kind != "Image"]
    return {
        "lcp_ms": round(largest["ms"]),
        "lcp": largest["what"],
        "fcp_ms": round(first),
        "kb": round(sum(answer.size for answer in counted) / 1000, 1),
        "requests": len(counted),
        "photos_kb": round(sum(answer.size for answer in answers if answer.kind == "Image") / 1000, 1),
        "photos": len(answers) - len(counted),
    }


@contextmanager
def demo() -> Iterator[str]:
    """The address of the vote page of a fresh demo."""
    program = Path(sys.executable).with_name("wijkbudget")
    with tempfile.TemporaryDirectory() as directory:
        server = subprocess.Popen(
            [program, "demo", "--json", "--db", Path(directory) / "demo.db"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            facts = json.loads(server.stdout.readline())
            yield f"{facts['site']}/{facts['process']}/stemmen"
        finally:
            server.terminate()
            server.wait(30)


def main() -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        visits = [visit(browser, address) for _ in range(ROUNDS)]
        browser.close()
    median = statistics.median(seen["lcp_ms"] for seen in visits)
    print(json.dumps({"lcp_ms": median, "enough": median <= 1500, "visits": visits}))


if __name__ == "__main__":
    main()
