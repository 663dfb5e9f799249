"""What staff told of a plan that won, on its page."""

from typing import Any

from litestar import Request

from domain import progress
from domain.plans import Plan
from domain.processes import Process
from routes.pages import site_of


def on_plan(request: Request, process: Process, plan: Plan) -> dict[str, Any]:
    """For templates/progress/on_plan.html."""
    return {"progress_notes": progress.of_plan(site_of(request).reader, plan.id) if process.finished else []}
