"""MedQuAD: question-answer pairs in XML (Ben Abacha & Demner-Fushman 2019)."""

from collections.abc import Iterator
from typing import ClassVar

from collectors.document import Document, DocumentSource
from collectors.files import RawFile
from collectors.xml import parse_xml
from datagen.errors import InputError


class MedQuAD(DocumentSource):
    """Question-answer pairs in the XML of MedQuAD; each pair becomes a record, each web page a family.

    Pairs whose answer was removed by the data set's authors are dropped as `empty`.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".xml",)

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        root = parse_xml(file.data)
        if root.tag != "Document":
            raise InputError("not_medquad", f"root element {root.tag[:40]}")
        origin, number, url = root.get("source", ""), root.get("id", ""), root.get("url")
        focus = _text(root.find("Focus"))
        for pair in root.iterfind(".//QAPair"):
            question, answer = pair.find("Question"), _text(pair.find("Answer"))
            asked = _text(question)
            if not asked:
                yield InputError("no_question", f"pair {pair.get('pid')}")
                continue
            messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
            yield Document(
                source_id=f"{origin}/{number}-{pair.get('pid')}",
                text=f"{asked}\n\n{answer}" if answer else "",
                group=url or f"{origin}/{number}",
                messages=messages if answer else None,
                url=url,
                content_type="QA",
                meta={"focus": focus, "question_type": question.get("qtype")},
            )


def _text(element) -> str:
    return "".join(element.itertext()).strip() if element is not None else ""
