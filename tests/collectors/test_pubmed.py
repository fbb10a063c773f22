"""PubMed: what a citation says, which of its revisions counts, and files that are hostile or endless."""

import gzip
import io
import json
import tracemalloc

import pytest

from collectors.papers.pubmed import PubMed
from collectors.papers.pubmed_citation import _CONTENT_TYPES
from datagen import load
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.publish import manifest
from datagen.store import Store
from datagen.taxonomy import load_taxonomy
from tests.collectors.pubmed_files import citation, citations, deleted
from tests.collectors.reading import read
from tests.datagen.runs import run, write_recipe

ABSTRACT = """<Abstract><AbstractText Label="AIM">To test CO<sub>2</sub>.</AbstractText>
  <AbstractText Label="RESULTS">It <i>worked</i>.</AbstractText></Abstract>"""
MESH = """<MeshHeadingList><MeshHeading><DescriptorName UI="D001241" MajorTopicYN="N">Aspirin</DescriptorName>
  <QualifierName UI="Q1" MajorTopicYN="Y">adverse effects</QualifierName></MeshHeading><MeshHeading>
  <DescriptorName UI="D006801" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>"""

LINK = "<CommentsCorrectionsList><CommentsCorrections RefType='{}'/></CommentsCorrectionsList>"


@pytest.fixture
def rows(tmp_path):
    """Records of a file of citations."""

    def read_rows(*parts: str, **options) -> list[dict]:
        (tmp_path / "a.xml").write_bytes(citations(*parts))
        found = read(PubMed(path=str(tmp_path / "a.xml"), **options), tmp_path)
        assert not found.quarantined
        return found.rows

    return read_rows


def test_a_title_alone_is_kept_where_that_is_asked_for(rows, tmp_path):
    reply = citation(1, "Reply.", abstract="")
    (row,) = rows(reply, titles=True)
    assert row["text"] == "# Reply."
    assert rows(reply) == []
    assert set(read(PubMed(path=str(tmp_path / "a.xml")), tmp_path).dropped.values()) == {"no_abstract"}


def test_a_record_says_what_the_citation_says(rows):
    (row,) = rows(citation(123, abstract=ABSTRACT, more=MESH, kinds="Journal Article|Randomized Controlled Trial"))
    assert (
        row["text"] == "# Aspirin in migraine.\n\n## Abstract\n\n### AIM\n\nTo test CO2.\n\n### RESULTS\n\nIt worked."
    )
    assert (row["source_id"], row["url"]) == ("pmid:123", "https://pubmed.ncbi.nlm.nih.gov/123/")
    assert (row["language"], row["content_type"], row["safety"], row["license"]) == ("en", "RCT", None, "NOASSERTION")
    assert json.loads(row["meta"]) == {
        "doi": "10.1/x",
        "issn": "1234-5678",
        "journal": "Journal of Tests",
        "languages": ["eng"],
        "mesh": [
            {"id": "D001241", "major": True, "name": "Aspirin", "qualifiers": ["adverse effects"]},
            {"id": "D006801", "name": "Humans"},
        ],
        "pmc": "PMC9",
        "pmid": "123",
        "publication_types": ["Journal Article", "Randomized Controlled Trial"],
        "published": "2020-03",
        "references": [{"pmid": "77", "text": "Roe 1999"}],
        "volume": "7",
        "year": 2020,
    }


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ("Journal Article", None),
        ("Journal Article|Review", "REVIEW"),
        ("Review|Systematic Review|Meta-Analysis", "SRMA"),
        ("Review|Practice Guideline", "GUIDE"),
        ("Case Reports|Letter", "CASE"),
        ("Comment|Randomized Controlled Trial", "RCT"),
        ("Editorial|Comment", "OTHER"),
        ("Observational Study|Multicenter Study", "OBS"),
    ],
)
def test_content_type_by_publication_types(rows, kinds, code):
    assert rows(citation(1, kinds=kinds))[0]["content_type"] == code


def test_content_types_are_those_of_the_taxonomy():
    assert set(_CONTENT_TYPES) <= set(load_taxonomy("content_types").codes)


@pytest.mark.parametrize(
    ("parts", "flags"),
    [
        ({"kinds": "Journal Article|Retracted Publication"}, ["retracted"]),
        ({"kinds": "Retraction of Publication"}, ["retracted"]),
        (
            {"more": LINK.format("RetractionIn")},
            ["retracted"],
        ),
        ({"more": LINK.format("Cites")}, None),
    ],
)
def test_retractions_are_flagged(rows, parts, flags):
    assert rows(citation(1, **parts))[0]["safety"] == flags


def test_titles_and_abstracts_of_articles_in_other_languages(rows):
    vernacular = "<VernacularTitle>阿司匹林治疗偏头痛的临床观察</VernacularTitle>"
    abstract = "<AbstractText>目的：观察阿司匹林的疗效。</AbstractText>"
    other = f"<OtherAbstract Type='Publisher' Language='chi'>{abstract}</OtherAbstract>"
    parts = {"language": "chi", "vernacular": vernacular, "more": other, "abstract": ""}
    (row,) = rows(citation(1, "[Aspirin in migraine].", **parts), titles=True)
    assert (row["text"], row["language"]) == ("# Aspirin in migraine", "en")
    assert json.loads(row["meta"])["vernacular_title"] == "阿司匹林治疗偏头痛的临床观察"
    untranslated, chinese = rows(citation(1, "[Not Available].", **parts), titles=True, translations=True)
    assert (untranslated["text"], untranslated["language"]) == ("# 阿司匹林治疗偏头痛的临床观察", "zh")
    assert (chinese["text"], chinese["language"], chinese["script"]) == ("目的：观察阿司匹林的疗效。", "zh", "Hans")
    assert chinese["group"] == untranslated["group"] and chinese["id"] != untranslated["id"]


