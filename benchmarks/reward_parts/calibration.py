"""Whether a probability means what it says: AUC over all answers pooled, and calibration error by kind of answer.

Measured on diseases of the test split; calibrated on those of validation.
"""

from pathlib import Path

from benchmarks.reward_parts._world import row, trained

AUC, ECE = 0.95, 0.05


def measure(data: Path) -> None:
    del data
    _, found = trained()
    print("| answers | n | AUC | ECE | target |\n|---|---|---|---|---|")
    row("all", 2 * found["pairs"]["test"], found["auc"], found["ece"], f"AUC >= {AUC}")
    for kind, measured in found["calibration"].items():
        row(kind, measured["n"], measured["auc"], measured["ece"], f"ECE <= {ECE}")
