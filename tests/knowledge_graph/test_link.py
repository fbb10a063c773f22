"""Names found in text, in both languages, and what the text says is absent."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.record import table
from knowledge_graph import Linker
from knowledge_graph.fold import fold, fold_all
from knowledge_graph.link_stage import Link
from tests.knowledge_graph.conftest import SAMPLE, build
from tests.knowledge_graph.test_matcher import named

BLANK = {"group": "g", "split": "train", "source": "s", "source_id": "1"}


@pytest.fixture(scope="module")
def linker(sample_graph):
    return Linker(sample_graph)


def found(linker, text):
    """[(surface, English name, negated)]"""
    return [(text[m.start : m.end], linker.graph.node(m.node).name_en, m.negated) for m in linker.link(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Night sweats and fevers.", ["night sweats", "fever"]),
        ("a night sweat", ["night sweats"]),
        ("DIARRHEA; diarrhoea", ["diarrhoea", "diarrhoea"]),
        ("Alzheimer’s disease", ["Alzheimer disease"]),
        ("Chest-pain, exertional chest pain", ["chest pain", "exertional chest pain"]),
        ("coughing", []),
        ("the painter", []),
        ("IBS but not ibs", ["irritable bowel syndrome"]),
        ("患者有发热，咳痰", ["fever", "sputum production"]),
        ("發熱與腹瀉", ["fever", "diarrhoea"]),
        ("Ｆｅｖｅｒ", ["fever"]),
        ("胃、肺受累", ["stomach", "lung"]),
        ("眼前一亮", []),
        ("fever和cough", ["fever", "cough"]),
        ("", []),
        ("\x00\ud800😀", []),
    ],
)
def test_names(linker, text, names):
    assert [name for _, name, _ in found(linker, text)] == names


def test_a_text_defines_its_own_abbreviations(linker):
    text = "Acute pericarditis (AP) follows. AP hurts; MAP and ap don't. 肺炎（PN）后，无PN。"
    assert [(s, n) for s, n, _ in found(linker, text) if n != "pain"] == [
        ("Acute pericarditis", "acute pericarditis"),
        ("AP", "acute pericarditis"),
        ("AP", "acute pericarditis"),
        ("肺炎", "community-acquired pneumonia"),
        ("PN", "community-acquired pneumonia"),
        ("PN", "community-acquired pneumonia"),
    ]
    assert found(linker, text)[-1][2]
    assert found(linker, "AP hurts.") == []


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("No fever, cough or chest pain, but nausea is present.", {"fever", "cough", "chest pain"}),
        ("She denies vomiting and reports palpitations.", {"vomiting"}),
        ("Fever is not seen in pneumonia.", {"Fever"}),
        ("Fever and cough are absent. Nausea is common.", {"Fever", "cough"}),
        ("Not only fever but also cough.", set()),
        ("It does not have fever. It has cough.", {"fever"}),
        ("Without treatment it progresses; fever follows.", set()),
        ("absent breath sounds", set()),
        ("Neither fever nor vomiting was found.", {"fever", "vomiting"}),
        ("无发热、咳嗽，有胸痛。", {"发热", "咳嗽"}),
        ("否认发热，咳嗽，胸痛，但有心悸。", {"发热", "咳嗽", "胸痛"}),
        ("不明原因发热，未见黄疸。", {"黄疸"}),
        ("墨菲征阴性，恶心明显。", {"墨菲征"}),
        ("黄疸未见，伴恶心。", {"黄疸"}),
        ("不仅发热而且咳嗽。", set()),
        ("呼吸音消失。", set()),
        ("发热不见于便秘。", {"发热"}),
        ("是否有发热？", set()),
        ("消化性溃疡不会引起黄疸。", {"黄疸"}),
        ("Jaundice is typically absent in gout.", {"Jaundice"}),
        ("Gout does not usually cause jaundice or fever.", {"jaundice", "fever"}),
        ("Gout does not present with fever; cough is present.", {"fever"}),
        ("Fever has never been reported.", {"Fever"}),
        ("发热、咳嗽均未出现。", {"发热", "咳嗽"}),
        ("并不伴随发热，伴咳嗽。", {"发热"}),
        ("发热（-），咳嗽（+），Fever (-).", {"发热", "Fever"}),
        ("发热否认，咳嗽尚无，恶心不明显。", {"发热", "咳嗽", "恶心"}),
        ("有发热，咳嗽未探及。", {"咳嗽"}),
        ("发热，咳嗽均未见。", {"发热", "咳嗽"}),
        ("不伴发热的咳嗽。", {"发热"}),
        ("否认发热，诉咳嗽。", {"发热"}),
        ("会不会是痛风？", set()),
    ],
)
def test_negation(linker, text, absent):
    assert {surface for surface, _, negated in found(linker, text) if negated} == absent


@pytest.mark.parametrize(
    "text",
    [" " * 100_000 + "(", "，" * 100_000 + "简称", " " * 100_000 + "简称", "(ab" * 30_000, "no " * 30_000 + "fever"],
    ids=lambda text: repr(text[:3] + text[-3:]),
)
def test_hostile_text_takes_linear_time(linker, text):
    started = time.process_time()
    assert len(linker.link(text)) == text.count("fever")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("Suspected gout; fever is likely. Cough was seen.", {"gout", "fever"}),
        ("Possible gout without fever.", {"gout"}),
        ("Gout cannot be excluded.", {"Gout"}),
        ("考虑痛风，发热待查，有咳嗽。", {"痛风", "发热"}),
        ("痛风不能排除。", {"痛风"}),
        ("疑似痛风，无发热。", {"痛风"}),
    ],
)
def test_uncertainty(linker, text, open_):
    mentions = linker.link(text)
    assert {text[m.start : m.end] for m in mentions if m.uncertain} == open_
    assert not any(m.uncertain and m.negated for m in mentions)


@pytest.mark.proof("knowledge_graph.link", "fixture")
def test_the_stage_annotates_records(tmp_path):
    folder, _ = build(tmp_path, obo=str(SAMPLE / "sample.obo"), babelon=str(SAMPLE / "sample-zh.babelon.tsv"))
    texts = ["No fever, possible gout.", "", "患者有发热。"]
    rows = table([{**BLANK, "id": f"{i:032x}", "text": text} for i, text in enumerate(texts)])
    stage = Link(graph="graph")
    stage.setup({"graph": folder})
    outcome = stage.apply(rows)
    assert outcome.rows.schema.field("entities") == stage.adds[0]
    assert outcome.rows.drop_columns("entities") == rows
    found = outcome.rows["entities"].to_pylist()
    assert [
        [(text[e["start"] : e["end"]], e["type"], e["negated"], e["uncertain"]) for e in entities]
        for text, entities in zip(texts, found, strict=True)
    ] == [
        [("fever", "symptom", True, False), ("gout", "disease", False, True)],
        [],
        [("发热", "symptom", False, False)],
    ]
    assert stage.apply(outcome.rows).rows == outcome.rows
    some = Link(graph="graph", types=("disease",))
    some.setup({"graph": folder})
    assert [len(e) for e in some.apply(rows).rows["entities"].to_pylist()] == [1, 0, 0]


def test_every_name_is_found_as_it_stands(linker, sample_graph):
    """Planted between neutral words, each name gives its node back among the candidates."""
    draw = random.Random(0)
    missed = []
    for node in map(sample_graph.node, sample_graph.ids):
        for language, frame in (("en", "zzz {} qqq."), ("zh", "某某{}，等等。")):
            name = draw.choice(node.names(language))
            mentions = linker.link(frame.format(name))
            if not any(node.id in m.candidates and m.end - m.start == len(name) for m in mentions):
                missed.append(name)
    assert len(missed) <= 2, missed


@given(st.text(max_size=200))
def test_folding_keeps_its_way_back(text):
    folded, offsets = fold(text)
    assert len(folded) == len(offsets)
    assert all(a <= b for a, b in pairwise(offsets))
    assert all(0 <= offset < len(text) for offset in offsets)
    again = fold(folded)[0]
    assert fold(again)[0] == again


PLAIN = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(PLAIN, max_size=8))
def test_folding_many_is_folding_each(texts):
    assert fold_all(texts) == [fold(text)[0] for text in texts]


def test_a_cue_gives_way_to_a_name_that_begins_within_it():
    linker = Linker(named({"name_en": "absent thumb"}, {"name_en": "fever"}))
    text = "A sign is absent thumb; fever is absent."
    assert [(text[m.start : m.end], m.negated) for m in linker.link(text)] == [("absent thumb", False), ("fever", True)]


@given(st.text(alphabet=st.sampled_from("fever 发热no无不,，。.()s咳嗽cough's-"), max_size=120))
def test_mentions_are_in_order_and_never_overlap(linker, text):
    mentions = linker.link(text)
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    assert all(m.start < m.end <= len(text) and m.node == m.candidates[0] for m in mentions)


def test_abbreviations_in_small_letters_only_count_in_capitals():
    linker = Linker(
        named(
            {"name_en": "benign exophthalmos disorder", "synonyms": ["bed"]},
            {"name_en": "infectious mononucleosis", "synonyms": ["mono"]},
            {"name_en": "gout"},
        )
    )
    assert [name for _, name, _ in found(linker, "In bed with mono and gout. BED is rare.")] == [
        "infectious mononucleosis",
        "gout",
        "benign exophthalmos disorder",
    ]
