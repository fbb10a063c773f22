"""Run by a Python that has datatrove: what its filters decide, and what they cost.

    PYTHON _datatrove.py texts.jsonl rules.json out.jsonl

Each line of the first file is [language, text]; the second holds FineWeb-2's limits for Chinese; each line written is
the reasons of the filters that refuse the text, in order, followed by the seconds taken.
"""

import json
import sys
import time

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)


def filters(language: str, limits: dict, stop_words: list[str]) -> list:
    if language == "en":
        return [GopherQualityFilter(), GopherRepetitionFilter(), C4QualityFilter(), FineWebQualityFilter()]
    return [
        GopherQualityFilter(
            language="cmn_Hani",
            min_avg_word_length=limits["gopher_mean_word"][0],
            max_avg_word_length=limits["gopher_mean_word"][1],
            max_non_alpha_words_ratio=limits["gopher_alphabetic_words"][0],
            stop_words=stop_words,
        ),
        GopherRepetitionFilter(
            language="cmn_Hani",
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            dup_line_frac=limits["repetition_lines"][1],
            top_n_grams=[(n, limits[f"repetition_top_{n}"][1]) for n in (2, 3, 4)],
            dup_n_grams=[(n, limits[f"repetition_{n}"][1]) for n in range(5, 11)],
        ),
        FineWebQualityFilter(
            language="cmn_Hani",
            short_line_thr=999,
            char_duplicates_ratio=limits["fineweb_repeated_characters"][1],
            line_punct_thr=limits["fineweb_ended_lines"][0],
            new_line_ratio=limits["fineweb_lines_per_word"][1],
        ),
    ]


def main(texts: str, rules: str, out: str) -> None:
    with open(rules) as file:
        given = json.load(file)
    made = {language: filters(language, given["limits"], given["stop_words"]) for language in ("en", "zh")}
    for language, text in (("en", "A first sentence loads the models."), ("zh", "先把模型读进来。")):
        for each in made[language]:
            each.filter(Document(text=text, id="0"))
    with open(texts) as lines, open(out, "w") as written:
        for line in lines:
            language, text = json.loads(line)
            started, reasons = time.process_time(), []
            for each in made[language]:
                found = each.filter(Document(text=text, id="0"))
                if found is not True:
                    reasons.append(found[1])
            written.write(json.dumps([reasons, time.process_time() - started]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
