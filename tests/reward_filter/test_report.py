"""The report page of a reward model."""

from lxml import html

from datagen import notice
from reward_filter.report import page

ROW = {"pairs": "<b>order</b>", "n": 4, "all": 0.75, "text": 0.5, "length": 0.25}
FOUND = {
    **{"pairs": {"train": 40, "validation": 8, "test": 4}, "calibrated_on": "the validation split"},
    **{"accuracy": [ROW], "ece": 0.05, "auc": 0.9, "calibration": {"answer": {"n": 8, "ece": 0.05, "auc": 0.9}}},
    "curve": [{"n": 6, "probability": 0.25, "good": 0.5}, {"n": 2, "probability": 0.75, "good": 1.0}],
    "spread": [{"axis": "language", "label": "en", "side": "good", "n": 4, "low": 0.1, "middle": 0.5, "high": 0.9}],
    "best_of": [{"n": n, "gold": 0.5 + n / 16, "blind": 0.5} for n in (1, 2, 4, 8)],
}


def test_it_loads_nothing_escapes_everything_and_draws_what_was_measured():
    text = page(FOUND, "<script>")
    tree = html.fromstring(text)
    assert not tree.xpath("//script|//link|//img|//@src|//@href") and "script-src" not in text
    assert (
        tree.xpath("//h1")[0].text_content() == "Reward model奖励模型 <script>"
        and tree.xpath("//td")[0].text == "<b>order</b>"
    )
    assert notice.EN in text and notice.ZH in text
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in tree.xpath("//circle")]
    assert dots == [(135, 100), (285, 0)]
    heights = [
        [float(point.split(",")[1]) for point in line.get("points").split()] for line in tree.xpath("//polyline")
    ]
    assert heights[1:] == [[65.6, 56.2, 37.5, 0], [75] * 4]


def test_without_held_out_pairs_it_says_so():
    empty = FOUND | {"accuracy": [], "curve": [], "spread": [], "best_of": [], "calibration": {}, "ece": None}
    assert "nothing was measured" in page(empty, "reward")
