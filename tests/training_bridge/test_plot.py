import re
from xml.etree import ElementTree

from training_bridge.plot import POINTS, curves


def rows(steps: int, labels=("en", "zh")) -> list[dict]:
    found = []
    for step in range(1, steps + 1):
        missing = step == 7
        found.append(
            {"step": step, "stage": "general", "loss": None if missing else 9 / step, "lr": 1e-3 * step}
            | {"grad_norm": None if missing else 1.0, "skipped": missing, "tokens": 100 * step}
        )
    bits = {label: 2.0 + i for i, label in enumerate(labels)}
    return [*found, {"step": steps, "stage": "<a&b>", "tokens": 100 * steps, "bits_per_byte": bits, "samples": {}}]


def test_loss_rate_skips_and_stage_ends_are_drawn():
    drawn = ElementTree.fromstring(curves(rows(50)))
    text = "".join(drawn.itertext())
    assert "1 steps skipped" in text and "<a&b>, 5,000 tokens" in text and "en" in text
    lines = [e.get("points").split() for e in drawn.iter() if e.tag.endswith("polyline")]
    # Loss, two languages, learning rate, norm; the step that wasn't finite is missing.
    assert [len(line) for line in lines] == [49, 1, 1, 50, 49]
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert heights == sorted(heights) and heights[0] == 0
    assert curves(rows(50)).count('stroke="#c1121f"') == 1


def test_long_runs_stay_small():
    long = curves(rows(20_000, labels=[f"department:{i}" for i in range(30)]))
    assert max(len(points.split()) for points in re.findall('points="([^"]*)"', long)) <= POINTS
    assert len(long) < 100_000
    assert [name in long for name in ("least", "median", "greatest")] == [True] * 3


def test_a_run_without_held_out_text():
    found = rows(5)
    found[-1]["bits_per_byte"] = {}
    assert "held-out" not in curves(found)
