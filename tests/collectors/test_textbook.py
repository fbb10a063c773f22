"""Textbooks: a record per chapter, whatever they are written in, with the book and the titles above."""

import json

import pytest

from collectors.books.chapters import markdown_chapters, plain_chapters
from collectors.books.textbook import Textbook
from tests.collectors.reading import Read, read
from tests.datagen.test_files import tar

CNXML = """<document xmlns="http://cnx.rice.edu/cnxml"><title>Blood</title>
<metadata xmlns:md="http://cnx.rice.edu/mdml"><md:content-id>m1</md:content-id><md:title>Blood</md:title>
<md:abstract><para>You will learn to:</para><list><item>Name the cells</item></list></md:abstract></metadata>
<content><para>Cells are shown in <link target-id="f1"/>, and their counts in <link target-id="t1"/>. One litre holds
5 x 10<sup>12</sup> red cells; <m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mfrac><m:mi>a</m:mi><m:mi>b</m:mi>
</m:mfrac></m:math> of them carry O<sub>2</sub>.</para>
<figure id="f1"><title>Cells</title><media alt="not shown"><image src="a.jpg"/></media><caption>Red and white.</caption>
</figure><section><title>Counts</title><para>They vary.</para><section><title>In children</title><para>More.</para>
</section></section>
<table id="t1" summary="x"><tgroup cols="2"><colspec colname="c1"/><colspec colname="c2"/><thead><row>
<entry>Cell</entry><entry>Count</entry></row></thead><tbody><row><entry>Red</entry><entry>5</entry></row><row>
<entry namest="c1" nameend="c2">All of them</entry></row></tbody></tgroup></table>
<note class="career"><title>Career</title><para>Haematologist.</para></note>
<list list-type="enumerated"><item>First</item><item>Second</item></list>
<exercise><problem><para>What carries oxygen?</para></problem><solution><para>Haemoglobin.</para></solution>
</exercise></content>
<glossary><definition><term>plasma</term><meaning>the liquid part</meaning></definition></glossary></document>"""
MODULE = """# Blood

You will learn to:

- Name the cells

Cells are shown in Figure 1, and their counts in Table 1. One litre holds 5 x 10^12 red cells; $\\frac{a}{b}$ of them \
carry O2.

**Figure 1. Cells** Red and white.

## Counts

They vary.

### In children

More.

**Table 1**

| Cell | Count |
| --- | --- |
| Red | 5 |
| All of them | |

**Career**

Haematologist.

1. First
2. Second

What carries oxygen?

Answer: Haemoglobin.

## Glossary

- plasma: the liquid part"""
COLLECTION = """<col:collection xmlns:col="http://cnx.rice.edu/collxml" xmlns:md="http://cnx.rice.edu/mdml"><metadata>
<md:title>Physiology</md:title><md:language>en</md:language>
<md:license url="http://creativecommons.org/licenses/by/4.0/">CC BY</md:license></metadata><col:content>
<col:subcollection><md:title>Fluids</md:title><col:content><col:module document="m1"/></col:content></col:subcollection>
</col:content></col:collection>"""


def read_files(folder, files: dict[str, bytes | str], **options) -> Read:
    raw = folder / "raw"
    for name, content in files.items():
        path = raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(Textbook(path=str(raw), **options), folder)


@pytest.mark.proof("collectors.textbook", "fixture")
@pytest.mark.parametrize("packed", [True, False])
def test_a_module_and_its_collection(tmp_path, packed):
    files = {"modules/m1/index.cnxml": CNXML.encode(), "collections/p.collection.xml": COLLECTION.encode()}
    found = read_files(tmp_path, {"book.tar.gz": tar(files, "w:gz")} if packed else files)
    assert found.texts == [MODULE] and not found.quarantined
    row = found.rows[0]
    assert (row["source_id"], row["license"], row["language"], row["content_type"]) == ("m1", "CC-BY-4.0", "en", "TEXT")
    assert json.loads(row["meta"]) == {"book": "Physiology", "path": ["Fluids"], "title": "Blood"}


def test_a_module_without_a_collection(tmp_path):
    row = read_files(tmp_path, {"index.cnxml": CNXML}).rows[0]
    assert row["license"] == "NOASSERTION" and json.loads(row["meta"])["path"] == []


