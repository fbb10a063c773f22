"""The verifier against statements of known truth, by class of error (a self-test: the templates are ours).

Facts with frequencies and excluded findings come from published patients (phenopackets with HPO); treatments, tests,
sites and departments from the sample ontology, with made-up drugs (doses, contraindications). Nothing was tuned on
either graph's diseases. Not covered, since no edge states them: laterality, age and sex, the order of steps.

Closed world: a text is faithful when every claim is supported by its bundle. Open world, with 40 % of the edges hidden:
how often a true statement is called false.
"""

import random
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.graph._names import text_of
from knowledge_graph import EDGES, NODES, Bundle, Fact, Graph, Linker, sample_bundle, verify
from knowledge_graph.merge import File, Merger
from knowledge_graph.model import FINDINGS
from knowledge_graph.readers.babelon import read_babelon
from knowledge_graph.readers.entries import Content
from knowledge_graph.readers.obo import read_obo
from knowledge_graph.readers.phenopackets import read_phenopacket
from knowledge_graph.schema import edge_key
from knowledge_graph.verify import omitted

SAMPLE = Path(__file__).parents[2] / "datagen" / "sample" / "ontology"
HPO = "kg_hpo_2015/hpo_similarity/data/hp.obo.gz"
HPO_ZH = "kg_hpo_zh/src/translations/hp-zh.babelon.tsv.gz"
PATIENTS = "case_rare_phenopackets_A-M/phenopackets_A-M.tar.gz"
PATIENT_FILES = 4000
ANCHORS = 300
HIDDEN = 0.4
SAYS = {
    "finding": {
        1: ("{s} commonly presents with {o}.", "A feature of {s} is {o}.", "{s}患者常出现{o}。", "{o}可见于{s}。"),
        -1: ("{s} is not associated with {o}.", "{o} is absent in {s}.", "{s}患者一般没有{o}。", "{s}不会引起{o}。"),
    },
    "share": {1: ("{o} is seen in {p}% of patients with {s}.", "{p}%的{s}患者出现{o}。")},
    "diagnosed_by": {1: ("{s} can be confirmed by {o}.", "{s}可依靠{o}诊断。")},
    "treated_by": {1: ("Patients with {s} are treated with {o}.", "{s}首选{o}治疗。")},
    "contraindicated": {1: ("{o} is contraindicated in {s}.", "{s}患者禁用{o}。")},
    "located_in": {1: ("{s} involves the {o}.", "{s}累及{o}。")},
    "belongs_to_department": {1: ("{s} is cared for by {o}.", "{s}应到{o}就诊。")},
    "reversed": {1: ("{o} causes {s}.", "{o}可导致{s}。")},
    "dose": {1: ("{s} is given at {d}.", "{s}每次{d}。")},
}
MADE_UP = "BENCH:"
DRUGS = 80
SYLLABLES = ("vel", "om", "ta", "quen", "hor", "lum", "sib", "rix", "zan", "mir", "pol", "dex")
CHARACTERS = "维洛米塔斯托奎纳霍韦辛卢曲坦"
AMOUNTS = (5, 10, 20, 25, 50, 100, 250, 500)
LESS = {"mg": "mcg", "g": "mg"}
"""The unit a thousand times smaller."""


def measure(data: Path) -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    falsely = hidden = 0
    for graph in (_patients(data), _sample()):
        linker = Linker(graph)
        for true, name, text, bundle in _cases(graph, random.Random(0)):
            claims = verify(text, graph, bundle, linker)
            faithful = bool(claims) and all(c.verdict == "supported" for c in claims)
            if name == "omitted red flag":
                faithful = faithful and not omitted(claims, bundle)
            total[name] += 1
            right[name] += faithful == true
        less = Graph(graph.nodes, graph.edges.filter(np.random.default_rng(0).random(len(graph.edges)) > HIDDEN))
        other = Linker(less)
        for true, _, text, _ in _cases(graph, random.Random(1)):
            if true:
                hidden += 1
                falsely += any(c.verdict == "contradicted" for c in verify(text, less, None, other))
    print(f"{'class':34} {'cases':>7} {'right':>7} {'target':>8}")
    for name in sorted(total):
        print(f"{name:34} {total[name]:7} {right[name] / total[name]:7.3f} {'>= 0.95':>8}")
    wrong = [name for name in total if not name.startswith("true")]
    caught = sum(right[n] for n in wrong)
    alarms = sum(total[n] - right[n] for n in total if n not in wrong)
    print(f"{'errors: precision':34} {caught + alarms:7} {caught / (caught + alarms):7.3f} {'>= 0.95':>8}")
    errors = sum(total[name] for name in wrong)
    print(f"{'errors: recall':34} {errors:7} {caught / errors:7.3f} {'>= 0.95':>8}")
    print(f"{'true called false, 40 % hidden':34} {hidden:7} {falsely / hidden:7.4f} {'<= 0.01':>8}")


