"""What a graph's nodes are called, as phrases to look for in text."""

import re
from collections.abc import Iterator

from knowledge_graph.abbreviations import stands_for
from knowledge_graph.cues import phrases
from knowledge_graph.fold import fold_all
from knowledge_graph.kernels import ANY, CAPITALS
from knowledge_graph.model import Graph
from knowledge_graph.spelling import canonical
from knowledge_graph.truncated import Heads

UNLINKED = frozenset(("modifier", "frequency", "course", "history", "blood_group", "other"))
"""Types whose names (Mild, Onset, Left) are everyday words."""
HEADED = frozenset(("disease", "phenotype", "symptom", "finding"))
"""Types whose abbreviations must abbreviate a whole name of theirs, not that of a gene or an enzyme within it."""
GENERIC = phrases("""
    all, disease, disorder, symptom, sign, syndrome, finding, abnormality, test, treatment, defect, deficiency, failure
    complex, variant, anomaly, condition, complication, lesion, deficiency of, defect in, general, type i, type ii
    type iii, type 1, type 2, unspecified, manifestation, problem, illness, injury of, resistance, change
    疾病, 症状, 体征, 检查, 治疗, 医生, 医师, 护士, 营养师, 咨询, 测试, 预防措施, 对症治疗
""")
COMMON = frozenset(
    phrases("""
    african, american, asian, european, finnish, mediterranean, geographic, mouse, rat, human, rare, man, men, woman
    child, children, childhood, adult, adults, male, female, sex, death, life, age, ill, sick, normal, abnormal, other
    as, at, an, was, is, it, can, had, has, he, she, may, do, so, go, be, by, or, on, no, arm, hair, iron, lead, reading
    infant, infants, newborn, patient, body, muscle, skin, heart, kidney, eye, breast, lung, brain, blood, nerve, liver
    retina, hand, foot, ear, nose, mouth, bone, joint, head and neck, placenta, thymus, nervous system, general, local
    central nervous system, cardiovascular, bacterial, bilateral, spontaneous, stable, immunologic, vesicle, swedish
    homozygous, heterozygous, dominant, recessive, inheritance, hereditary, inherited, familial, somatic, germline
    autosomal dominant, autosomal recessive, x linked, early onset, late onset, adult onset, disequilibrium, formerly
    transport, metabolism, antibody, antibodies, include, includes, included, increased, reduced, elevated, lower
    short arm, long arm, alpha, beta, gamma, delta, monocyte, clonal, pregnancy, iii, ii, iv, severity of, cancer of
    ever, same
    """)
)
"""Everyday words that are no name unless they are a node's first one."""
ABBREVIATION = re.compile(r"(?=.*[A-Z])[A-Z0-9]{2,5}")
LOWERED = re.compile("[a-z]{2,5}")
BRACKETED = re.compile(r"\s*[（(\[][^（()）\[\]]*[)）\]]\s*$")
HAN_FROM = "\u3400"
LETTER = re.compile(r"[^\W\d_]")
NAME, SYNONYM, VARIANT = range(3)
"""How well a phrase names a node."""


def phrases_of(graph: Graph) -> Iterator[tuple[str, int, int, int]]:
    """(phrase in normal form, kind for the matcher, row, rank) of everything nodes are called."""
    rows, ranks, names = zip(*_names(graph), strict=True) if len(graph) else ((), (), ())
    forms = fold_all(names)
    heads = Heads(graph.nodes["name_en"].to_pylist())
    short = {(row, form) for row, name, form in zip(rows, names, forms, strict=True) if ABBREVIATION.fullmatch(name)}
    headed = {code for code, name in enumerate(graph.types) if name in HEADED}
    full_names: dict[int, list[str]] = {}
    for row, form in zip(rows, forms, strict=True):
        if (row, form) not in short:
            full_names.setdefault(row, []).append(form)
    for row, rank, form in zip(rows, ranks, forms, strict=True):
        word = form.strip()
        if canonical(word) in GENERIC or not LETTER.search(word) or (len(word) < 2 and word < HAN_FROM):
            continue
        if (row, form) in short:
            full = full_names.get(row, [])
            latin = [name for name in full if name < HAN_FROM]
            if graph.type[row] not in headed or any(stands_for(word, name) for name in latin or full):
                yield form, CAPITALS, row, rank
        elif rank != NAME and any(_initials(word, name) for name in full_names[row]):
            yield form, CAPITALS, row, rank
        elif rank == NAME or not (canonical(word) in COMMON or heads.lacks(form)):
            yield form, ANY, row, rank


def _initials(word: str, name: str) -> bool:
    """Whether a word is an abbreviation of a name in small letters, as some sources write them: bed, face, sacs."""
    longer = " " in name.strip() and not any(part.startswith(word[:3]) for part in name.split())
    return bool(longer and LOWERED.fullmatch(word) and stands_for(word, name))


def _names(graph: Graph) -> Iterator[tuple[int, int, str]]:
    """(row, rank, name) of everything nodes are called."""
    skipped = {code for code, name in enumerate(graph.types) if name in UNLINKED}
    columns = [graph.nodes[name].to_pylist() for name in ("name_en", "name_zh", "synonyms", "synonyms_zh")]
    for row, (english, chinese, more, more_chinese) in enumerate(zip(*columns, strict=True)):
        if graph.type[row] not in skipped:
            named = [(NAME, english), (NAME, chinese), *((SYNONYM, name) for name in (*more, *more_chinese))]
            for rank, name in named:
                if name:
                    for part in dict.fromkeys([name, BRACKETED.sub("", name), *_parts(name)]):
                        yield row, rank if part == name else max(rank, VARIANT), part.rstrip(" .,;。，；")


def _parts(name: str) -> list[str]:
    """Parts of a name that stand for all of it; an inverted one (Anemia, Hypochromic) turned round."""
    parts = re.split("[；;]", name)
    head, comma, tail = name.partition(", ")
    if comma and "," not in tail and name.isascii():
        parts.append(f"{tail} {head}")
    return parts
