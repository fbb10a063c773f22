"""Open questions about cases, notes, abstracts and sentences."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from datagen.archives import RawFile
from datagen.errors import InputError
from dedup.evaluation_sets.choices import QUESTION, choice, language_of, text
from dedup.evaluation_sets.item import Item
from dedup.evaluation_sets.rows import rows, text_of

PMC_PATIENT = re.compile(r"(?:pmc-?)?(\d{5,9})-\d+", re.IGNORECASE)
PUBMED_URL = re.compile(r"pubmed/(\d+)")
ARTICLES = {"pmid": ("pmid", "PMID"), "pmc": ("pmcid", "PMCID", "pmc"), "doi": ("doi", "DOI")}
NLI_LABELS = ("entailment", "neutral", "contradiction")
RAREARENA = "Enumerate the five most likely rare diseases of this patient."
RAREBENCH = "What rare disease explains these findings?"


def questions(file: RawFile) -> Iterator[Item]:
    """Rows of `question` and, if there are any, options (as in multiple choice), `answer`, `context` or `case`, and the
    article that the row was made from (`pmid`, `pmcid`, `doi`)."""
    for number, row in enumerate(rows(file), 1):
        context = text(row, ("context", "case", "病例")) or None
        articles = ((kind, text(row, names)) for kind, names in ARTICLES.items())
        origins = tuple(f"{kind}:{value}" for kind, value in articles if value)
        if any(row.get(name) for name in ("options", "option", "choices", "Options", "选项", "A", "opa")):
            yield replace(choice(row, str(number), f"row {number}", context), origins=origins)
            continue
        question = text(row, (*QUESTION, "body", "prompt")) or ("" if context is None else context)
        if not question:
            raise InputError("bad_item", f"row {number}: no `question`")
        identity = text(row, ("id", "_id")) or str(number)
        answer = text(row, ("answer", "Answer", "diagnosis", "答案")) or None
        yield Item("", identity, question, (), answer, context, language_of(question), origins)


def pubmedqa(file: RawFile) -> Iterator[Item]:
    """`ori_pqal.json`: rows by PMID with QUESTION, CONTEXTS, LONG_ANSWER, final_decision; or the hub's lower case."""
    for number, row in enumerate(rows(file), 1):
        row = {str(name).lower(): value for name, value in row.items()}
        contexts = row.get("contexts", row.get("context"))
        contexts = contexts.get("contexts") if isinstance(contexts, dict) else contexts
        question, pmid = text(row, ("question",)), text(row, ("_id", "pubid"))
        if not (question and isinstance(contexts, list) and pmid.isdecimal()):
            raise InputError("bad_item", f"row {number}: no PMID, `question` or `contexts`")
        abstract = "\n".join([*map(str, contexts), text(row, ("long_answer",))]).strip()
        answer = text(row, ("final_decision",)) or None
        options = ("yes", "no", "maybe")
        gold = (options.index(answer),) if answer in options else ()
        yield Item("", pmid, question, options, answer, abstract, origins=(f"pmid:{pmid}",), gold=gold, row=row)


def bioasq(file: RawFile) -> Iterator[Item]:
    """Golden JSON: `questions` with body, ideal_answer, snippets and the PubMed addresses they come from."""
    for part in rows(file):
        for number, row in enumerate(_listed(part.get("questions")), 1):
            question = text(row, ("body",))
            if not question:
                raise InputError("bad_item", f"question {number}: no `body`")
            answer = "\n".join(map(str, _listed(row.get("ideal_answer"))))
            pmids = PUBMED_URL.findall(" ".join(map(str, _listed(row.get("documents")))))
            origins = tuple(f"pmid:{pmid}" for pmid in pmids)
            yield Item("", text(row, ("id",)) or str(number), question, (), answer or None, origins=origins)


def cmb_clin(file: RawFile) -> Iterator[Item]:
    """`CMB-test-qa.json`: cases with `description` and `QA_pairs` of question and answer."""
    for number, case in enumerate(rows(file), 1):
        pairs = case.get("QA_pairs")
        if not (isinstance(pairs, list) and text(case, ("description",))):
            raise InputError("bad_item", f"case {number}: no `description` or `QA_pairs`")
        for part, pair in enumerate(pairs, 1):
            question, answer = text(pair, ("question",)), text(pair, ("answer", "solution")) or None
            if not question:
                raise InputError("bad_item", f"case {number}, pair {part}: no `question`")
            identity = f"{text(case, ('id',)) or number}-{part}"
            yield Item("", identity, question, (), answer, text(case, ("description",)), "zh")


def clinicalbench(asked: str, field: str):
    """A reader of ClinicalBench's cases (ClinicalLab): `clinical_case_summary`, and the field that answers a task."""

    def read(file: RawFile) -> Iterator[Item]:
        for number, case in enumerate(rows(file), 1):
            summary, answer = text(case, ("clinical_case_summary",)), text(case, (field,))
            if not (summary and answer):
                raise InputError("bad_item", f"case {number}: no `clinical_case_summary` or `{field}`")
            identity = text(case, ("clinical_case_uid", "id")) or str(number)
            yield Item("", identity, asked, (), answer, summary, language_of(summary), row=case)

    return read


def rarearena(with_tests: bool):
    """A reader of RareArena: `case_report`, with `test_results` in the confirmation task, and `diagnosis`; the
    identifiers are those of PMC-Patients, article and patient."""

    def read(file: RawFile) -> Iterator[Item]:
        for number, case in enumerate(rows(file), 1):
            report, results = text(case, ("case_report",)), text(case, ("test_results",))
            if not report or (with_tests and not results):
                raise InputError("bad_item", f"case {number}: no `case_report`{' or `test_results`' * with_tests}")
            identity = text(case, ("_id", "id")) or str(number)
            context = f"{report} {results}" if with_tests else report
            answer = text(case, ("diagnosis",)) or None
            yield Item("", identity, RAREARENA, (), answer, context, origins=_article(identity))

    return read


