"""A few texts of a synthesis stage, with all that speaks for and against them, before anything is run or paid for."""

import random
from collections import Counter
from dataclasses import dataclass

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from datagen.answers import Answers, Meter
from datagen.errors import UsageError
from datagen.generator import Usage, make_generator
from datagen.publish import manifest
from datagen.recipe import Recipe, Step
from datagen.store import Store
from datagen.task import local_folder
from knowledge_graph import Claim, Graph, verify
from synthesis.forecast import cost
from synthesis.generate import Generate, opened
from synthesis.quotas import cells, department_quotas, orders
from synthesis.seeds import Seed
from synthesis.write import Order, Writer

COLOURS = {"supported": "green", "contradicted": "red", "unknown": "yellow", "unchecked": "dim"}
SIGNS = {1: "", -1: "not ", 0: ""}


@dataclass(frozen=True)
class Shown:
    """One text with its seed, what it claims, and what became of it (`reason` None: accepted)."""

    order: Order
    seed: Seed
    text: str
    claims: list[Claim]
    reason: str | None
    usage: Usage
    prompt: str | None


@dataclass(frozen=True)
class Preview:
    graph: Graph
    items: list[Shown]


def chosen(recipe: Recipe, name: str | None) -> Step:
    """The stage to synthesise. Raises UsageError where there is none of that name, or several to choose from."""
    steps = {name: step for name, step in recipe.steps.items() if isinstance(step.stage, Generate)}
    if name is None and len(steps) == 1:
        return next(iter(steps.values()))
    if not steps:
        fix = "add `NAME: {use: synthesis.generate, graph: GRAPH}`; `datagen stages synthesis.generate` explains it"
        raise UsageError(f"{recipe.path} has no stage that uses synthesis.generate", fix)
    if name not in steps:
        said = f"{len(steps)} stages use" if name is None else f"{name} is no stage that uses"
        raise UsageError(f"{recipe.path}: {said} synthesis.generate", f"choose: --stage {' or '.join(steps)}")
    return steps[name]


def previewed(recipe: Recipe, step: Step, out: str, number: int) -> Preview:
    """`number` texts as the stage would write them. The graph must have been built; answers of a paid generator are
    kept in the run, which then has them for nothing. Raises UsageError."""
    store = Store(out)
    built = manifest(store, step.artefacts["graph"])
    if built is None:
        raise UsageError(
            f"{out} has no graph yet: {step.artefacts['graph']} is not published",
            f"datagen run {recipe.path} --out {out} --until {step.artefacts['graph']}",
        )
    stage: Generate = step.stage
    graph, linker = opened(local_folder(store, f"{step.artefacts['graph']}/{built['version']}/data"))
    generator = make_generator(stage.generator, **stage.generator_options)
    generator.setup()
    generator.remember(Answers(store), Meter(store))
    wanted = cells(stage.quotas or department_quotas(graph, stage.number), stage.languages, stage.tasks)
    found = list(orders(graph, wanted, stage.seed, Counter()))
    picked = random.Random(stage.seed).sample(found, min(number, len(found)))
    split = recipe.settings.split.model_dump()
    writer = Writer(graph, linker, generator, stage.generator, stage.seed, step.name, split, stage.max_unchecked)
    return Preview(graph, [_shown(writer, order) for order in picked])


def _shown(writer: Writer, order: Order) -> Shown:
    (seed, request, response) = writer.answered(order)
    draft, verdict = writer.judged(order, seed, request, response)
    claims = verify(draft.claims, writer.graph, seed.bundle, writer.judge.linker) if draft.claims else []
    prompt = "\n\n".join(m["content"] for m in request.messages) or None
    return Shown(order, seed, draft.text or response.text, claims, verdict.reason, response.usage, prompt)


def show(preview: Preview, step: Step, console: Console) -> None:
    for shown in preview.items:
        console.print(_panel(shown, preview.graph))
    ends = Counter(shown.reason or "accepted" for shown in preview.items)
    console.print(", ".join(f"{count} {reason}" for reason, count in ends.most_common()))
    tokens = [sum(getattr(s.usage, f"{part}_tokens") for s in preview.items) for part in ("prompt", "completion")]
    if sum(tokens):
        _forecast(preview, step, tokens, ends["accepted"], console)


def _forecast(preview: Preview, step: Step, tokens: list[int], accepted: int, console: Console) -> None:
    """From the yield and the tokens of these to those of the whole stage."""
    stage: Generate = step.stage
    wanted = sum(stage.quotas.values()) or stage.number
    calls = wanted * len(preview.items) / max(1, accepted)
    whole = [round(count / len(preview.items) * calls) for count in tokens]
    price = cost(make_generator(stage.generator, **stage.generator_options), whole[:1], whole[1:])
    words = f"{wanted:,} accepted texts at this yield: about {calls:,.0f} texts, {sum(whole):,} tokens"
    console.print(words + (f", cost {price[0]:,.2f}" if price else ""), highlight=False)


def _panel(shown: Shown, graph: Graph) -> Panel:
    order, bundle = shown.order, shown.seed.bundle
    label = "accepted" if shown.reason is None else shown.reason
    title = Text(f" {order.task} · {order.language} · {order.register} · {order.department or 'any department'} ")
    parts = [
        Text(shown.text or "(nothing was written)"),
        Text(""),
        Text(f"seed: {_name(graph, bundle.anchor)} ({bundle.anchor}), bundle {order.number}", style="dim"),
        _claims(shown, graph),
    ]
    if shown.prompt:
        parts.insert(0, Text(f"{shown.prompt}\n", style="dim italic"))
    style = "green" if shown.reason is None else "red"
    return Panel(Group(*parts), title=title, subtitle=Text(f" {label} ", style=style), border_style=style)


def _claims(shown: Shown, graph: Graph) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim")
    for heading in ("claim", "verdict", "edge"):
        table.add_column(heading)
    for claim in shown.claims:
        said = "(nothing that can be looked up)"
        if claim.relation:
            names = [_name(graph, node) for node in (claim.subject, claim.object)]
            said = f"{names[0]} · {SIGNS[claim.polarity]}{claim.relation.replace('_', ' ')} · {names[1]}"
        verdict = claim.verdict + (f", {claim.flag}" if claim.flag else "")
        table.add_row(Text(said), Text(verdict, style=COLOURS[claim.verdict]), claim.edge or "")
    return table


def _name(graph: Graph, node: str | None) -> str:
    if node is None or node not in graph:
        return node or ""
    found = graph.node(node)
    return found.name_en or found.name_zh or node