def _cases(graph: Graph, draw: random.Random) -> Iterator[tuple[bool, str, str, Bundle]]:
    """(whether it is true, class, text, bundle)."""
    diseases = graph.of_type("disease")
    affirmed = Counter(graph.subject[graph.polarity > 0].tolist())
    anchors = [d for d in diseases if affirmed[graph.index(d)] >= 4]
    for anchor in draw.sample(anchors, min(ANCHORS, len(anchors))):
        bundle = sample_bundle(graph, anchor, 0, 0)
        stated = {f.object for f in (*bundle.facts, *bundle.negatives)}
        near = {n for o in stated for n in ({o} | graph.ancestors(o) | graph.descendants(o))}
        for fact in (*bundle.facts, *bundle.negatives):
            kind = "finding" if fact.relation in FINDINGS else fact.relation
            if kind not in SAYS:
                continue
            yield True, f"true {kind}", _say(graph, draw, kind, anchor, fact.object, fact.polarity), bundle
            other = draw.choice(bundle.distractors)
            yield False, "wrong disease", _say(graph, draw, kind, other, fact.object, fact.polarity), bundle
            of_kind = [e.object for d in bundle.distractors for e in graph.edges_of(d, fact.relation)]
            wrong = [o for o in [*_siblings(graph, fact.object), *of_kind] if o not in near]
            if wrong:
                yield False, f"wrong {kind}", _say(graph, draw, kind, anchor, draw.choice(wrong), fact.polarity), bundle
            if kind == "finding":
                flipped = _say(graph, draw, kind, anchor, fact.object, -fact.polarity)
                yield False, "negation put in" if fact.polarity > 0 else "negation left out", flipped, bundle
                if fact.polarity > 0:
                    yield False, "causality reversed", _say(graph, draw, "reversed", anchor, fact.object, 1), bundle
                if fact.polarity > 0 and fact.frequency is not None:
                    for share, good in ((fact.frequency, True), ((fact.frequency + 0.5) % 1, False)):
                        said = _say(graph, draw, "share", anchor, fact.object, 1, p=round(100 * share))
                        if abs(round(100 * share) / 100 - fact.frequency) > 0.15 or good:
                            yield good, "true share" if good else "percentage shifted", said, bundle
        shown = [f for f in bundle.facts if f.relation in FINDINGS]
        if len(shown) > 1:
            lines = [_say(graph, draw, "finding", anchor, f.object, 1) for f in shown]
            only = replace(bundle, facts=tuple(shown), negatives=())
            yield False, "omitted red flag", " ".join(lines[1:]), only
        true, false = _sums(draw)
        yield True, "true sum", true, bundle
        yield False, "arithmetic", false, bundle
    for drug in (d for d in graph.of_type("drug") if d.startswith(MADE_UP)):
        (edge,) = graph.edges_of(drug, inverse=True)
        given = graph.edges_of(drug, "has_dose")
        facts = tuple(Fact(e.key, e.subject, e.relation, e.object, 1, None, None, e.license) for e in (edge, *given))
        bundle = replace(sample_bundle(graph, edge.subject, 0, 0), facts=facts)
        treats = _say(graph, draw, "treated_by", edge.subject, drug, 1)
        if edge.relation == "contraindicated":
            yield True, "true contraindicated", _say(graph, draw, "contraindicated", edge.subject, drug, 1), bundle
            yield False, "contraindicated drug given", treats, bundle
        for dose in given:
            amount, unit = graph.node(dose.object).name_en.split()
            for name, said in (
                ("true dose", f"{amount} {unit}"),
                ("dose times ten", f"{amount}0 {unit}"),
                ("unit swapped", f"{amount} {LESS[unit]}"),
            ):
                yield name == "true dose", name, _say(graph, draw, "dose", drug, None, 1, d=said), bundle