def test_old_sets_books_and_licences(rows):
    text = citations(citation(5)).decode()
    inner = text[text.index("<MedlineCitation") : text.index("<PubmedData>")]
    book = """<PubmedBookArticle><BookDocument><PMID>6</PMID><Book><BookTitle>GeneReviews</BookTitle><PubDate><Year>1999
      </Year></PubDate></Book><ArticleTitle>Marfan syndrome.</ArticleTitle><Language>eng</Language>
      <PublicationType>Review</PublicationType><Abstract><AbstractText>A disorder.</AbstractText>
      <CopyrightInformation>See https://creativecommons.org/licenses/by/4.0/</CopyrightInformation></Abstract></BookDocument></PubmedBookArticle>"""
    first, second = rows(inner, book)
    assert first["source_id"] == "pmid:5" and json.loads(first["meta"])["journal"] == "Journal of Tests"
    assert (second["text"], second["license"]) == ("# Marfan syndrome.\n\n## Abstract\n\nA disorder.", "CC-BY-4.0")
    assert json.loads(second["meta"])["book"] == "GeneReviews" and second["content_type"] == "REVIEW"


def test_the_last_revision_counts_and_deleted_citations_are_dropped(tmp_path, ray_local):
    files = {
        "base/pubmed26n0001.xml.gz": [citation(1, "Old title."), citation(2, "Stays."), citation(3, "Goes.")],
        "base/pubmed26n0002.xml.gz": [citation(4, "Comes back, old."), citation(2, "Other version.", version=2)],
        "updates/pubmed26n0003.xml.gz": [citation(1, "Newer title."), deleted(3, 4)],
        "updates/pubmed26n0004.xml.gz": [citation(1, "Newest title."), citation(4, "Came back."), deleted(999)],
        "updates/pubmed26n0005.xml.gz": [citation(5, "Withdrawn at once."), deleted(5)],
    }
    for name, parts in files.items():
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(citations(*parts)))
    recipe = write_recipe(tmp_path, "name: p\nstages:\n  pubmed: {use: collectors.pubmed, path: raw, max_errors: 1}\n")
    run(recipe, tmp_path / "run")
    texts = load(tmp_path / "run", "pubmed").to_table()["text"].to_pylist()
    assert sorted(text.split("\n")[0] for text in texts) == ["# Came back.", "# Newest title.", "# Other version."]
    counts = manifest(Store(str(tmp_path / "run")), "pubmed")["counts"]
    assert (counts["inputs"], counts["outputs"], counts["dropped"], counts["quarantined"]) == (9, 3, 6, 0)
    assert counts["reasons"] == {"dropped": {"deleted": 2, "superseded": 4}}


@pytest.mark.parametrize(
    ("data", "quarantined"),
    [
        (b"<html/>", {"a.xml": "not_pubmed"}),
        (b"", {"a.xml": "empty"}),
        (citations(citation("12x4"), citation(7)), {"a.xml#1": "bad_pmid"}),
        (citations("<PubmedArticle><MedlineCitation/></PubmedArticle>", citation(7)), {"a.xml#1": "no_citation"}),
        (citations(citation(7))[:-10], {"a.xml#2": "bad_xml"}),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + citations(citation(7, "&x;"))[21:], {"a.xml": "xml_entities"}),
        (citations(citation(7), citation(8, "<i>" * 300 + "</i>" * 300)), {"a.xml#2": "xml_limits"}),
    ],
    ids=["html", "empty", "pmid", "no-citation", "cut", "entities", "deep"],
)
def test_bad_files_and_citations_end_with_a_reason(tmp_path, data, quarantined):
    (tmp_path / "a.xml").write_bytes(data)
    assert read(PubMed(path=str(tmp_path)), tmp_path).quarantined == quarantined


class Endless(io.RawIOBase):
    """A stream of citations, made while it is read."""

    def __init__(self, count: int):
        self._left, self._rest, self._count = count, b"<PubmedArticleSet>", count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while self._left and len(self._rest) < len(buffer):
            self._left -= 1
            self._rest += citation(self._count - self._left, abstract=ABSTRACT).encode()
            self._rest += b"" if self._left else b"</PubmedArticleSet>"
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def test_memory_stays_flat_however_long_the_file():
    def peak(count: int) -> int:
        tracemalloc.start()
        stream = io.BufferedReader(Endless(count), 1 << 16)
        assert (
            sum(not isinstance(d, InputError) for d in PubMed(path="x").documents(RawFile("a", "a.xml", stream)))
            == count
        )
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(2000) < 1.5 * peak(500) + (1 << 20)


@pytest.mark.proof("collectors.pubmed", "real")
def test_the_real_baseline(real_data, tmp_path):
    found = read(PubMed(path=str(real_data / "paper_pubmed_baseline")), tmp_path)
    assert len(found.rows) == 526 + 1 and not found.quarantined
    assert list(found.dropped.values()) == ["no_abstract"] * 78
    assert all(row["language"] == "en" and row["text"].startswith("# ") for row in found.rows)
    facts = [json.loads(row["meta"]) for row in found.rows]
    assert sum("mesh" in fact for fact in facts) > 80 and all("journal" in fact for fact in facts)
    assert all("## Abstract" in row["text"] for row in found.rows)
