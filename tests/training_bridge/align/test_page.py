"""The page of an alignment, from entries as `alignment.json` has them."""

from lxml import html

from datagen import notice
from training_bridge.align.page import page

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"
SAMPLE = {"id": "a", "prompt": HOSTILE, "response": HOSTILE, "right": True}
MEASURED = {
    **{"questions": 2, "accuracy": 0.5, "accuracy_interval": [0.1, 0.9], "reward": 0.25, "reward_interval": [0, 0.5]},
    **{"length": 12.0, "length_interval": [10, 14], "ended": 1.0, "kl": 0.125, "samples": [SAMPLE]},
}
STEPS = [{"step": n, "loss": None if n == 3 else 1 / n, "kl": 0.1 * n} for n in range(1, 41)]


def entry(method, steps=(), **measured):
    return {"method": method, "steps": list(steps), "measured": MEASURED | measured}


def test_it_is_one_file_that_loads_nothing_and_escapes_everything():
    text = page([entry("start"), entry("ppo", STEPS)])
    tree = html.fromstring(text)
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'") and "script-src" not in policy
    assert not tree.xpath("//script|//link|//img|//@src|//@href") and tree.get("lang") == "en"
    assert [pre.text for pre in tree.xpath("//pre")] == [HOSTILE] * 3
    assert notice.EN in text and notice.ZH in text


def test_it_tells_of_each_stage_and_draws_what_was_measured():
    tree = html.fromstring(page([entry("start"), entry("sft", STEPS)]))
    rows = [[cell.text_content() for cell in row] for row in tree.xpath("//table[1]//tr[td]")]
    assert rows[0][:4] == ["before对齐之前", "2", "50.0% (10.0% – 90.0%)", "0.250 (0.000 – 0.500)"]
    english, chinese = (
        [found.text for found in tree.xpath(f"//figcaption/*[@lang='{code}']")] for code in ("en", "zh")
    )
    assert english == ["loss: 1 at first, 0.025 at last", "KL, nats: 0.1 at first, 4 at last"]
    assert chinese == ["损失：起初 1，最后 0.025", "KL（奈特）：起初 0.1，最后 4"]
    assert [len(line.get("points").split()) for line in tree.xpath("//polyline")] == [39, 40]


def test_nothing_to_check_is_said():
    text = page([entry("start", questions=0, samples=[])])
    assert text.count("no held-out question has a checker") == 2
