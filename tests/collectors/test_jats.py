"""JATS: what an article says of itself, and its text."""

import json

import pytest

from collectors.papers.jats import _CONTENT_TYPES, JATS
from datagen.taxonomy import load_taxonomy
from tests.collectors.articles import META, article
from tests.collectors.reading import read

CC = "https://creativecommons.org"


@pytest.fixture
def one(tmp_path):
    """The only record of an article."""

    def read_one(data: bytes, **options) -> dict:
        (tmp_path / "a.xml").write_bytes(data)
        found = read(JATS(path=str(tmp_path / "a.xml"), **options), tmp_path)
        assert not found.quarantined
        return found.rows[0]

    return read_one


def text_of(one, body: str, **parts) -> str:
    return one(article(body, **parts))["text"].removeprefix("# Aspirin in migraine").strip()


def test_a_record_says_what_the_article_says(one):
    licence = f'<permissions><license xlink:href="{CC}/licenses/by-nc/4.0/"><license-p/></license></permissions>'
    keywords = "<kwd-group><kwd>pain</kwd><kwd>aspirin</kwd></kwd-group>"
    subjects = "<article-categories><subj-group><subject>Neurology</subject></subj-group></article-categories>"
    refs = "<ref-list><ref id='r1'><mixed-citation>Somebody 1999</mixed-citation></ref><ref id='r2'/></ref-list>"
    row = one(article("<p>Text.</p>", meta=META + licence + keywords + subjects, back=refs, more="<sub-article/>"))
    assert row["text"] == "# Aspirin in migraine\n\nText."
    assert row["source_id"] == "doi:10.1000/j.test.1" and row["url"] == "https://doi.org/10.1000/j.test.1"
    assert (row["license"], row["language"], row["content_type"]) == ("CC-BY-NC-4.0", "en", None)
    assert row["group"] == row["id"]
    assert json.loads(row["meta"]) == {
        "article_type": "research-article",
        "doi": "10.1000/j.test.1",
        "journal": "Journal of Tests",
        "keywords": ["aspirin", "pain"],
        "pmc": "PMC7654321",
        "pmid": "12345678",
        "references": [{"text": "Somebody 1999"}],
        "sub_articles": 1,
        "subjects": ["Neurology"],
        "year": 2021,
    }


def test_people_dates_and_references_are_kept_apart_from_the_text(one):
    meta = """<contrib-group><contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ann B</given-names>
      </name></contrib><contrib contrib-type="author"><name name-style="eastern"><surname>王</surname>
      <given-names>小明</given-names></name></contrib><contrib contrib-type="editor"><name><surname>No</surname></name>
      </contrib><contrib><collab>The Trial Group</collab></contrib><aff><label>1</label>Ward 3, Town
      <email>a@b.org</email></aff></contrib-group>
      <pub-date pub-type="epub"><day>7</day><month>3</month><year>2021</year></pub-date>"""
    cited = """<ref-list><ref id="r1"><label>1.</label><element-citation><person-group><name><surname>Roe</surname>
      <given-names>J</given-names></name></person-group><article-title>On <italic>pain</italic></article-title>
      <source>Pain</source><year>1999</year><pub-id pub-id-type="doi">10.1/ABC</pub-id>
      <pub-id pub-id-type="pmid">77</pub-id></element-citation></ref></ref-list>"""
    conflict = '<fn-group><fn fn-type="COI-statement"><p>None declared.</p></fn></fn-group>'
    row = one(article("<p>Text.</p>", meta=META + meta, back=conflict + cited))
    assert row["text"] == "# Aspirin in migraine\n\nText."
    facts = json.loads(row["meta"])
    assert facts["authors"] == ["Ann B Lee", "王小明", "The Trial Group"]
    assert facts["affiliations"] == ["Ward 3, Town"]
    assert (facts["published"], facts["year"], facts["conflicts"]) == ("2021-03-07", 2021, "None declared.")
    assert facts["references"] == [
        {"doi": "10.1/abc", "pmid": "77", "title": "On pain", "journal": "Pain", "year": "1999", "authors": ["J Roe"]},
    ]


@pytest.mark.parametrize(
    ("permissions", "licence"),
    [
        (
            "<license><license-p>See <uri xlink:href='http://creativecommons.org/licenses/by/3.0/'/></license-p></license>",
            "CC-BY-3.0",
        ),
        (f"<license><ali:license_ref>{CC}/licenses/by-nd/4.0/</ali:license_ref></license>", "CC-BY-ND-4.0"),
        (f"<ali:free_to_read/><ali:license_ref>{CC}/publicdomain/zero/1.0/</ali:license_ref>", "CC0-1.0"),
        (f"<license><license-p>under {CC}/licenses/by-sa/4.0.</license-p></license>", "CC-BY-SA-4.0"),
        ("<license><license-p>All rights reserved.</license-p></license>", "LicenseRef-House"),
        ("", "LicenseRef-House"),
    ],
)
def test_the_licence_is_the_stated_one_or_the_option(one, permissions, licence):
    data = article("<p>Text.</p>", meta=f"{META}<permissions>{permissions}</permissions>")
    assert one(data, license="LicenseRef-House")["license"] == licence


