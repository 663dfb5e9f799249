"""Two servers that took turns, compared in one run: the machine is noisy, the ratio of neighbours much less so."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from tests.bench.servers import Generator, Round, Server, Visit


def parts(items: Sequence[Any], number: int) -> list[list[Any]]:
    """The items in `number` rounds of about the same size."""
    rest = iter(items)
    sizes = [len(items) // number + (place < len(items) % number) for place in range(number)]
    return [list(islice(rest, size)) for size in sizes]


def rate(rounds: Iterable[Round]) -> float:
    """Visits a second over all rounds."""
    listed = list(rounds)
    seconds: float = sum(one["seconds"] for one in listed)
    return round(sum(len(one["visit_ms"]) for one in listed) / seconds, 1)


def in_turns(
    generator: Generator, servers: tuple[Server, Server], rounds: int, visits: Callable[[Server, int], list[Visit]]
) -> dict[str, Any]:
    """Send `visits(server, round)` to our server, then to the other, and so on. The ratio is the median of those of
    neighbouring rounds; the ratio by processor time is what it would be if the disk and the neighbours cost nothing."""
    before = [server.cpu_seconds for server in servers]
    turns = [[generator.round(server, visits(server, turn)) for server in servers] for turn in range(rounds)]
    seconds = [server.cpu_seconds - start for server, start in zip(servers, before, strict=True)]
    ratios = sorted(rate([ours]) / rate([other]) for ours, other in turns)
    both: list[list[Round]] = [list(one) for one in zip(*turns, strict=True)]
    number = sum(len(one["visit_ms"]) for one in both[0])
    return {
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "ratio_by_processor_time": round(seconds[1] / seconds[0], 3),
        "per_second": [rate(one) for one in both],
        "processor_ms": [round(1000 * used / number, 3) for used in seconds],
        **percentiles(ms for one in both[0] for ms in one["visit_ms"]),
        "statuses": [statuses(one) for one in both],
    }


def statuses(rounds: Iterable[Round]) -> dict[str, int]:
    """How many visits were answered with which statuses."""
    total: Counter[str] = Counter()
    for one in rounds:
        total.update(one["statuses"])
    return dict(total)


def percentiles(milliseconds: Iterable[float]) -> dict[str, float]:
    cuts = statistics.quantiles(milliseconds, n=100)
    return {"p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1)}
