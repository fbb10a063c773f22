"""Boilerplate: taken out whole, by kind, and nothing else with it."""

import gzip
import json

import pytest

from collectors.text.boilerplate import strip_boilerplate

PAPER = """# Fever in adults

We treated 20 patients in 2019 (see references 1 and 2).

## References

1. Smith J, Jones K. Fever. Lancet 2019;3(2):107-22.
2. Lee A, et al. A very long title that goes on
   and on for a second line. N Engl J Med 2020;1:1-2.

3. WHO. Guideline. https://www.who.int/x

## Appendix

Dose table follows."""
CHINESE = """发热的诊治
患者20例,均治愈。
参考文献
[1] 张三, 李四. 发热的治疗[J]. 中华医学杂志, 2019, 3(2): 107-122.
[2] 王五. 内科学[M]. 北京: 人民卫生出版社, 2018.
附录
剂量表见下。"""


def test_reference_lists_go_up_to_the_next_heading():
    kept, removed = strip_boilerplate(PAPER)
    assert kept.split("\n\n") == [
        "# Fever in adults",
        "We treated 20 patients in 2019 (see references 1 and 2).",
        "## Appendix",
        "Dose table follows.",
    ]
    assert list(removed) == ["references"] and len(removed["references"]) == 5
    kept, removed = strip_boilerplate(CHINESE)
    assert kept == "发热的诊治\n患者20例,均治愈。\n附录\n剂量表见下。" and len(removed["references"]) == 3


def test_a_list_ends_where_its_citations_do():
    prose = ["The dose is one tablet.", "Take it with water.", "Do not crush it.", "Call your doctor.", "Rest well."]
    kept, removed = strip_boilerplate("References\n1. Lee A. Fever. Lancet 2019;3:1.\n" + "\n".join(prose))
    assert kept.split("\n") == prose and len(removed["references"]) == 2
    table = "| drug | dose |\n| --- | --- |\n| aspirin | 100 mg |"
    assert strip_boilerplate(f"Text.\nReferences\n1. Lee A. Fever. Lancet 2019;3:1.\n\n{table}")[0].endswith(table)


@pytest.mark.parametrize(
    "text",
    [
        "References\nThe reference range of sodium is wide.\nIt depends on the laboratory.",
        "Reference\n\nNormal values: 3.5-5.0 mmol/L",
        "参考资料\n请向医生咨询。\n多喝水。",
        "He ate two cookies and shared his meal. Open access to the airway was lost under anaesthesia.",
        "The vessel was accessed; copyright issues were not discussed in 2019, although the patient was a lawyer.",
        "Sign up for a screening test. Join a support group. Follow the instructions; print your name.",
        "Share decisions with the patient.",
        "患者关注自己的病情。未经治疗不得出院。添加调味品。请扫描腹部。",
        "| © 2019 | All rights reserved |\n| --- | --- |",
        "(C) and IL17A were measured.",
        "Reference:\n1. Fasting 3.9-6.1 mmol/L\n2. Day 2: 10-20 mg",
        "参考资料\n1. 每日三次,饭后服用\n2. 不宜久服\n3. 孕妇禁用",
        "The trial protocol (published under a Creative Commons licence) required that creatinine above 2 be excluded",
        "Patients who were told that this website uses cookies had a lower risk of anxiety at follow-up in both arms.",
        "    References:\n        https://example.org/2019",
    ],
)
def test_what_says_something_stays(text):
    assert strip_boilerplate(text) == (text, {})


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("cookies", "This website uses cookies to improve your experience. Accept all cookies"),
        ("cookies", "We use cookies to personalise content."),
        ("cookies", "本网站使用Cookie以提升您的体验,接受所有Cookie"),
        ("licence", "Copyright © 2019 Smith et al. All rights reserved."),
        ("licence", "© 2020 The Authors"),
        ("licence", "This is an open access article distributed under the terms of the Creative Commons Attribution"),
        ("licence", "版权所有 某某医院"),
        ("licence", "未经许可不得转载"),
        ("licence", "本文采用知识共享署名 4.0 国际许可协议进行许可"),
        ("share", "Share this on Facebook | Twitter | LinkedIn"),
        ("share", "Subscribe to our weekly newsletter!"),
        ("share", "Follow us on Instagram"),
        ("share", "Back to top"),
        ("share", "关注微信公众号:健康时报"),
        ("share", "扫描下方二维码关注我们"),
        ("share", "分享到 微信 微博"),
        ("share", "责任编辑:王小明"),
    ],
)
def test_lines_of_no_content_go(kind, line):
    kept, removed = strip_boilerplate(f"Take one tablet daily.\n{line}\n每日一片。")
    assert kept == "Take one tablet daily.\n每日一片。"
    assert list(removed) == [kind] and " ".join(removed[kind]) == line


def test_of_a_line_only_what_is_boilerplate_goes():
    licence = (
        "This is an open access article distributed under the terms of the Creative Commons Attribution License "
        "(https://creativecommons.org/licenses/by/4.0/), which permits unrestricted use, distribution, and "
        "reproduction in any medium, provided the original author and source are credited."
    )
    text = "Doses above 2 g are toxic."
    assert strip_boilerplate(f"© 2019 Lee et al. {licence}") == ("", {"licence": ["© 2019 Lee et al.", licence]})
    assert strip_boilerplate(f"{text} {licence}") == (text, {"licence": [licence]})
    assert strip_boilerplate("孕妇禁用。未经许可不得转载。") == ("孕妇禁用。", {"licence": ["未经许可不得转载。"]})


@pytest.mark.proof("collectors.records", "real")
def test_nothing_is_taken_from_real_dialogues(real_data):
    (path,) = (real_data / "dialog_zh_cmtmedqa_test" / "data").glob("*.gz")
    turns = [d["output"] for d in json.loads(gzip.decompress(path.read_bytes())) if d.get("output")]
    assert len(turns) > 1000
    assert [t for t in turns if strip_boilerplate(t)[1]] == []
