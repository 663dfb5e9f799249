"""The simulation of the counting rule: who would win under which choice."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from litestar import Request
from litestar.params import FromPath

from domain import simulations
from domain.designs.trials import NotPossible
from domain.synthetic import SHAPES
from routes.replies import Reply
from routes.staff import trials
from routes.staff.access import DESIGNER, staff_page
from routes.staff.designs import ONE
from routes.staff.trials import Subject, trial_page

PROCESS = "/beheer/{slug:str}"
PATH = "/simulatie"


@staff_page(ONE + PATH, DESIGNER)
async def show_of_draft(request: Request, design_id: FromPath[int]) -> Reply:
    return await show(request, trials.of_draft(request, design_id))


@staff_page(PROCESS + PATH, "beheerder")
async def show_of_process(request: Request, slug: FromPath[str]) -> Reply:
    return await show(request, trials.of_process(request, slug))


THREAD = ThreadPoolExecutor(1, "simulations")  # one at a time: each takes a processor for up to a second


async def show(request: Request, subject: Subject) -> Reply:
    seed = trials.seed_in(request.query_params)
    shape = next((shape for shape in SHAPES if shape == request.query_params.get("stemmen")), SHAPES[0])
    first = trials.first_day(request)
    try:
        simulate = partial(simulations.simulate, subject.design, seed, shape, first)
        found = await asyncio.get_running_loop().run_in_executor(THREAD, simulate)
    except NotPossible as clashing:
        return trials.not_possible(request, subject, clashing)
    return trial_page(request, "staff/simulations.html", subject, simulation=found, next_seed=trials.after(seed))


ROUTES = [show_of_draft, show_of_process]
