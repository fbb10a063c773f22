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
        ("Gout may lead to joint pain.", {"Gout finding joint pain +"}),
        ("Joint pain may be caused by gout.", {"gout finding Joint pain ?"}),
        ("It may be that gout leads to joint pain.", {"gout finding joint pain ?"}),
        ("Gout could lead to joint pain.", {"Gout finding joint pain ?"}),
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
        ("Fever was rare in gout patients who received colchicine.", {"gout treatment colchicine +"}),
        ("Measles is classified as an autosomal recessive disorder.", {"Measles inheritance autosomal recessive +"}),
        (
            "Measles is a viral infection that causes fever and a rash.",
            {"Measles finding fever +", "Measles finding rash +"},
        ),
        ("Hepatitis is a disorder characterized by jaundice.", {"Hepatitis finding jaundice +"}),
        ("Hepatitis is a rare disorder that affects the liver.", {"Hepatitis site liver +"}),
        ("The most common cause of joint pain is gout.", {"gout finding joint pain +"}),
        (
            "Gout treatments (such as colchicine and aspirin) have risks.",
            {"Gout treatment colchicine +", "Gout treatment aspirin +"},
        ),
        ("Colchicine was approved for the treatment of gout.", {"gout treatment Colchicine +"}),
        ("A blood test is used to screen people for hepatitis.", {"hepatitis test blood test +"}),
        ("Aspirin should not be used in people with hepatitis.", {"hepatitis contraindication Aspirin +"}),
        ("The CFTR gene mutations that cause gout are rare.", {"gout gene CFTR +"}),
        ("Most cases of gout are caused by mutations in the CFTR gene.", {"gout gene CFTR +"}),
        ("CFTR gene mutations that cause gout result in pain.", {"gout gene CFTR +"}),
        ("CFTR gene mutations that cause gout crystals are rare.", set()),
        ("No cases of gout are caused by aspirin or hepatitis.", set()),
        ("Symptoms of measles include rash and poor fever control.", {"measles finding rash +"}),
        ("Measles is characterized by red eyes and fever.", {"Measles finding fever +"}),
        ("Treatment of gout causes a rash.", set()),
        ("Gout is a common disease, measles one that causes a rash.", set()),
        ("This cancer causes jaundice.", set()),
        ("Some people believe hepatitis causes gout.", {"hepatitis finding gout ?"}),
        ("Hepatitis may not cause fever.", set()),
        ("The symptom of gout is joint pain, and measles is rare.", {"gout finding joint pain +"}),
        ("Gout causes joint pain and measles causes fever.", {"Gout finding joint pain +"}),
        ("Gout causes severe joint pain.", {"Gout finding joint pain +"}),
        ("Hepatitis, which causes jaundice, is rare.", {"Hepatitis finding jaundice +"}),
        ("Measles is a common type of hepatitis.", {"Measles kind hepatitis +"}),
        ("麻疹还会引起肝炎，进而导致黄疸。", {"麻疹 finding 肝炎 +", "肝炎 finding 黄疸 +"}),
        ("吸烟会导致肝炎，也会引起痛风。", set()),
        ("使用秋水仙碱片（秋宁）可以缓解痛风。", {"痛风 treatment 秋水仙碱 +"}),
        ("肝炎是通过血常规检查发现的。", {"肝炎 test 血常规 +"}),
        ("麻疹会引起发热、咳嗽和皮疹等症状。", {"麻疹 finding 发热 +", "麻疹 finding 皮疹 +"}),
        ("痛风可能导致关节痛。", {"痛风 finding 关节痛 +"}),
        ("关节痛可能是由痛风引起的。", {"痛风 finding 关节痛 ?"}),
        ("麻疹是一种急性传染病，其典型症状包括发热和皮疹。", {"麻疹 finding 发热 +", "麻疹 finding 皮疹 +"}),
        ("痛风的治疗方法有：秋水仙碱、阿司匹林等。", {"痛风 treatment 秋水仙碱 +", "痛风 treatment 阿司匹林 +"}),
        ("痛风患者可以服用秋水仙碱。", {"痛风 treatment 秋水仙碱 +"}),
        ("痛风不会导致黄疸。", {"痛风 finding 黄疸 -"}),
        ("黄疸是由肝炎引起的。", {"肝炎 finding 黄疸 +"}),
        ("治疗痛风可以使用秋水仙碱。", {"痛风 treatment 秋水仙碱 +"}),
        ("秋水仙碱可以缓解痛风。", {"痛风 treatment 秋水仙碱 +"}),
        ("麻疹会引起发热，痛风也会引起关节痛。", {"麻疹 finding 发热 +", "痛风 finding 关节痛 +"}),
        ("您的发热和皮疹症状可能是麻疹引起的。", {"麻疹 finding 发热 ?", "麻疹 finding 皮疹 ?"}),
        ("麻疹导致的皮疹很常见。", set()),
        ("麻疹导致的皮疹，会消退。", {"麻疹 finding 皮疹 +"}),
        ("痛风是一种常见的肝炎，会引起黄疸。", {"痛风 kind 肝炎 +", "痛风 finding 黄疸 +"}),
        ("发热是由肝炎引起的痛风的症状。", {"肝炎 finding 痛风 +"}),
        ("Gout and hepatitis affect the liver.", {"Gout site liver +", "hepatitis site liver +"}),
        ("People with gout or hepatitis have jaundice.", {"gout finding jaundice +", "hepatitis finding jaundice +"}),
        ("发热也可能是痛风引起的，或者是肝炎引起的。", {"痛风 finding 发热 ?"}),
        ("肝炎会引起黄疸，这种情况一般和痛风有关。", {"肝炎 finding 黄疸 +"}),
        ("疹子可能是皮疹，肝炎会导致黄疸。", {"肝炎 finding 黄疸 +"}),
    ],
)
def test_what_the_words_between_say(linker, text, claims):
    assert read(linker, text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "Chronic hepatitis causes jaundice.",
        "Early hepatitis causes jaundice.",
        "Gout and hepatitis is a disease that affects the liver.",
        "Gout and hepatitis affects the liver.",
        "People with gout and hepatitis have jaundice.",
        "Severe gout and chronic hepatitis cause fever.",
        "Aspirin is used to treat viral hepatitis.",
        "Measles causes decreased fever.",
        "Measles causes fever-like chills.",
        "Measles-like illness causes fever.",
        "Measles causes hepatitis type 2.",
        "Measles causes fever clinics.",
        "Measles affects the liver's blood.",
        "A hepatitis characterized by jaundice is rare.",
        "Hepatitis causing jaundice is rare.",
        "Symptoms of jaundice are caused by hepatitis.",
        "When gout causes fever, see a doctor.",
        "There is no evidence that gout causes fever.",
        "Gout causes fever less often than pain, if at all, and not only fever.",
        "麻疹病毒引起发热。",
        "慢性肝炎会引起黄疸。",
        "麻疹引起的发热诊所。",
        "麻疹会增加肝炎的风险，导致肝炎的可能性。",
        "如果是肝炎引起的黄疸，请就医。",
        "检查可以确定是麻疹还是肝炎引起的黄疸。",
        "痛风是一种严重的肝炎性疾病，会引起发热性反应。",
        "麻疹的症状有没有食欲、发热样寒战。",
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