def rarebench(file: RawFile) -> Iterator[Item]:
    """JSON or JSONL of `Phenotype` and `RareDisease` (or pairs of lists): identifiers, or names once mapped."""
    for number, row in enumerate(rows(file), 1):
        findings, diseases = row.get("Phenotype", row.get(0)), row.get("RareDisease", row.get(1))
        if not (isinstance(findings, list) and findings and isinstance(diseases, list)):
            raise InputError("bad_item", f"row {number}: no `Phenotype` and `RareDisease`")
        name = file.name.rpartition("/")[2].partition(".")[0]
        context, answer = ", ".join(map(str, findings)), ", ".join(map(str, diseases))
        yield Item("", f"{name}-{number}", RAREBENCH, (), answer, context, row=row)


def medcalc(file: RawFile) -> Iterator[Item]:
    """CSV of `Patient Note`, `Question`, `Ground Truth Answer` and `Note ID`, which names the PMC article."""
    for number, row in enumerate(rows(file), 1):
        note, question = text(row, ("Patient Note",)), text(row, ("Question",))
        if not (note and question):
            raise InputError("bad_item", f"row {number}: no `Patient Note` or `Question`")
        answer = text(row, ("Ground Truth Answer",)) or None
        identity = text(row, ("Row Number",)) or str(number)
        yield Item("", identity, question, (), answer, note, origins=_article(text(row, ("Note ID",))), row=row)


def mednli(file: RawFile) -> Iterator[Item]:
    """JSONL of `sentence1` (the premise), `sentence2` (the hypothesis) and `gold_label`."""
    for number, row in enumerate(rows(file), 1):
        premise, hypothesis = text(row, ("sentence1",)), text(row, ("sentence2",))
        if not (premise and hypothesis):
            raise InputError("bad_item", f"row {number}: no `sentence1` or `sentence2`")
        identity = text(row, ("pairID",)) or str(number)
        label = text(row, ("gold_label",))
        gold = (NLI_LABELS.index(label),) if label in NLI_LABELS else ()
        yield Item("", identity, hypothesis, NLI_LABELS, label or None, premise, gold=gold, row=row)


def healthbench(file: RawFile) -> Iterator[Item]:
    """JSONL of `prompt` (a list of role and content), `prompt_id` and, in parts, `ideal_completions_data`."""
    for number, row in enumerate(rows(file), 1):
        turns = row.get("prompt")
        if not (
            isinstance(turns, list) and turns and all(isinstance(t, dict) and text(t, ("content",)) for t in turns)
        ):
            raise InputError("bad_item", f"row {number}: `prompt` is no list of role and content")
        *before, last = [text(turn, ("content",)) for turn in turns]
        ideal = row.get("ideal_completions_data") or {}
        answer = text(ideal, ("ideal_completion",)) or None if isinstance(ideal, dict) else None
        identity = text(row, ("prompt_id",)) or str(number)
        yield Item("", identity, last, (), answer, "\n\n".join(before) or None, language_of(last), row=row)


def medsafetybench(file: RawFile) -> Iterator[Item]:
    """CSV of `harmful_medical_request` and `safe_response`."""
    name = file.name.rpartition("/")[2].partition(".")[0]
    for number, row in enumerate(rows(file), 1):
        request = text(row, ("harmful_medical_request", "prompt"))
        if not request:
            raise InputError("bad_item", f"row {number}: no `harmful_medical_request`")
        answer = text(row, ("safe_response", "response")) or None
        yield Item("", f"{name}-{number}", request, (), answer)


def agentclinic(file: RawFile) -> Iterator[Item]:
    """JSONL of `OSCE_Examination`, all that patient, examiner and laboratory know of a case."""
    for number, row in enumerate(rows(file), 1):
        case = row.get("OSCE_Examination")
        if not isinstance(case, dict):
            raise InputError("bad_item", f"row {number}: no `OSCE_Examination`")
        context = "\n".join(_leaves({name: part for name, part in case.items() if name != "Correct_Diagnosis"}))
        question = text(case, ("Objective_for_Doctor",))
        yield Item("", str(number), question, (), text(case, ("Correct_Diagnosis",)) or None, context)


def ncbi_disease(file: RawFile) -> Iterator[Item]:
    """PubTator text (`PMID|t|title`, `PMID|a|abstract`), or sentences of one word and tag a line."""
    content = text_of(file)
    if file.name.endswith(".tsv"):
        sentences = (" ".join(line.split("\t")[0] for line in s.split("\n")) for s in re.split(r"\n\s*\n", content))
        for number, sentence in enumerate((s.strip() for s in sentences), 1):
            if sentence:
                yield Item("", str(number), sentence)
        return
    found: dict[str, list[str]] = {}
    for pmid, passage in re.findall(r"^(\d+)\|[ta]\|(.*)$", content, re.MULTILINE):
        found.setdefault(pmid, []).append(passage.strip())
    if not found:
        raise InputError("bad_item", "no line of the form PMID|t|title")
    for pmid, (title, *abstract) in found.items():
        yield Item("", pmid, title, context="\n".join(abstract) or None, origins=(f"pmid:{pmid}",))


def _article(identity: str) -> tuple[str, ...]:
    match = PMC_PATIENT.fullmatch(identity)
    return (f"pmc:PMC{match[1]}",) if match else ()


def _listed(value: Any) -> list:
    """A list as it is, a text as a list of one, nothing of anything else."""
    return [value] if isinstance(value, str) else value if isinstance(value, list) else []


def _leaves(value) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)