@pytest.mark.parametrize(
    ("kind", "heading", "code"),
    [
        ("review-article", "", "REVIEW"),
        ("systematic-review", "", "SRMA"),
        ("case-report", "", "CASE"),
        ("editorial", "", "OTHER"),
        ("research-article", "Study Protocol", "METHOD"),
        ("research-article", "Systematic Review and Meta-Analysis", "SRMA"),
        ("research-article", "病例报告", "CASE"),
        ("research-article", "Practice Guideline", "GUIDE"),
        ("research-article", "Randomized Controlled Trial", "RCT"),
        ("research-article", "Article", None),
        ("other", "", None),
    ],
)
def test_content_type_where_the_article_names_one(one, kind, heading, code):
    group = f"<subj-group subj-group-type='heading'><subject>{heading}</subject></subj-group>"
    meta = f"{META}<article-categories>{group}</article-categories>"
    assert one(article("<p>Text.</p>", kind=kind, meta=meta))["content_type"] == code


def test_content_types_are_those_of_the_taxonomy():
    assert set(_CONTENT_TYPES) <= set(load_taxonomy("content_types").codes)


@pytest.mark.parametrize(
    ("kind", "meta", "flags"),
    [
        ("retraction", META, ["retracted"]),
        ("partial-retraction", META, ["retracted"]),
        ("research-article", META + "<related-article related-article-type='retraction-forward'/>", ["retracted"]),
        ("research-article", META.replace("Aspirin in", "RETRACTED: Aspirin in"), ["retracted"]),
        ("research-article", META.replace("Aspirin in", "Retracted papers on aspirin in"), None),
        ("research-article", META + "<related-article related-article-type='companion'/>", None),
    ],
)
def test_retractions_are_flagged_and_kept(one, kind, meta, flags):
    assert one(article("<p>Text.</p>", kind=kind, meta=meta))["safety"] == flags


def test_sections_become_nested_headings(one):
    abstract = (
        "<abstract><sec><title>Aim</title><p>To test.</p></sec></abstract>"
        "<abstract abstract-type='graphical'><p>No</p></abstract>"
        "<trans-abstract xml:lang='fr'><p>Non</p></trans-abstract>"
    )
    body = """<sec><label>1</label><title>Methods</title><p>We did
      <bold>much</bold>.</p><sec><title>Patients</title><p>Ten.</p></sec></sec><sec><title>Empty</title></sec>
      <sec><title>Competing interests</title><p>None.</p></sec>"""
    back = "<ack><p>Thanks</p></ack><app-group><app><title>Appendix A</title><p>More.</p></app></app-group>"
    term = "<def-item><term>ECG</term><def><p>electrocardiogram</p></def></def-item>"
    back += f"<glossary><def-list>{term}</def-list></glossary>"
    assert text_of(one, body, meta=META + abstract, back=back) == (
        "## Abstract\n\n### Aim\n\nTo test.\n\n## 1 Methods\n\nWe did much.\n\n### Patients\n\nTen.\n\n"
        "## Appendix A\n\nMore.\n\n## Abbreviations\n\n- ECG: electrocardiogram"
    )