CLASSIC = """<篇名>测试本草
书名：测试本草
作者：陶某
朝代：南朝·梁
年份：公元500年


<目录>

<篇名>序

内容：隐居先生，在乎茅山岩岭之上，以吐纳余暇，颇游意方技，览本草药性，以为尽圣人之\x20
心，故撰而论之。\x20
\\x陶某识\\x\x20

<目录>玉石\\上品

<篇名>玉屑

属性：味甘，平，无毒。

<目录>玉石\\上品

<篇名>丹砂

属性：味甘，微寒。\\p05-c14a22.bmp\\r出KT 山。
"""


@pytest.mark.proof("collectors.textbook", "fixture")
def test_a_classic_of_chinese_medicine_in_gb18030(tmp_path):
    found = read_files(tmp_path, {"a.txt": CLASSIC.replace("\n", "\r\n").encode("gb18030")}, license="CC-PDDC")
    preface = "隐居先生，在乎茅山岩岭之上，以吐纳余暇，颇游意方技，览本草药性，以为尽圣人之心，故撰而论之。\n陶某识"
    assert found.texts == [
        f"## 序\n\n{preface}",
        "# 上品\n\n## 玉屑\n\n味甘，平，无毒。\n\n## 丹砂\n\n味甘，微寒。出□ 山。",
    ]
    facts = {"author": "陶某", "book": "测试本草", "dynasty": "南朝·梁", "year": "公元500年"}
    assert json.loads(found.rows[1]["meta"]) == {**facts, "path": ["玉石"], "title": "上品"}
    assert found.rows[0]["group"] == found.rows[1]["group"] and found.rows[0]["language"] == "zh"


def test_chapters_of_plain_chinese():
    text = (
        "内科学\n\n目录\n第一章 绪论\n第二章 呼吸系统疾病\n\n第一章　绪论\n内科学是临床医学的基础。\n\n"
        "第二章 呼吸系统疾病\n"
        "第一节 肺炎\n肺炎是常见病。第三章另有说明。\n第二节 哮喘\n哮喘可以控制。\n"
    )
    front, first, second = plain_chapters(text)
    assert front.path == () and front.text.startswith("内科学")
    assert (first.path, first.text) == (("第一章 绪论",), "# 第一章 绪论\n\n内科学是临床医学的基础。")
    assert second.text == (
        "# 第二章 呼吸系统疾病\n\n## 第一节 肺炎\n\n肺炎是常见病。第三章另有说明。\n\n## 第二节 哮喘\n\n哮喘可以控制。"
    )


@pytest.mark.parametrize(
    "headings",
    [
        ("卷上", "卷下"),
        ("卷一 伤寒", "卷之二"),
        ("第一回 开篇", "第十二回 收场"),
        ("上篇", "下篇"),
        ("第1章", "第2章 心"),
    ],
)
def test_headings_of_chinese_books(headings):
    text = "".join(f"{heading}\n\n这里是正文，讲述了许多事情。\n\n" for heading in headings)
    assert [chapter.path for chapter in plain_chapters(text)] == [(heading,) for heading in headings]


@pytest.mark.parametrize(
    "headings",
    [
        ("CHAPTER I", "CHAPTER II"),
        ("Chapter 1: The Heart", "Chapter 2: The Lung"),
        ("Part One", "Part Two"),
        ("UNIT 3 Care", "Unit 4"),
    ],
)
def test_headings_of_english_books(headings):
    text = "Preface\n\nWhy we wrote it.\n\n" + "".join(f"{h}\n\nSome text follows it here.\n\n" for h in headings)
    assert [chapter.path for chapter in plain_chapters(text)] == [("Preface",), *((h,) for h in headings)]


@pytest.mark.parametrize(
    "text",
    [
        "HYPERTENSION\nIntroduction\nBlood pressure above 140.\n\nTREATMENT\nIntroduction\nDrugs.",
        "As Chapter 2 says, the heart beats.\nPart of it is muscle.\nBook early.",
        "第一章说过，心脏会跳动。\n卷入其中的人很多，需要治疗。",
    ],
)
def test_prose_begins_no_chapter(text):
    assert [chapter.path for chapter in plain_chapters(text)] == [()]


def test_lines_of_english_and_lists_are_left_as_they_are():
    text = "Signs:\n- fever that lasts for more than three days and\n- cough\nNothing else of note was found here."
    assert plain_chapters(text)[0].text == text


