"""Wrong passwords and codes of staff: how many tries a network gets, and how long it waits for its next at one account.

In memory, under keys that change, so no address is kept. A try from a network that was not wrong at this account in the
last hour is always looked at: nobody is locked out by somebody else's tries.
"""

import hashlib
import hmac
import time
from collections import defaultdict, deque
from collections.abc import Callable

from litestar import Request

from routes.pages import site_of
from routes.tries import HOUR, Tries

A_MINUTE = 20  # tries of one network, right ones too: each takes 64 MiB for a moment
FREE = 3  # wrong tries at an account before anyone waits
LONGEST = 900.0  # seconds
MOST = 10_000  # accounts and networks in memory at once: 15 MB

Wrong = defaultdict[bytes, deque[float]]


MOST_CODES = 30  # of a second factor, an hour


class Delays:
    """Waits that double with every wrong try at an account, from whatever network it came."""

    def __init__(self, proxies: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.networks = Tries(A_MINUTE, proxies, clock)
        self.forget()

    def forget(self) -> None:
        self.made_with = self.networks.key
        self.accounts: Wrong = defaultdict(deque)
        self.here: Wrong = defaultdict(deque)
        self.codes: defaultdict[int, deque[float]] = defaultdict(deque)

    def too_many(self, request: Request) -> bool:
        """Count one more try of this network; True if that is more than a minute allows."""
        return self.networks.too_many(request)

    def too_many_codes(self, account_id: int) -> bool:
        """Whether so many wrong codes were given for that account in the last hour that no more are looked at, from
        whatever network: who gives them has the password, and could else go on until one is right."""
        times = self.codes[account_id]
        while times and self.clock() - times[0] > 3600:
            times.popleft()
        return len(times) >= MOST_CODES

    def wrong_code(self, account_id: int) -> None:
        self.codes[account_id].append(self.clock())

    def seconds(self, request: Request, account: str) -> int:
        """How long this network must still wait for its next try at that account; 0 if it need not."""
        here = self.recent(self.here, self.key(account, self.network(request)))
        everywhere = self.recent(self.accounts, self.key(account))
        if not here or len(everywhere) < FREE:
            return 0
        wait = min(2.0 ** (len(everywhere) - FREE + 1), LONGEST)
        return max(0, round(here[-1] + wait - self.clock() + 0.5))

    def wrong(self, request: Request, account: str) -> None:
        """A wrong password or code for that account; one that does not exist is counted just so."""
        if len(self.here) > MOST or self.made_with != self.networks.key:  # under another key nothing is found again
            self.forget()
        now = self.clock()
        self.here[self.key(account, self.network(request))].append(now)
        self.accounts[self.key(account)].append(now)

    def right(self, request: Request, account: str) -> None:
        """Signed in: this network may make mistakes again. What others tried still counts."""
        self.here.pop(self.key(account, self.network(request)), None)

    def recent(self, wrong: Wrong, key: bytes) -> deque[float]:
        times = wrong.get(key, deque())
        while times and self.clock() - times[0] >= HOUR:
            times.popleft()
        return times

    def network(self, request: Request) -> bytes:
        return self.networks.network(request)

    def key(self, account: str, network: bytes = b"") -> bytes:
        return hmac.digest(self.networks.key, network + account.encode(), hashlib.sha256)[:8]


def delays_of(request: Request) -> Delays:
    """Those of the running site."""
    state = request.app.state
    delays: Delays | None = state.get("staff_delays")
    if delays is None:
        delays = state["staff_delays"] = Delays(site_of(request).settings.proxies)
    return delays
