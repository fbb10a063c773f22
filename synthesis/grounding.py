"""Whether a text made from a source keeps to it: quotes letter by letter, doses, risky sentences, language, copying."""

import re
import unicodedata
from dataclasses import dataclass

from knowledge_graph import Graph, Linker, verify
from knowledge_graph.claims import risks
from knowledge_graph.families import DOSE
from synthesis.tasks import Draft

HAN = re.compile("[\u3400-\u9fff]")
LETTER = re.compile(r"[^\W\d_]")
SENTENCE = re.compile(r"[^.!?。!?;;\n]+(?:\.(?=\d)[^.!?。!?;;\n]+)*[.!?。!?;;]?")
FEWEST, MOST = 40, 20_000
"""Characters of a text that is accepted."""
RUN = 60
"""Characters in a row taken over from the source that count as copied; a third of that in Chinese."""
MOST_COPIED = 0.6
"""Share of a text that may be copied."""


@dataclass(frozen=True)
class Grounds:
    """What a text is held against: its source and question, and, where there is one, the graph."""

    source: str
    language: str
    graph: Graph | None = None
    linker: Linker | None = None


def folded(text: str) -> str:
    """For comparison letter by letter: width, white space and typographic quotes don't count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\"'“”‘’「」]+", "", text)


def quoted(quotes: list[str], source: str) -> bool:
    """Whether all quotes stand in the source. An empty quote stands nowhere."""
    within = folded(source)
    return all(len(quote) > 1 and quote in within for quote in map(folded, quotes))


def fault(draft: Draft, grounds: Grounds) -> tuple[str | None, dict[str, int]]:
    """Why a draft is not accepted (None: it is), and its sentences and claims by verdict where there is a graph."""
    text = draft.response
    counts: dict[str, int] = {}
    if not FEWEST <= len(draft.text) <= MOST:
        return "length", counts
    if in_chinese(text) != (grounds.language == "zh"):
        return "language", counts
    if copied_share(text, grounds.source) > MOST_COPIED:
        return "copied", counts
    if unborne(text, grounds):
        return "unsafe", counts
    if grounds.graph is not None:
        for claim in verify(text, grounds.graph, linker=grounds.linker):
            counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
        if counts.get("contradicted"):
            return "contradicted", counts
    return None, counts


def in_chinese(text: str) -> bool:
    return 2 * len(HAN.findall(text)) > len(re.findall(r"[A-Za-z]+", text))


def unborne(text: str, grounds: Grounds) -> list[str]:
    """Doses that the source doesn't give, and drugs or treatments in risky sentences that it doesn't name."""
    within = folded(grounds.source)
    found = [dose for dose in (match[0] for match in DOSE.finditer(text)) if folded(dose) not in within]
    if grounds.linker is not None:
        named = {m.node for m in grounds.linker.link(grounds.source)}
        for sentence in SENTENCE.findall(text):
            if risks(sentence):
                found += [
                    sentence[m.start : m.end]
                    for m in grounds.linker.link(sentence)
                    if m.type in ("drug", "treatment", "procedure") and m.node not in named
                ]
    return found


def copied_share(text: str, source: str) -> float:
    """Share of a text that lies in runs of the source's own words."""
    run = RUN // 3 if in_chinese(text) else RUN
    text, source = folded(text), folded(source)
    known = {source[i : i + run] for i in range(len(source) - run + 1)}
    covered, end = 0, 0
    for start in range(len(text) - run + 1):
        if text[start : start + run] in known:
            covered += start + run - max(start, end)
            end = start + run
    return covered / max(1, len(text))