def test_a_chinese_article_has_chinese_headings(one):
    meta = META.replace("Aspirin in <italic>migraine</italic>", "阿司匹林") + "<abstract><p>目的。</p></abstract>"
    row = one(article("<sec><title>方法</title><p>共十例患者,经治疗后好转。</p></sec>", language="zh", meta=meta))
    assert row["text"] == "# 阿司匹林\n\n## 摘要\n\n目的。\n\n## 方法\n\n共十例患者,经治疗后好转。"
    assert (row["language"], row["script"]) == ("zh", "Hans")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>9</sup>/L, m<sup>−2</sup>, CD34<sup>+</sup>, 5<sup>th</sup>", "10^9/L, m^-2, CD34^+, 5th"),
        ("CO<sub>2</sub>, HbA<sub>1c</sub>, C<sub>max</sub>", "CO2, HbA1c, C_max"),
        ("known<sup><xref ref-type='bibr'>1</xref>,<xref ref-type='bibr'>2</xref></sup>.", "known[1,2]."),
        ("known <xref ref-type='bibr'><sup>3</sup></xref>", "known [3]"),
        ("known [<xref ref-type='bibr'>1</xref>–<xref ref-type='bibr'>3</xref>]", "known [1–3]"),
        ("(<xref ref-type='bibr'>Lee, 2010</xref>) and <xref ref-type='fig'>Fig. 1</xref>", "(Lee, 2010) and Fig. 1"),
        ("12<xref ref-type='table-fn'>1</xref> and 50<xref ref-type='fn'>2</xref> mg", "12[1] and 50[2] mg"),
        ("0.5 g<sup><xref ref-type='table-fn'>a</xref></sup>", "0.5 g[a]"),
        ("12<xref ref-type='table-fn'><sup>a,b</sup></xref> (<xref ref-type='fn'>†</xref>)", "12[a,b] (†)"),
        ("see <xref ref-type='fn'>note 2</xref>", "see note 2"),
        ("a<break/>b <named-content>c</named-content> <email>x</email>", "a b c x"),
        ("<tex-math>\\documentclass{a}\\begin{document}$$x^2$$\\end{document}</tex-math>", "$x^2$"),
        ("<inline-formula><mml:math><mml:mi>x</mml:mi></mml:math></inline-formula>", "$x$"),
        ("is <inline-formula><inline-graphic xlink:href='e1'/></inline-formula>.", "is [formula]."),
        ("before<?pi x?> <!-- c -->after", "before after"),
    ],
)
def test_running_text(one, markup, text):
    assert text_of(one, f"<p>{markup}</p>") == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            "<list list-type='order'><list-item><p>A</p></list-item><list-item><p>B</p>"
            "<list><list-item><p>b1</p></list-item></list></list-item></list>",
            "1. A\n2. B\n   - b1",
        ),
        (
            "<p>We use<disp-formula><label>(1)</label><tex-math>E=mc^2</tex-math></disp-formula>where m is mass.</p>",
            "We use\n\n$$ E=mc^2 $$ (1)\n\nwhere m is mass.",
        ),
        (
            "<fig><label>Figure 1</label><caption><title>Flow.</title><p>Of patients.</p></caption><graphic/></fig>",
            "**Figure 1. Flow.** Of patients.",
        ),
        ("<disp-quote><p>One.</p><p>Two.</p></disp-quote>", "> One.\n>\n> Two."),
        ("<boxed-text><caption><title>Note</title></caption><p>Rest.</p></boxed-text>", "**Note**\n\nRest."),
        ("<code>if x:\n    y</code>", "```\nif x:\n    y\n```"),
        (
            "<p>x</p><supplementary-material><label>S1</label><caption><p>(PDF)</p></caption></supplementary-material>",
            "x",
        ),
    ],
)
def test_blocks(one, markup, text):
    assert text_of(one, markup) == text


def test_tables_keep_their_labels_notes_and_floats(one):
    table = """<table-wrap><label>Table 1</label><caption><p>Doses</p></caption><alternatives><graphic/><table><thead>
      <tr><th>Drug</th><th>mg</th></tr></thead><tbody><tr><td>A<sup>a</sup></td><td>10|20</td></tr></tbody></table></alternatives>
      <table-wrap-foot><fn><label>a</label><p>Oral.</p></fn></table-wrap-foot></table-wrap>"""
    expected = "**Table 1** Doses\n\n| Drug | mg |\n| --- | --- |\n| A^a | 10\\|20 |\n\na Oral."
    assert text_of(one, table) == expected
    assert text_of(one, "<p>x</p>", more=f"<floats-group>{table}</floats-group>") == f"x\n\n{expected}"


def test_entities_of_an_external_dtd_are_characters(one):
    data = b'<!DOCTYPE article SYSTEM "JATS.dtd">' + article("<p>5&nbsp;&mu;g &lt; 6 &alpha;</p>")
    assert text_of_row(one(data)) == "5 \u03bcg < 6 \u03b1"


def text_of_row(row: dict) -> str:
    return row["text"].removeprefix("# Aspirin in migraine").strip()


def test_namespaced_articles_and_several_in_a_file(tmp_path):
    inner = article("<p>One.</p>").decode(), article("<p>Two.</p>", meta=META.replace("Test.1", "Test.2")).decode()
    records = "".join(f"<record>{text}</record>" for text in inner)
    (tmp_path / "oai.xml").write_text(f'<OAI xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/">{records}</OAI>')
    rows = read(JATS(path=str(tmp_path)), tmp_path).rows
    assert [row["source_id"] for row in rows] == ["doi:10.1000/j.test.1", "doi:10.1000/j.test.2"]
    assert rows[1]["text"].endswith("Two.")


def test_without_an_identifier_the_file_is_one(one):
    row = one(article("<p>Text.</p>", meta="<title-group><article-title>T</article-title></title-group>"))
    assert (row["source_id"], row["url"]) == ("a.xml", None)


def test_what_is_no_article_is_refused(tmp_path):
    (tmp_path / "html.xml").write_text("<html><body>x</body></html>")
    (tmp_path / "empty.xml").write_bytes(article("", meta=""))
    found = read(JATS(path=str(tmp_path)), tmp_path)
    assert found.quarantined == {"html.xml": "not_jats", "empty.xml#1": "no_text"} and not found.rows
