"""Synthetic residents: what people who don't exist hand in, support and vote. The same seed gives the same data.

Two shapes. "invented": every cost, plan and length of a ballot is as likely as every other. "real": shaped after the
22 Dutch votes in Pabulib with six plans or more. Only their totals were measured; nobody's ballot is in here. Medians:

- 36 plans, together 2.9 times the budget; the logarithms of the costs have a standard deviation of 0.81; the dearest
  plan takes a quarter of the budget;
- votes fall with the rank of a plan to the power of -0.61, and a little with its cost (correlation of the logarithms
  -0.12);
- a ballot names 26 in 100 of the plans, with a standard deviation of 40 in 100 of that.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain import ballots
from domain.plans import Plan
from domain.processes import Process
from domain.search import fold

Shape = Literal["real", "invented"]
SHAPES: tuple[Shape, ...] = ("real", "invented")

MOST_PLANS, FEWEST_PLANS = 36, 8
TOGETHER = 2.9  # costs of all plans, of the budget
SPREAD = 0.81  # standard deviation of the logarithm of a cost
DEAREST = 0.25  # of the budget
SLOPE = -0.61  # of the logarithm of votes over that of the rank
DEARER_IS_LESS = 0.3  # how much of the place in the ranking is the cost: gives the correlation of -0.12, about
LENGTH, LENGTH_SPREAD = 0.26, 0.40  # of the plans on one ballot, and of that length
BLANK = 0.02  # of the ballots, where a blank one is allowed; the votes measured have none
LEAST_COST = 100  # cents
SUPPORTS = 6  # plans that one resident supports, about; a guess: such likes are not published


@dataclass(frozen=True, slots=True)
class Room:
    """What plans may cost, in cents: `most` one plan, by the name of its theme (“” where there are no themes)."""

    budget: int
    most: Mapping[str, int]
    language: str = "nl"


@dataclass(frozen=True, slots=True)
class SyntheticPlan:
    """`cost` in cents, the sum of `items`; `appeal` is how likely a resident is to want it, beside the others."""

    title: str
    summary: str
    theme: str
    items: tuple[tuple[str, int], ...]
    appeal: float

    @property
    def cost(self) -> int:
        return sum(cents for _, cents in self.items)


@dataclass(frozen=True, slots=True)
class Resident:
    """`wishes`: places of plans, the one wanted most first; `length`: how many of them on a ballot, 0 for a blank one;
    `supports`: the places of those to support."""

    name: str
    email: str
    wishes: tuple[int, ...]
    length: int
    supports: tuple[int, ...]


def drawn(*of: object) -> random.Random:
    """Chance that is the same every time for the same things."""
    return random.Random("|".join(map(str, of)))  # noqa: S311  (nothing here is secret)


def plans(seed: int, number: int, room: Room, shape: Shape = "real") -> list[SyntheticPlan]:
    """So many plans, within what one may cost, spread over the themes."""
    chance = drawn("plans", seed, number, shape)
    themes = [*room.most]
    placed = [themes[n % len(themes)] for n in range(number)]
    costs = [cost(chance, room, theme, number, shape) for theme in placed]
    appeals = real_appeals(chance, costs) if shape == "real" else [1.0] * number
    named = titles(chance, placed, TEXTS.get(room.language, TEXTS["nl"]))
    return [
        SyntheticPlan(title, summary, theme, items(chance, first, cents), appeal)
        for (title, summary, first), theme, cents, appeal in zip(named, placed, costs, appeals, strict=True)
    ]


Text = tuple[str, str, str]


def titles(chance: random.Random, placed: Sequence[str], texts: Sequence[Text]) -> list[Text]:
    """For a plan of each of these themes a text that suits it, as long as there is one; the second time it is used
    with a 2 behind its title."""
    left: list[tuple[int, int]] = []
    found = []
    for turn, theme in enumerate(placed):
        if turn % len(texts) == 0:
            left = [(place, turn // len(texts) + 1) for place in chance.sample(range(len(texts)), len(texts))]
        chosen = next((one for one in left if suits(theme, KINDS[one[0]])), left[0])
        left.remove(chosen)
        place, again = chosen
        title, summary, first = texts[place]
        found.append((title if again == 1 else f"{title} {again}", summary, first))
    return found


def suits(theme: str, kind: str) -> bool:
    """Whether plans of that kind belong to a theme of that name; to one that says nothing to us they all do."""
    name = fold(theme)
    listed = {one for one, parts in ABOUT.items() if any(part in name for part in parts)}
    return kind in listed or not listed


def number_of_plans(residents: int) -> int:
    """More residents think of more plans; no more than a real vote has."""
    return min(MOST_PLANS, max(FEWEST_PLANS, round(1.5 * math.sqrt(residents))))


def cost(chance: random.Random, room: Room, theme: str, number: int, shape: Shape) -> int:
    most = room.most[theme]
    if shape == "invented":
        return rounded(chance.uniform(LEAST_COST, most), most)
    middle = math.log(room.budget * TOGETHER / number) - SPREAD**2 / 2
    wanted = min(math.exp(chance.gauss(middle, SPREAD)), max(DEAREST, TOGETHER / number) * room.budget)
    return rounded(min(wanted, most * chance.uniform(0.7, 1)) if wanted > most else wanted, most)


def rounded(cents: float, most: int) -> int:
    """As people round: to € 50 above € 1,000, to € 10 above € 100, else to € 1; never above `most`."""
    step = next(step for above, step in ((100_000, 5_000), (10_000, 1_000), (0, 100)) if cents >= above)
    return max(min(round(cents / step) * step, most // 100 * 100), min(LEAST_COST, most))


def real_appeals(chance: random.Random, costs: Sequence[int]) -> list[float]:
    """By a rank that the cost has some say in: appeal is the rank to the power of SLOPE."""
    by_cost = sorted(range(len(costs)), key=lambda place: costs[place])
    luck = {place: DEARER_IS_LESS * n / len(costs) + chance.random() for n, place in enumerate(by_cost)}
    ranks = {place: n for n, place in enumerate(sorted(luck, key=luck.__getitem__), 1)}
    return [ranks[place] ** SLOPE for place in range(len(costs))]


def items(chance: random.Random, first: str, cents: int) -> tuple[tuple[str, int], ...]:
    """What the plan is spent on: the thing itself, and of larger amounts a part for the work."""
    work = cents * chance.randint(10, 35) // 100 // 100 * 100
    name, labour = first.split("|")
    return ((name, cents - work), (labour, work)) if cents >= 50_000 and work else ((name, cents),)


def residents(seed: int, number: int, appeals: Sequence[float], shape: Shape = "real") -> list[Resident]:
    """So many people, with what they want of plans with these appeals. The first of them are the same whatever the
    number."""
    chance = drawn("residents", seed, len(appeals), shape)
    return [resident(chance, n, appeals, shape) for n in range(1, number + 1)]


def resident(chance: random.Random, number: int, appeals: Sequence[float], shape: Shape) -> Resident:
    wishes = by_wish(chance, appeals)
    if shape == "real":
        length = max(1, round(LENGTH * len(appeals) * max(chance.gauss(1, LENGTH_SPREAD), 0.1)))
    else:
        length = chance.randint(1, max(1, len(appeals)))
    liked = by_wish(chance, appeals)[: max(1, round(SUPPORTS * chance.uniform(0.2, 1.8)))]
    name = f"{chance.choice(NAMES)} {chance.choice('ABCDEFGHJKLMNPRSTVWZ')}."
    blank = chance.random() < BLANK
    return Resident(name, f"bewoner-{number}@repetitie.example", wishes, 0 if blank else length, liked)


def by_wish(chance: random.Random, appeals: Sequence[float]) -> tuple[int, ...]:
    """The places in an order drawn so that who has twice the appeal is twice as likely to come first."""
    keys = [chance.expovariate(1) / appeal for appeal in appeals]
    return tuple(sorted(range(len(appeals)), key=keys.__getitem__))


# Ballots

TOO_MUCH = {"too_many", "too_expensive", "theme_too_many", "theme_too_expensive"}


def ballot(process: Process, wishes: Iterable[Plan], length: int) -> list[Plan] | None:
    """A ballot that the process takes, as near to the wishes as its limits allow; None where no such ballot was found.

    `wishes`: of the plans on the ballot, the one wanted most first. Length 0 is a blank ballot, where that is allowed.
    """
    wanted = [plan for plan in wishes if not plan.withdrawn]
    if length == 0 and process.blank_allowed:
        return []
    cheapest = sorted(wanted, key=lambda plan: (plan.cost, plan.id))
    for order in (wanted, cheapest):
        found = filled(process, needed(process, order), order, max(length, 1))
        if found and not ballots.problems_with(process, found):
            return found
    return [] if process.blank_allowed else None


def needed(process: Process, order: Sequence[Plan]) -> list[Plan]:
    """The first plans in the order that each theme asks for at least."""
    found: list[Plan] = []
    for theme in process.themes:
        there = sum(theme in plan.themes for plan in found)
        others = [plan for plan in order if theme in plan.themes and plan not in found]
        found += others[: max(0, theme.min_length - there)]
    return found


def filled(process: Process, chosen: list[Plan], order: Sequence[Plan], length: int) -> list[Plan]:
    """With what follows in the order and fits, up to the length, or to what a ballot must hold at least."""
    found = [*chosen]
    for plan in order:
        if len(found) >= max(length, process.limits.min_length):
            break
        if plan not in found and fits(process, [*found, plan]):
            found.append(plan)
    return found


def fits(process: Process, chosen: Sequence[Plan]) -> bool:
    return all(problem.kind not in TOO_MUCH for problem in ballots.problems_with(process, chosen))


def ballots_of(process: Process, listed: Sequence[Plan], people: Iterable[Resident]) -> list[list[Plan] | None]:
    """What each of these people votes; `listed` are the plans by the places in their wishes, on the ballot or not."""
    there = {plan.id for plan in process.on_ballot}
    return [
        ballot(process, (listed[place] for place in one.wishes if listed[place].id in there), one.length)
        for one in people
    ]


def wrong_ballots(process: Process) -> dict[str, list[Plan]]:
    """Ballots that the process must refuse, by the kinds of ballots.Problem that they have; of some there are none."""
    found: dict[str, list[Plan]] = {}
    for chosen in (list(process.on_ballot), list(process.on_ballot[:1]), *of_each_theme(process), []):
        for problem in ballots.problems_with(process, chosen):
            found.setdefault(problem.kind, chosen)
    return found


def of_each_theme(process: Process) -> list[list[Plan]]:
    return [[plan for plan in process.on_ballot if theme in plan.themes] for theme in process.themes]


# Words: content of plans that don't exist, as in the demo; no texts of the site.

NAMES = (
    *("Aïsha", "Anna", "Bas", "Bram", "Cor", "Dewi", "Edwin", "Elif", "Emma", "Fatima", "Finn", "Greet", "Hanna"),
    *("Ibrahim", "Ines", "Jan", "Joost", "Kemal", "Lotte", "Mees", "Mila", "Mohamed", "Noor", "Omar", "Priya", "Rosa"),
    *("Ruud", "Samira", "Sem", "Tess", "Thijs", "Truus", "Wim", "Yara", "Yusuf", "Zoë"),
)
# Parts of names of themes, by the kind of plans that suit them.
ABOUT: Mapping[str, Sequence[str]] = {
    "green": ("groen", "duurza", "natuur", "milieu", "klimaat", "green", "nature", "sustain"),
    "together": ("ontmoet", "samen", "sociaal", "meedoen", "zorg", "leefba", "social", "meet", "together"),
    "play": ("jeugd", "jonge", "kind", "sport", "spel", "beweg", "play", "youth", "young"),
    "street": ("straat", "verkeer", "veilig", "openbare", "inrichting", "street", "safe", "traffic"),
    "culture": ("kunst", "cultuur", "muziek", "arts", "culture", "music"),
}
# Of the texts below, in each language.
KINDS = (
    *("street", "green", "together", "green", "together", "play", "play", "street", "culture", "street", "culture"),
    *("street", "together", "together", "green", "green", "play", "play", "green", "green", "together", "play"),
    *("street", "culture", "play", "street", "play", "together", "culture", "play", "play", "green", "street"),
    *("culture", "green", "culture"),
)
# Title, summary, and what it is spent on: the thing | the work.
TEXTS: Mapping[str, Sequence[Text]] = {
    "nl": (
        ("Bankjes in het park", "Vier bankjes op een plek in de zon.", "Bankjes|Plaatsen"),
        ("Bomen op het plein", "Schaduw op een plein dat in de zomer te heet is.", "Bomen|Planten"),
        ("Buurtfeest in juni", "Een dag met muziek en lange tafels op straat.", "Tent en eten|Geluid"),
        ("Geveltuintjes", "Een smalle strook groen langs elke gevel die wil.", "Planten en aarde|Tegels weghalen"),
        ("Kookclub in het buurthuis", "Elke week samen koken en eten.", "Pannen|Huur van de keuken"),
        ("Nieuwe speeltoestellen", "Toestellen waar kinderen van alle leeftijden op kunnen.", "Toestellen|Plaatsen"),
        ("Speeltuin zonder hek", "De speeltuin wordt een plek voor de hele buurt.", "Ondergrond|Werk"),
        ("Fietsenrekken bij de winkels", "Plek voor vijftig fietsen.", "Rekken|Plaatsen"),
        ("Boekenruilkast", "Een kast met boeken die iedereen mag meenemen.", "Kast|Fundering"),
        ("Tapwaterkraan", "Schoon drinkwater bij het sportveld.", "Kraan|Aansluiten"),
        ("Muurschildering", "Een kunstenaar schildert met de buurt de blinde muur.", "Kunstenaar|Steiger"),
        ("Lichtjes in de steeg", "De donkere doorgang wordt licht en veilig.", "Lampen|Aansluiten"),
        ("Taalcafé", "Elke woensdag oefenen met Nederlands, met koffie.", "Koffie en boeken|Begeleiding"),
        ("Computerhulp voor ouderen", "Jongeren helpen ouderen met hun telefoon.", "Tablets|Begeleiding"),
        ("Regentonnen", "Honderd regentonnen voor wie een tuin heeft.", "Regentonnen|Bezorgen"),
        ("Bijenhotels", "Bijenhotels en bloemen op de veldjes.", "Hotels en zaad|Ophangen"),
        ("Jeu-de-boulesbaan", "Een baan achter het buurthuis.", "Grind en balken|Aanleg"),
        ("Beweegroute", "Tien oefeningen langs een wandeling van twee kilometer.", "Toestellen|Plaatsen"),
        ("Pluktuin", "Fruit en kruiden die iedereen mag plukken.", "Struiken|Aanleg"),
        ("Buurtmoestuin", "Twintig bakken om samen groente te kweken.", "Bakken en aarde|Aanleg"),
        ("Repaircafé", "Elke maand samen repareren wat kapot is.", "Gereedschap|Huur van de zaal"),
        ("Straatspeeldag", "De straat een dag dicht, met spelletjes.", "Spelletjes|Afzetting"),
        ("Veilige oversteek", "Een oversteek bij de school die automobilisten zien.", "Palen en verf|Werk"),
        ("Kunst op de elektriciteitskasten", "Kinderen ontwerpen, een schilder voert het uit.", "Verf|Schilder"),
        ("Ontmoetingsplek voor jongeren", "Een overdekte plek waar jongeren mogen zijn.", "Overkapping|Bouwen"),
        ("Hondenveldje", "Een omheind veldje waar honden los mogen.", "Hek|Plaatsen"),
        ("Wandelclub", "Elke dinsdag een wandeling, ook met rollator.", "Hesjes en folders|Begeleiding"),
        ("Kerstmarkt op het plein", "Een markt van buurtgenoten, voor het goede doel.", "Kramen|Verlichting"),
        ("Theater in de wijk", "Bewoners maken samen een voorstelling.", "Decor|Regisseur"),
        ("Voetbalkooi opknappen", "Nieuwe doelen en een vloer die niet glad wordt.", "Doelen en vloer|Werk"),
        ("Speelgoedbibliotheek", "Speelgoed lenen in plaats van kopen.", "Speelgoed|Kasten"),
        ("Groen schoolplein", "Minder tegels en meer planten op het plein.", "Planten|Aanleg"),
        ("Buurtbus op zaterdag", "Een busje naar de markt voor wie slecht loopt.", "Huur van de bus|Benzine"),
        ("Muziekles voor kinderen", "Een jaar les op geleende instrumenten.", "Instrumenten|Docent"),
        ("Zitrand bij de vijver", "Een rand van hout om op te zitten.", "Hout|Timmeren"),
        ("Filmavonden buiten", "Drie avonden film op een groot scherm.", "Scherm|Film en geluid"),
    ),
    "en": (
        ("Benches in the park", "Four benches in a sunny spot.", "Benches|Placing"),
        ("Trees on the square", "Shade on a square that is too hot in summer.", "Trees|Planting"),
        ("Street party in June", "A day with music and long tables in the street.", "Tent and food|Sound"),
        ("Front gardens", "A narrow strip of green along each wall that wants one.", "Plants and soil|Lifting tiles"),
        ("Cooking club", "Cooking and eating together every week.", "Pans|Rent of the kitchen"),
        ("New play equipment", "Equipment for children of every age.", "Equipment|Placing"),
        ("Playground without a fence", "The playground becomes a place for everyone.", "Surface|Work"),
        ("Bicycle racks at the shops", "Room for fifty bicycles.", "Racks|Placing"),
        ("Book exchange", "A cupboard with books that anyone may take.", "Cupboard|Foundation"),
        ("Water tap", "Clean drinking water at the sports field.", "Tap|Connecting"),
        ("Mural", "An artist paints the blank wall with the neighbourhood.", "Artist|Scaffolding"),
        ("Lights in the alley", "The dark passage becomes light and safe.", "Lamps|Connecting"),
        ("Language café", "Practising Dutch every Wednesday, with coffee.", "Coffee and books|Guidance"),
        ("Help with computers", "Young people help the elderly with their phones.", "Tablets|Guidance"),
        ("Water butts", "A hundred water butts for who has a garden.", "Water butts|Delivery"),
        ("Bee hotels", "Bee hotels and flowers on the fields.", "Hotels and seed|Hanging"),
        ("Boules court", "A court behind the community centre.", "Gravel and beams|Making"),
        ("Exercise route", "Ten exercises along a walk of two kilometres.", "Equipment|Placing"),
        ("Picking garden", "Fruit and herbs that anyone may pick.", "Bushes|Making"),
        ("Vegetable garden", "Twenty beds to grow vegetables together.", "Beds and soil|Making"),
        ("Repair café", "Every month we repair together what is broken.", "Tools|Rent of the hall"),
        ("Street play day", "The street closed for a day, with games.", "Games|Barriers"),
        ("Safe crossing", "A crossing at the school that drivers see.", "Posts and paint|Work"),
        ("Art on the cabinets", "Children design, a painter carries it out.", "Paint|Painter"),
        ("Meeting place for the young", "A covered place where young people may be.", "Roof|Building"),
        ("Field for dogs", "A fenced field where dogs may run.", "Fence|Placing"),
        ("Walking club", "A walk every Tuesday, also with a walker.", "Vests and leaflets|Guidance"),
        ("Christmas market", "A market of neighbours, for charity.", "Stalls|Lighting"),
        ("Theatre in the neighbourhood", "Residents make a play together.", "Scenery|Director"),
        ("Football cage", "New goals and a floor that isn't slippery.", "Goals and floor|Work"),
        ("Toy library", "Borrowing toys instead of buying them.", "Toys|Cupboards"),
        ("Green schoolyard", "Fewer tiles and more plants in the yard.", "Plants|Making"),
        ("Bus on Saturdays", "A van to the market for who walks badly.", "Rent of the van|Petrol"),
        ("Music lessons", "A year of lessons on borrowed instruments.", "Instruments|Teacher"),
        ("Ledge at the pond", "A ledge of wood to sit on.", "Wood|Carpentry"),
        ("Films outdoors", "Three evenings of film on a large screen.", "Screen|Film and sound"),
    ),
}
