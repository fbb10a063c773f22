"""The card of a trained classifier."""

from collections import Counter

from classifiers.examples import TRAIN, VALIDATION, WEAK
from classifiers.model import Description


def card(
    description: Description,
    chosen: dict[str, list[dict]],
    term_lines: int,
    calibrated_on: int,
    held_out: dict[str, dict],
    size: int,
) -> str:
    """Markdown: what the model is, what it was trained on, and how well it did on rows it had not seen."""
    learnt = chosen[TRAIN] + chosen[WEAK]
    restricted = sum(row["access"] == "restricted" for row in learnt)
    calibration = (
        f"Temperature {description.temperature}, fitted by cross-fitting on {calibrated_on} labelled rows."
        if calibrated_on
        else "Not calibrated: too few labelled rows. Its confidence must not be read as a probability."
    )
    parts = [
        f"# Classifier of {description.target}",
        "",
        "For research. Not reviewed by a clinician, not clinically validated, not medical advice.",
        "",
        f"- fastText, {size:,} bytes, {len(description.labels)} labels of {description.taxonomy}",
        f"- {calibration}",
        f"- Abstains (UNK) where its confidence is below {description.threshold}.",
        f"- Restricted rows among those it learnt from: {restricted}."
        + (" Its dictionary holds words of them: share it as you would share them." if restricted else ""),
        "",
        "## Measured on the validation split",
        "",
        *_held_out(held_out),
        "",
        "## Trained on",
        "",
        f"Rows labelled by their source, rows labelled by terms, and {term_lines} lines made of the taxonomy's terms.",
        "",
        *_counts(chosen),
        "",
        "| licence | rows |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(Counter(row["license"] for row in learnt).items())),
        "",
    ]
    return "\n".join(parts)


def _held_out(held_out: dict[str, dict]) -> list[str]:
    if not held_out:
        return ["Nothing was measured: no row of the validation split carries a label from its source."]
    names = list(next(iter(held_out.values())))
    lines = [f"| language | {' | '.join(name.replace('_', ' ') for name in names)} |", "|---|" + "---:|" * len(names)]
    for language, quality in held_out.items():
        lines.append(f"| {language} | {' | '.join(str(quality[name]) for name in names)} |")
    return [*lines, "", "Labels are the sources' own; how noisy they are is not known."]


def _counts(chosen: dict[str, list[dict]]) -> list[str]:
    kinds = ((TRAIN, "labelled"), (WEAK, "by terms"), (VALIDATION, "held out"))
    languages = sorted({row["language"] for rows in chosen.values() for row in rows})
    counts = Counter((row["label"], row["language"], kind) for kind, _ in kinds for row in chosen[kind])
    columns = [(language, kind, name) for language in languages for kind, name in kinds]
    lines = [
        "| label | " + " | ".join(f"{language} {name}" for language, _, name in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for label in sorted({label for label, _, _ in counts}):
        lines.append(f"| {label} | " + " | ".join(str(counts[label, lang, kind]) for lang, kind, _ in columns) + " |")
    return lines
