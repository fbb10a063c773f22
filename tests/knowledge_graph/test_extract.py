"""Claims out of open text: said by the words between two names, or not at all."""

import time

import pyarrow as pa
import pytest

from knowledge_graph import EDGES, NODES, Graph, Linker
from knowledge_graph.extract import extract

NAMES = {
    "disease": ["measles", "gout", "hepatitis", "cancer", "麻疹", "痛风", "肝炎"],
    "symptom": ["fever", "rash", "joint pain", "jaundice", "发热", "皮疹", "关节痛", "黄疸"],
    "drug": ["colchicine", "aspirin", "秋水仙碱", "阿司匹林"],
    "test": ["blood test", "biopsy", "血常规", "活检"],
    "anatomy": ["liver"],
    "inheritance": ["autosomal recessive"],
    "gene": ["CFTR"],
}


@pytest.fixture(scope="module")
def linker():
    rows = [
        {"id": f"{kind}:{name}", "type": kind, "name_zh" if name > "\u3400" else "name_en": name}
        | {key: [] for key in ("synonyms", "synonyms_zh", "departments", "alt_ids", "xrefs")}
        | {"license": "CC0-1.0", "source": "made up"}
        for kind, names in NAMES.items()
        for name in names
    ]
    return Linker(Graph(pa.Table.from_pylist(rows, NODES), EDGES.empty_table()))


def read(linker, text):
    found = extract(text, linker.link(text), linker.graph.type_of)
    signs = ["?" if claim.uncertain else "+" if claim.polarity > 0 else "-" for claim in found]
    said = [f"{text[slice(*c.by)]} {c.family.name} {text[slice(*c.at)]}" for c in found]
    return {f"{claim} {sign}" for claim, sign in zip(said, signs, strict=True)}


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("Measles causes fever, red eyes and a rash.", {"Measles finding fever +", "Measles finding rash +"}),
        ("Gout may lead to joint pain.", {"Gout finding joint pain ?"}),
        ("Gout does not cause jaundice.", {"Gout finding jaundice -"}),
        ("People with hepatitis often have jaundice.", {"hepatitis finding jaundice +"}),
        ("Symptoms of measles include fever and rash.", {"measles finding fever +", "measles finding rash +"}),
        ("Jaundice caused by hepatitis is common.", {"hepatitis finding Jaundice +"}),
        ("Gout is treated with colchicine or aspirin.", {"Gout treatment colchicine +", "Gout treatment aspirin +"}),
        ("Colchicine is used to treat gout.", {"gout treatment Colchicine +"}),
        ("Cancer is diagnosed by biopsy.", {"Cancer test biopsy +"}),
        ("Hepatitis is an infection of the liver.", {"Hepatitis site liver +"}),
        ("Gout is inherited in an autosomal recessive manner.", {"Gout inheritance autosomal recessive +"}),
        ("Aspirin is contraindicated in patients with hepatitis.", {"hepatitis contraindication Aspirin +"}),
        ("Gout is caused by mutations in the CFTR.", {"Gout gene CFTR +"}),
        ("Gout is characterized by the sudden onset of severe joint pain.", {"Gout finding joint pain +"}),
        ("A common problem associated with gout is joint pain.", {"gout finding joint pain +"}),
        ("Doctors saw gout patients who received colchicine.", {"gout treatment colchicine +"}),
        ("Measles is classified as an autosomal recessive disorder.", {"Measles inheritance autosomal recessive +"}),
        ("Treatment of gout causes a rash.", set()),
        ("Gout is a common disease, measles one that causes a rash.", set()),
        ("This cancer causes jaundice.", set()),
        ("Some people believe hepatitis causes gout.", {"hepatitis finding gout ?"}),
        ("Hepatitis may not cause fever.", {"Hepatitis finding fever -"}),
        ("麻疹还会引起肝炎，进而导致黄疸。", {"麻疹 finding 肝炎 +", "肝炎 finding 黄疸 +"}),
        ("吸烟会导致肝炎，也会引起痛风。", set()),
        ("使用秋水仙碱片（秋宁）可以缓解痛风。", {"痛风 treatment 秋水仙碱 +"}),
        ("肝炎是通过血常规检查发现的。", {"肝炎 test 血常规 +"}),
        ("麻疹会引起发热、咳嗽和皮疹等症状。", {"麻疹 finding 发热 +", "麻疹 finding 皮疹 +"}),
        ("痛风可能导致关节痛。", {"痛风 finding 关节痛 ?"}),
        ("痛风不会导致黄疸。", {"痛风 finding 黄疸 -"}),
        ("黄疸是由肝炎引起的。", {"肝炎 finding 黄疸 +"}),
        ("治疗痛风可以使用秋水仙碱。", {"痛风 treatment 秋水仙碱 +"}),
        ("秋水仙碱可以缓解痛风。", {"痛风 treatment 秋水仙碱 +"}),
    ],
)
def test_what_the_words_between_say(linker, text, claims):
    assert read(linker, text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "Does measles cause fever?",
        "We compared gout, hepatitis and jaundice.",
        "Measles was common. Fever was not recorded.",
        "The study of measles and of joint pain after aspirin went on.",
        "Measles fever clinics were closed.",
        "Measles causes fever clinics to close.",
        "麻疹疫苗，发热门诊。",
    ],
)
def test_names_beside_each_other_claim_nothing(linker, text):
    assert read(linker, text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "measles " + "can may " * 4000 + "fever",
        "measles causes " + "a b c d, " * 16 + "x fever",
        "gout, a, " * 3000,
        "麻疹会" * 5000,
        "麻疹会引起" + "和" * 140 + "。发热",
        "麻疹会引起" + "和和及" * 45 + "x发热",
        "发热，" * 9000,
    ],
)
def test_hostile_text_takes_no_time(linker, text):
    mentions = linker.link(text)
    started = time.process_time()
    extract(text, mentions, linker.graph.type_of)
    assert time.process_time() - started < 3
