"""The card of a trained classifier."""

from collections import Counter

from classifiers.examples import GUESSED, NAMED, TRAIN, VALIDATION, WEAK, Chosen
from classifiers.metrics import Quality, confusions, f1_scores
from classifiers.model import ENCODER, LINEAR, Description, HeadDescription
from datagen import notice

CONFUSIONS = 20
ENGINES = {LINEAR: "Linear over hashed words and characters", ENCODER: "Transformer encoder, fine-tuned"}


def card(
    description: Description,
    chosen: Chosen,
    term_lines: int,
    calibrated_on: dict[str, int],
    held_out: dict[str, dict[str, Quality]],
    answers: dict[str, list[dict]],
    rated: dict[str, float],
    size: int,
) -> str:
    """Markdown: what the model is, what it was trained on, and how well it did on rows it had not seen."""
    learnt = {row["id"]: row for kinds in chosen.values() for kind in (TRAIN, *GUESSED) for row in kinds[kind]}.values()
    restricted = sum(row["access"] == "restricted" for row in learnt)
    parts = [
        f"# Classifier of {', '.join(description.heads)}",
        "",
        notice.MARKDOWN,
        "",
        f"{notice.UNREVIEWED_EN} {notice.UNREVIEWED_ZH}",
        "",
        f"- {ENGINES[description.engine]}, {size:,} bytes",
        f"- Learnt from {len(learnt)} rows, labelled by their source or by terms, and {term_lines} lines of terms.",
        f"- Restricted rows among those it learnt from: {restricted}."
        + (" Share it as you would share them." if restricted else ""),
        "",
        "| licence | rows |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(Counter(row["license"] for row in learnt).items())),
    ]
    for name, head in description.heads.items():
        parts += ["", f"## {name}", "", *_how(head, calibrated_on[name]), "", *_counts(chosen[name]), ""]
        parts += ["### Measured on the validation split", "", *_held_out(held_out[name], answers[name])]
    parts += ["", "## value", ""]
    if rated["rows"]:
        parts += ["Learnt from ratings (who rated is not known to be a clinician):", ""]
        parts += [f"- {name}: {figure}" for name, figure in rated.items()]
    else:
        parts += ["By rule: there were too few ratings to learn from."]
    return "\n".join([*parts, ""])


def _how(head: HeadDescription, rows: int) -> list[str]:
    calibration = (
        f"Temperature {head.temperature}, fitted on {rows} labelled rows, each judged without being learnt from."
        if rows
        else "Not calibrated: too few labelled rows. Its confidence must not be read as a probability."
    )
    return [
        f"- {len(head.labels)} labels of {head.taxonomy}",
        f"- {calibration}",
        f"- Abstains (UNK) where its confidence is below {head.threshold}.",
    ]


def _held_out(held_out: dict[str, Quality], answers: list[dict]) -> list[str]:
    if not held_out:
        return ["Nothing was measured: no row of the validation split carries a label from its source."]
    rows = {language: quality.rounded() for language, quality in held_out.items()}
    names = list(next(iter(rows.values())))
    lines = [f"| language | {' | '.join(name.replace('_', ' ') for name in names)} |", "|---|" + "---:|" * len(names)]
    lines += [f"| {language} | {' | '.join(str(own[name]) for name in names)} |" for language, own in rows.items()]
    lines += ["", "Labels are the sources' own; how noisy they are is not known.", "", "| label | rows | F1 |"]
    truth = [answer["label"] for answer in answers]
    guesses = [answer["guess"] or answer["label"] for answer in answers]
    counts = Counter(truth)
    lines += ["|---|---:|---:|"]
    lines += [f"| {label} | {counts[label]} | {score:.4f} |" for label, score in f1_scores(truth, guesses).items()]
    if wrong := confusions(truth, guesses)[:CONFUSIONS]:
        lines += ["", "| label | taken for | rows |", "|---|---|---:|", *(f"| {t} | {g} | {n} |" for t, g, n in wrong)]
    return lines


def _counts(kinds: dict[str, list[dict]]) -> list[str]:
    names = ((TRAIN, "labelled"), (WEAK, "by terms"), (NAMED, "names"), (VALIDATION, "held out"))
    languages = sorted({row["language"] for rows in kinds.values() for row in rows})
    counts = Counter((row["label"], row["language"], kind) for kind, _ in names for row in kinds[kind])
    columns = [(language, kind, name) for language in languages for kind, name in names]
    lines = [
        "| label | " + " | ".join(f"{language} {name}" for language, _, name in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for label in sorted({label for label, _, _ in counts}):
        lines.append(f"| {label} | " + " | ".join(str(counts[label, lang, kind]) for lang, kind, _ in columns) + " |")
    return lines
