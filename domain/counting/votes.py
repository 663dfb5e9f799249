"""From ballots to one number a plan."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from domain.counting.model import Amount

VOTE_TYPES = ("approval", "choose-1", "ordinal", "cumulative", "scoring")


@dataclass(frozen=True, slots=True)
class Vote:
    """One ballot: plans (for ordinal: best first) and, where the vote type has them, the points for each."""

    projects: tuple[str, ...]
    points: tuple[Amount, ...] = ()


def mentions(votes: Iterable[Vote], project_ids: Iterable[str]) -> dict[str, int]:
    """How many times each plan is named: Pabulib's column `votes`."""
    named = Counter(chain.from_iterable(vote.projects for vote in votes))
    return {project_id: named[project_id] for project_id in project_ids}


def scores(vote_type: str, votes: Iterable[Vote], project_ids: Iterable[str]) -> dict[str, Amount]:
    """The number that decides, for each plan: Pabulib's column `score`, or `votes` where there are no points.

    Ordinal votes without points count by Borda as Pabulib does: the last of a ballot gets 1, the one above
    it 2, and so on; what is not on the ballot gets nothing. Raises ValueError for an unknown vote type.
    """
    if vote_type not in VOTE_TYPES:
        raise ValueError(f"Unknown vote type: {vote_type}")
    if vote_type in ("approval", "choose-1"):
        return dict(mentions(votes, project_ids))
    total: dict[str, Amount] = dict.fromkeys(project_ids, 0)
    for project_id, points in chain.from_iterable(map(_weighed, votes)):
        if project_id in total:
            total[project_id] += points
    return total


def _weighed(vote: Vote) -> Iterator[tuple[str, Amount]]:
    return zip(vote.projects, vote.points or range(len(vote.projects), 0, -1), strict=True)
