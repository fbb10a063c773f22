import gzip
import json

import pytest

from datagen.errors import UsageError
from datagen.record import record_id, table
from dedup.decontaminate import Decontaminate

ITEMS = [
    "A forty-year-old baker has had morning cough and wheeze for two years that vanish on holidays. What is it?",
    "一名二十岁学生淋雨后突发寒战高热，咳铁锈色痰，右下肺叩诊浊音，最可能的诊断是什么？",
]


@pytest.fixture(params=["items.jsonl", "items.jsonl.gz"])
def stage(request, tmp_path):
    data = "".join(json.dumps({"question": item}) + "\n" for item in ITEMS).encode()
    path = tmp_path / request.param
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    ready = Decontaminate(benchmark=str(path))
    ready.setup({})
    return ready


def dropped(stage, text: str) -> list[str]:
    row = {"id": record_id("s", "1"), "group": "g", "split": "train", "text": text, "source": "s", "source_id": "1"}
    return list(stage.apply(table([row])).dropped.values())


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize(
    "change",
    [
        lambda t: t,
        str.upper,
        lambda t: "\n".join(t[i : i + 7] for i in range(0, len(t), 7)) if t[0] == "一" else t.replace(" ", "\n"),
        lambda t: f"Notes from class. 课堂笔记。 {t} And more. 还有其他内容。",
        lambda t: t.replace("two", "three").replace("二十岁", "廿岁"),
    ],
    ids=["verbatim", "case", "rewrapped", "inside other text", "lightly edited"],
)
def test_an_item_is_found_in_every_layout(stage, item, change):
    assert dropped(stage, change(item)) == ["benchmark:items"]


@pytest.mark.parametrize(
    "text", ["Cough and wheeze that vanish on holidays suggest the workplace.", "咳铁锈色痰提示大叶性肺炎。", ""]
)
def test_text_on_the_same_matter_stays(stage, text):
    assert dropped(stage, text) == []


def test_a_missing_file_and_a_wrong_field_are_clear_errors(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        Decontaminate(benchmark=str(tmp_path / "lost.jsonl")).items()
    (tmp_path / "items.jsonl").write_text('{"stem": "x"}\n')
    with pytest.raises(UsageError, match=r"items\.jsonl:1: not a JSON object with 'question'"):
        Decontaminate(benchmark=str(tmp_path / "items.jsonl")).setup({})
