"""Which benchmarks are known by name, and how their published files are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from datagen.archives import RawFile
from datagen.errors import InputError, UsageError
from datagen.files import find, open_item
from datagen.stage import Item as File
from dedup.evaluation_sets import cases, choices
from dedup.evaluation_sets.item import Item
from dedup.evaluation_sets.rows import SUFFIXES


@dataclass(frozen=True)
class Format:
    """How a benchmark is published. `suffixes` and `wanted` pick its files where a folder or archive holds others."""

    read: Callable[[RawFile], Iterator[Item]]
    about: str
    wanted: Callable[[str], bool] = lambda name: True
    suffixes: tuple[str, ...] = SUFFIXES


CLINICALLAB = "WeixiangYAN/ClinicalLab: JSON of cases"
EXAM = Format(choices.choices, "no published form: rows of question, options (an object by letter), answer")

FORMATS: dict[str, Format] = {
    # Chinese
    "cmb_clin": Format(cases.cmb_clin, "FreedomIntelligence/CMB: CMB-Clin, CMB-test-qa.json"),
    "cmb": Format(
        choices.choices,
        "FreedomIntelligence/CMB: CMB-Exam, CMB-test-choice-question-merge.json",
        lambda name: "answer" not in name,
    ),
    "cmexam": Format(choices.choices, "williamliujl/CMExam: data/test_with_annotations.csv"),
    "clinicalbench_diag": Format(
        cases.clinicalbench("根据病历，给出该患者的诊断。", "principal_diagnosis"),
        CLINICALLAB,
    ),
    "clinicalbench_hos": Format(
        cases.clinicalbench("根据病历，该患者应就诊哪个科室？", "clinical_department"),
        CLINICALLAB,
    ),
    "clinicalbench_treat": Format(
        cases.clinicalbench("根据病历，给出该患者的治疗方案。", "treatment_plan"),
        CLINICALLAB,
    ),
    "erke": EXAM,
    "neike": EXAM,
    "quanke": EXAM,
    # English
    "medqa": Format(choices.choices, "jind11/MedQA: questions/US/4_options/phrases_no_exclude_test.jsonl"),
    "medmcqa": Format(choices.medmcqa, "medmcqa/medmcqa: dev.json or test.json, an object a line with opa to opd, cop"),
    "mmlu": Format(
        choices.mmlu,
        "hendrycks/test: SUBJECT_test.csv without a header",
        lambda name: not name.endswith(".csv") or name.endswith("_test.csv"),
    ),
    "medbullets": Format(choices.choices, "HanjieChen/ChallengeClinicalQA: medbullets_op4.json, _op5.json or .csv"),
    "mediq": Format(choices.mediq, "stellalisy/mediQ: data/all_dev_good.jsonl, all_craft_md.jsonl"),
    "medxpertqa": Format(choices.medxpertqa, "TsinghuaC3I/MedXpertQA: Text/test.jsonl"),
    "redisqa": Format(choices.medmcqa, "guan-wang/ReDis-QA: rows of question, opa to opd, cop"),
    "nejmqa": Format(cases.questions, "no published form: rows of question or case, and answer"),
    "pubmedqa": Format(
        cases.pubmedqa, "pubmedqa/pubmedqa: data/ori_pqal.json", lambda name: "ground_truth" not in name
    ),
    "bioasq": Format(cases.bioasq, "BioASQ task B: golden JSON with `questions`"),
    "rarearena_rds": Format(cases.rarearena(False), "zhao-zy15/RareArena: benchmark_data/RDS.json, an object a line"),
    "rarearena_rdc": Format(cases.rarearena(True), "zhao-zy15/RareArena: benchmark_data/RDC.json, an object a line"),
    "rarebench": Format(cases.rarebench, "chenxz/RareBench: RAMEDIS, MME, HMS, LIRICAL, PUMCH_ADM .jsonl"),
    "mednli": Format(cases.mednli, "PhysioNet: mli_test_v1.jsonl"),
    "medcalc": Format(cases.medcalc, "ncbi-nlp/MedCalc-Bench: test_data.csv"),
    "healthbench": Format(cases.healthbench, "openai/simple-evals: oss_eval.jsonl"),
    "medsafetybench": Format(cases.medsafetybench, "AI4LIFE-GROUP/med-safety-bench: datasets/test/*.csv"),
    "agentclinic_medqa": Format(cases.agentclinic, "SamuelSchmidgall/AgentClinic: agentclinic_medqa*.jsonl"),
    "ncbi_disease": Format(
        cases.ncbi_disease, "NCBI disease corpus: NCBItestset_corpus.txt, or test.tsv", suffixes=(".txt", ".tsv")
    ),
}
OTHER = Format(cases.questions, "rows of question and, if there are any, options, answer and context")
"""Any other name: a benchmark of the user's own."""


def files_of(benchmark: str, path: str | list[str]) -> list[File]:
    """The files of a benchmark under paths, folders and globs. Raises UsageError where there is none."""
    return find(path, FORMATS.get(benchmark, OTHER).suffixes)


def read_items(benchmark: str, files: list[File]) -> Iterator[Item]:
    """The items of a benchmark, file by file.

    Raises UsageError that names the file, the row and what is missing there; nothing of the content. A file without an
    item is an error too.
    """
    form = FORMATS.get(benchmark, OTHER)
    fix = f"{benchmark}: {form.about}"
    found = 0
    for file in files:
        for opened in open_item(file, form.suffixes):
            if isinstance(opened, tuple):
                raise UsageError(f"{opened[0]}: {opened[1]}", fix)
            if not form.wanted(opened.name):
                continue
            number = 0
            try:
                for number, item in enumerate(form.read(opened), 1):
                    _refuse_surrogates(item, number)
                    yield replace(item, benchmark=benchmark)
            except InputError as error:
                raise UsageError(f"{opened.position}: {error}", fix) from None
            if not number:
                raise UsageError(f"{opened.position} holds no item", fix)
            found += number
    if not found:
        raise UsageError(f"{benchmark}: no item in {', '.join(file.name for file in files)}", fix)


def _refuse_surrogates(item: Item, number: int) -> None:
    """JSON can spell half a surrogate pair, which no UTF-8 text holds."""
    try:
        "".join([item.question, *item.options, item.answer or "", item.context or ""]).encode()
    except UnicodeEncodeError:
        raise InputError("bad_unicode", f"item {number} holds half a surrogate pair") from None