def _sums(draw: random.Random) -> tuple[str, str]:
    """A sum that comes out, and the same with another result."""
    if draw.random() < 0.5:
        kilograms, each = draw.randint(3, 90), draw.randint(20, 35)
        right = kilograms * each
        wrong = right + draw.choice((-1, 1)) * draw.randint(1, right - 1)
        template = draw.choice(("{d} kcal/kg × {k} kg = {x} kcal.", "按{d} kcal/kg×{k} kg={x} kcal计算。"))
        return template.format(d=each, k=kilograms, x=right), template.format(d=each, k=kilograms, x=wrong)
    whole = draw.randint(10, 400)
    part = draw.randint(1, whole)
    share = round(100 * part / whole)
    wrong = draw.choice([p for p in range(101) if abs(p - share) > 1])
    template = draw.choice(("{k} of {n} patients ({p}%) recovered.", "{n}例患者中{k}例（{p}%）好转。"))
    return template.format(k=part, n=whole, p=share), template.format(k=part, n=whole, p=wrong)


def _say(graph: Graph, draw: random.Random, kind: str, subject: str, object: str | None, polarity: int, **more) -> str:
    nodes = [graph.node(node) for node in (subject, object) if node]
    templates = [t for t in SAYS[kind][polarity] if t.isascii() or all(n.names("zh") for n in nodes)]
    template = draw.choice(templates)
    language = "en" if template.isascii() else "zh"
    names = [node.names(language)[0] if node.names(language) else node.names("en")[0] for node in nodes]
    return template.format(s=names[0], o=names[-1], **more)


def _siblings(graph: Graph, node: str) -> list[str]:
    """Near neighbours: other children of the same parents."""
    parents = [e.object for e in graph.edges_of(node, "is_a")]
    found = {e.subject for p in parents for e in graph.edges_of(p, "is_a", inverse=True)} - {node}
    return sorted(found)[:20]


def _patients(data: Path) -> Graph:
    """Diseases of published patients with their findings in HPO."""
    entries = []
    with tarfile.open(data / PATIENTS) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".json") and len(entries) < PATIENT_FILES:
                entries.append(read_phenopacket(archive.extractfile(member).read())[0])
    files = [
        File("hp.obo", read_obo(text_of(data / HPO).encode())),
        File("hp-zh.babelon.tsv", read_babelon(text_of(data / HPO_ZH).encode())),
        File("phenopackets", Content(entries), positions=tuple(f"phenopackets#{i}" for i in range(len(entries)))),
    ]
    built = Merger("graph", files).merge()
    return Graph(built.nodes, built.edges)


def _sample() -> Graph:
    """The sample ontology, and made-up drugs."""
    readers = {"sample.obo": read_obo, "sample-zh.babelon.tsv": read_babelon}
    built = Merger("graph", [File(n, read((SAMPLE / n).read_bytes())) for n, read in readers.items()]).merge()
    empty = {name: [] for name in ("synonyms", "synonyms_zh", "departments", "alt_ids", "xrefs")}
    base = dict.fromkeys(NODES.names) | empty | {"license": "CC0-1.0", "source": "made up"}
    treated = built.edges.filter(pc.equal(built.edges["relation"], "treated_by"))
    diseases = sorted(set(treated["subject"].to_pylist()))
    nodes, edges = [], []
    draw = random.Random(0)
    named: set[str] = set()
    while len(named) < DRUGS:
        named.add("".join(draw.sample(SYLLABLES, 4)))
    for number, name in enumerate(sorted(named)):
        drug, chinese = MADE_UP + name, "".join(draw.sample(CHARACTERS, 4))
        nodes.append(base | {"id": drug, "type": "drug", "name_en": name, "name_zh": chinese})
        edges.append((draw.choice(diseases), "contraindicated" if number % 2 else "treated_by", drug))
        if number % 2 == 0:
            dose = f"{draw.choice(AMOUNTS)} {draw.choice(sorted(LESS))}"
            nodes.append(base | {"id": f"{drug}-dose", "type": "dose", "name_en": dose})
            edges.append((drug, "has_dose", f"{drug}-dose"))
    blank = dict.fromkeys(EDGES.names) | {"polarity": 1, "evidence": [], "tier": "A"}
    blank |= {"license": "CC0-1.0", "origin": "made up"}
    edges = [
        blank | dict(zip(("subject", "relation", "object"), fact, strict=True)) | {"key": edge_key(*fact, 1)}
        for fact in edges
    ]
    return Graph(
        pa.concat_tables([built.nodes, pa.Table.from_pylist(nodes, NODES)]),
        pa.concat_tables([built.edges, pa.Table.from_pylist(edges, EDGES)]),
    )
