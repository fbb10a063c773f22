import numpy as np
import pytest

from dedup.evaluation_sets import Item
from dedup.item_index import LEAST, ItemIndex

VIGNETTE = Item(
    "exam",
    "en-1",
    "A forty-year-old baker has had morning cough and wheeze for two years that vanish on holidays. What is it?",
    ("Asthma from flour dust", "Chronic bronchitis", "Heart failure", "Vocal cord palsy"),
)
SHORT = Item(
    "exam",
    "en-2",
    "The cribriform plate connects:",
    ("Nasal cavity and orbit", "Oral cavity and pharynx", "Nasal cavity and anterior fossa", "Orbit and middle fossa"),
)
CHINESE = Item(
    "exam",
    "zh-1",
    "一名二十岁学生淋雨后突发寒战高热，咳铁锈色痰，右下肺叩诊浊音，最可能的诊断是什么？",
    ("大叶性肺炎", "支气管扩张", "肺结核", "肺脓肿", "急性支气管炎"),
    language="zh",
)
CASE = Item(
    "clin",
    "zh-2",
    "简述该病人的诊断及诊断依据。",
    (),
    "诊断：嵌顿性腹股沟斜疝合并肠梗阻。诊断依据：右下腹痛并自扪及包块三小时，腹胀呕吐，平片见阶梯状液气平面。",
    "病人，男，四十九岁，三小时前解大便后出现右下腹疼痛，右下腹可触及一包块，既往体健，腹股沟区可扪及圆形肿块，有压痛。",
    "zh",
)
EVERYDAY = Item("exam", "en-3", "Is it so?", ("Yes", "No"))
ITEMS = [VIGNETTE, SHORT, CHINESE, CASE, EVERYDAY]


@pytest.fixture(scope="module")
def index():
    return ItemIndex(ITEMS)


def written(item: Item, label="{}. {}", order=None) -> str:
    options = [item.options[i] for i in order] if order else item.options
    lines = [label.format("ABCDE"[number], option) for number, option in enumerate(options)]
    return "\n".join([item.context or "", item.question, *lines]).strip()


def rewrapped(text: str) -> str:
    words = text.split() if text.isascii() else list("".join(text.split()))
    joint = " " if text.isascii() else ""
    return "\n".join(joint.join(words[i : i + 8]) for i in range(0, len(words), 8))


WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize("item", [VIGNETTE, SHORT, CHINESE, CASE], ids=lambda item: item.id)
@pytest.mark.parametrize(
    "layout",
    [
        written,
        lambda item: rewrapped(written(item)),
        lambda item: written(item).upper().translate(WIDE),
        lambda item: written(item, "({}) {}", [3, 1, 0, 2] if item.options else None),
        lambda item: "Notes from class. 课堂笔记。 " * 300 + written(item) + " And more. 还有其他内容。" * 300,
    ],
    ids=["as published", "re-wrapped", "case and width", "options reordered", "inside a long page"],
)
def test_an_item_is_found_in_every_layout(index, item, layout):
    assert [found.item.id for found in index.find([layout(item)])] == [item.id]


@pytest.mark.parametrize(
    ("item", "before", "after"),
    [
        (VIGNETTE, "two years", "three years"),
        (VIGNETTE, "wheeze", "whezee"),
        (SHORT, "Oral", "The oral"),
        (CHINESE, "二十岁", "廿岁"),
        (CHINESE, "铁锈色", "鐵鏽色"),
        (CASE, "三小时", "3小时"),
    ],
)
def test_an_edited_word_does_not_hide_an_item(index, item, before, after):
    text = written(item)
    assert before in text
    assert [found.item.id for found in index.find([text.replace(before, after)])] == [item.id]


def test_long_options_alone_are_found_in_any_order():
    item = Item(
        "exam", "1", VIGNETTE.question * 2, tuple(f"{word} of the left recurrent nerve" for word in OPTION_WORDS)
    )
    found = ItemIndex([item]).find(["\n".join(f"- {option}" for option in reversed(item.options))])
    assert [f.passage for f in found] == ["options"]


OPTION_WORDS = ("Congenital absence", "Traumatic transection", "Inflammatory thickening", "Idiopathic paralysis")


@pytest.mark.parametrize(
    "text",
    [
        "Cough and wheeze that vanish on holidays suggest the workplace.",
        "The cribriform plate is a part of the ethmoid bone. The nasal cavity lies below it.",
        "咳铁锈色痰提示大叶性肺炎。",
        "Is it so? Yes. No.",
        "",
        # what stands once is no proof of two options, nor are words that are scattered over a long text
        "The cribriform plate: nasal cavity.",
        " filler words stand here between them ".join(written(SHORT).split() * 2),
    ],
)
def test_text_on_the_same_matter_is_not_an_item(index, text):
    assert index.find([text]) == []


def test_items_too_short_to_tell_are_named(index):
    assert dict(zip([i.id for i in ITEMS], index.searched, strict=True)) == {
        **dict.fromkeys(["en-1", "en-2", "zh-1", "zh-2"], True),
        "en-3": False,
    }


def test_where_an_item_stands_and_what_it_weighs(index):
    (found,) = index.find([f"one two three {written(VIGNETTE)} four five"])
    assert found.start == 3 and found.document == 0
    assert LEAST["question"] < found.weight <= found.whole


def test_stock_phrases_of_many_items_prove_nothing():
    stem = "Which of the following statements about the management of this condition is considered to be correct"
    items = [
        Item("exam", str(n), f"{stem} for {word}?") for n, word in enumerate(map("disease{:03d}".format, range(40)))
    ]
    assert ItemIndex(items).find([f"{stem} for anything else?"]) == []
    assert ItemIndex(items[:1]).find([f"{stem} for anything else?"])


def test_one_note_with_many_questions_is_no_stock_phrase():
    items = [Item("calc", str(n), f"What is score number {n}?", context=CASE.context) for n in range(60)]
    assert ItemIndex(items).find([CASE.context])


def test_documents_are_independent_of_their_neighbours(index):
    texts = [written(item) for item in ITEMS] * 3 + ["nothing here"] * 50
    order = np.random.default_rng(1).permutation(len(texts))
    alone = [{f.item.id for f in index.find([text])} for text in texts]
    together = [set() for _ in texts]
    for found in index.find([texts[i] for i in order]):
        together[order[found.document]].add(found.item.id)
    assert together == alone


def test_no_items_no_finds():
    assert ItemIndex([]).find(["any text"]) == []
    assert ItemIndex(ITEMS).find([]) == []