def test_markdown():
    code = "```\n# no heading <!-- code -->\n```"
    text = f"---\ntitle: Guide\n---\n# One\n\ntext <!-- hidden --> more\n\n{code}\n# Two #\n\n## Below\n"
    one, two = markdown_chapters(text)
    assert (one.path, one.text) == (("One",), f"# One\n\ntext  more\n\n{code}")
    assert (two.path, two.text) == (("Two",), "# Two #\n\n## Below")
    assert markdown_chapters("---\ntitle: Guide\n---\nOnly text.")[0].path == ("Guide",)
    assert markdown_chapters("<!-- nothing -->\n") == []


def test_one_book_of_many_files(tmp_path):
    files = {
        "a.md": "# 甲\n\n正文。",
        "b.md": "# 乙\n\n正文。",
        "c.html": "<title>丙</title><nav>首页</nav><h1>丙</h1><p>正文。",
    }
    found = read_files(tmp_path, files, book="教程", content_type="GUIDE")
    assert found.texts == ["# 甲\n\n正文。", "# 乙\n\n正文。", "# 丙\n\n正文。"]
    assert len({row["group"] for row in found.rows}) == 1 and {row["content_type"] for row in found.rows} == {"GUIDE"}
    assert {json.loads(row["meta"])["book"] for row in found.rows} == {"教程"}


def test_what_is_no_textbook(tmp_path):
    laughs = (
        '<!DOCTYPE d [<!ENTITY a "b">]><document xmlns="http://cnx.rice.edu/cnxml"><content>&a;</content></document>'
    )
    files = {
        "a.xml": "<article/>",
        "b.cnxml": laughs,
        "c.xml": "<document/>",
        "d.html": "<div>" * 9999,
        "e.txt": b"",
        "f.cnxml": "<a>" * 9999,
        "g.xml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Read.</p></body></html>",
        "h.md": "<!-- -->",
        "i.cnxml": "<document><content>" + "<para>" * 240 + "x" + "</para>" * 240 + "</content></document>",
    }
    found = read_files(tmp_path, files)
    assert found.texts == ["Read.", "x"] and list(found.dropped.values()) == ["empty"]
    assert found.quarantined == {
        "a.xml": "not_textbook",
        "b.cnxml": "xml_entities",
        "c.xml": "no_text",
        "d.html": "html_limits",
        "e.txt": "empty",
        "f.cnxml": "xml_limits",
    }


@pytest.mark.proof("collectors.textbook", "real")
def test_real_textbooks_and_guidelines(real_data, tmp_path):
    anatomy = read(
        Textbook(path=str(real_data / "textbook_en_openstax_anatomy" / "openstax_ap_cnxml.tar.gz")), tmp_path
    )
    assert len(anatomy.rows) == 198 and not anatomy.quarantined and len({row["group"] for row in anatomy.rows}) == 1
    assert all(row["license"] == "CC-BY-NC-SA-4.0" and row["text"].startswith("# ") for row in anatomy.rows)
    classics = read(Textbook(path=str(real_data / "textbook_zh_tcm_classics" / "tcm_classics_dev.tar.gz")), tmp_path)
    assert len({row["group"] for row in classics.rows}) == 45 and not classics.quarantined and not classics.dropped
    assert not any(mark in text for text in classics.texts for mark in ("<篇名>", "<目录>", "\ufffd"))
    assert sum(map(len, classics.texts)) > 4_500_000
    nigeria = read(
        Textbook(path=str(real_data / "guideline_en_nstg" / "nstg_2022.tar.gz"), content_type="GUIDE"), tmp_path
    )
    assert len(nigeria.rows) == 270 and not nigeria.quarantined
    folder = real_data / "guideline_en_who_anc"
    who = read(Textbook(path=str(folder), content_type="GUIDE"), tmp_path)
    assert len(who.rows) == 9 and not who.quarantined
    assert list(who.dropped.values()) == ["accompanying_file"] * 3


def test_files_that_come_with_a_book_are_dropped_unless_named(tmp_path):
    for name in ("LICENSE.md", "README.txt", "SOURCE.md", "source.md", "CHANGELOG.md", "Licensing of drugs.md"):
        (tmp_path / name).write_text("# Fever\n\nA fever is a raised temperature of the body.")
    found = read(Textbook(path=str(tmp_path)), tmp_path)
    assert sorted(row["source_id"] for row in found.rows) == ["Licensing of drugs.md", "source.md"]
    assert list(found.dropped.values()) == ["accompanying_file"] * 4
    assert len(read(Textbook(path=str(tmp_path / "README.txt")), tmp_path).rows) == 1
