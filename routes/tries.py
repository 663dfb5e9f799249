"""Wrong codes, and what else a network may do only so often. In memory, under a key that changes, so no address is
kept."""

import hashlib
import hmac
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from litestar import Request

MINUTE = 60.0
HOUR = 3600.0
MOST_NETWORKS = 100_000  # in memory at once


class Tries:
    """At most `limit` wrong codes a minute from one network (/24 or /64). Right codes are never counted or delayed.

    With `window` in other seconds than those of a minute: an hour at most, for what is counted is forgotten after it.
    """

    def __init__(
        self,
        limit: int,
        proxies: tuple[str, ...],
        clock: Callable[[], float] = time.monotonic,
        window: float = MINUTE,
    ) -> None:
        self.limit = limit
        self.window = window
        self.proxies = tuple(ip_network(proxy) for proxy in proxies)
        self.clock = clock
        self.forget()

    def forget(self) -> None:
        self.key = secrets.token_bytes(32)
        self.key_since = self.clock()
        self.wrong: defaultdict[bytes, deque[float]] = defaultdict(deque)

    def too_many(self, request: Request) -> bool:
        """Count one more wrong code from the network of this request; True if that is more than the limit."""
        now = self.clock()
        if now - self.key_since > HOUR or len(self.wrong) > MOST_NETWORKS:
            self.forget()
        times = self.wrong[self.network(request)]
        while times and now - times[0] >= self.window:
            times.popleft()
        if len(times) < self.limit:
            times.append(now)
            return False
        return True

    def network(self, request: Request) -> bytes:
        parsed = parsed_address(self.address(request))
        bits = 24 if isinstance(parsed, IPv4Address) else 64
        address = str(ip_network(f"{parsed}/{bits}", strict=False)) if parsed else ""
        return hmac.digest(self.key, address.encode(), hashlib.sha256)[:8]

    def address(self, request: Request) -> str:
        """The nearest hop that is no proxy of ours: X-Forwarded-For counts only when a proxy of ours tells it."""
        hops = [request.client.host if request.client else ""]
        forwarded = ",".join(request.headers.getall("x-forwarded-for", []))
        hops += reversed([hop.strip() for hop in forwarded.split(",") if hop.strip()])
        return next((hop for hop in hops if not self.is_proxy(hop)), hops[-1])

    def is_proxy(self, address: str) -> bool:
        parsed = parsed_address(address)
        return parsed is not None and any(parsed in proxy for proxy in self.proxies)


def parsed_address(hop: str) -> IPv4Address | IPv6Address | None:
    """A hop as proxies write it: with a port or without, IPv4 perhaps in IPv6's clothes. None for no address."""
    bare = hop.partition("]")[0].lstrip("[") if hop.startswith("[") else hop
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ip_address(bare)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
