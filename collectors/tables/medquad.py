"""MedQuAD: question-answer pairs in XML (Ben Abacha & Demner-Fushman 2019)."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from collectors.document import Document, DocumentSource
from collectors.privacy.deidentify import Level
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.xml import parse_xml


class MedQuAD(DocumentSource):
    """Question-answer pairs in the XML of MedQuAD, in all its forms (`Document`, `DiseaseFile`, `doc`); each pair
    becomes a record of content type QA, each web page a family. The focus and the question's type are kept in `meta`.

    Pairs whose answer was removed by the data set's authors are dropped as `empty`.
    """

    deidentify: Level = Field("light", description="written by institutes for the public: see collectors.records")

    suffixes: ClassVar[tuple[str, ...]] = (".xml",)
    version: ClassVar[str] = "6"

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        root = parse_xml(file.data)
        if root.tag in ("Document", "DiseaseFile"):
            origin, number = root.get("source"), root.get("id") or root.get("fid")
            focus = _text(root.find("Focus"))
            pairs = [(p, p.find("Question"), p.find("Answer")) for p in root.iterfind(".//QAPair")]
        elif root.tag == "doc":
            origin, number, focus = root.get("corpus"), root.get("docid"), _text(root.find("doctitle-focus"))
            pairs = [(p, p.find("question"), p.find("answer")) for p in root.iterfind(".//pair")]
        else:
            raise InputError("not_medquad", f"root element {root.tag[:40]}")
        url = root.get("url")
        for place, (pair, question, answer) in enumerate(pairs, 1):
            asked, answered = _text(question), _text(answer)
            if not asked:
                yield InputError("no_question", f"pair {pair.get('pid')}")
                continue
            messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
            yield Document(
                source_id=f"{file.position}#{pair.get('pid') or place}",  # several files may share a document's id
                text=None if answered else "",
                messages=messages if answered else None,
                group=url or f"{origin}/{number}",
                url=url,
                content_type="QA",
                meta={"focus": focus, "question_type": question.get("qtype")},
            )


def _text(element) -> str:
    """Lines without the indentation of the XML around them."""
    if element is None:
        return ""
    return "\n".join(line.strip() for line in "".join(element.itertext()).splitlines()).strip()
