"""What alignment did, on one page that needs nothing else: a table, curves and samples side by side."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

NOTICE = "For research: not clinically validated, not medical advice. 仅供研究，未经临床验证，不构成医疗建议。"
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}th,td{border-bottom:1px solid #ddd;padding:.35em .8em;text-align:left;
vertical-align:top}td.n{text-align:right;white-space:nowrap}.right{color:#2a7a3b}.wrong{color:#b3261e}
figure{display:inline-block;margin:.5em 1em .5em 0}figcaption{font-size:13px;color:#555}pre{white-space:pre-wrap;
margin:0;font:13px/1.4 ui-monospace,monospace}.scroll{overflow-x:auto}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}th,td{border-color:#333}.right{color:#7ccf8f}
.wrong{color:#f2887f}figcaption{color:#aaa}}
"""
CURVES = {"loss": "loss", "reward": "reward", "kl": "KL, nats", "length": "length, tokens", "accuracy": "accuracy"}
NAMES = {"start": "before", "sft": "SFT", "elo": "ELO", "tdpo": "TDPO", "ppo": "PPO"}
WIDTH, HEIGHT, POINTS = 320, 110, 300
LEFT, BELOW = 52, 18
"""Room for the marks of the axes."""


def page(history: Sequence[Mapping[str, Any]]) -> str:
    """HTML of the entries of `alignment.json`, in their order."""
    body = [
        "<h1>Alignment</h1>",
        f"<p>{escape(NOTICE)}</p>",
        "<h2>Held-out questions after each stage</h2>",
        _table(history),
        "<p>Likeliest answers. In brackets 95 % intervals. KL is from the model that the stage began with, nats per "
        "answer.</p>",
    ]
    for entry in history:
        if entry["steps"]:
            body += [f"<h2>{_name(entry)}</h2>", *_curves(entry["steps"])]
    body += ["<h2>Samples</h2>", _samples(history)]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Alignment</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>{"".join(body)}</html>\n'
    )


def _table(history: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for entry in history:
        found = entry["measured"]
        if not found["questions"]:
            rows.append(f"<tr><th>{_name(entry)}<td class=n>0<td colspan=5>no held-out question has a checker")
            continue
        cells = [
            f"{found['questions']:,}",
            f"{found['accuracy']:.1%} ({_range(found['accuracy_interval'], '.1%')})",
            f"{found['reward']:.3f} ({_range(found['reward_interval'], '.3f')})",
            f"{found['length']:.1f} ({_range(found['length_interval'], '.1f')})",
            f"{found['ended']:.1%}",
            f"{found['kl']:.2f}",
        ]
        rows.append(f"<tr><th>{_name(entry)}" + "".join(f"<td class=n>{cell}" for cell in cells))
    heads = ("stage", "questions", "accuracy", "reward", "length, tokens", "found an end", "KL")
    return f"<div class=scroll><table><tr>{''.join(f'<th>{h}' for h in heads)}{''.join(rows)}</table></div>"


def _curves(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_curve(title, [(s["step"], s[name]) for s in steps]) for name, title in CURVES.items() if name in steps[0]]


def _curve(title: str, points: Sequence[tuple[int, float | None]]) -> str:
    found = [(step, value) for step, value in points if value is not None]
    size = max(1, math.ceil(len(found) / POINTS))
    groups = [found[start : start + size] for start in range(0, len(found), size)]
    line = [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
    if not line:
        return ""
    low, high = min(v for _, v in line), max(v for _, v in line)
    first, last, span = line[0][0], line[-1][0], (high - low) or 1.0
    dots = " ".join(
        f"{WIDTH * (step - first) / max(1, last - first):.1f},{HEIGHT * (1 - (value - low) / span):.1f}"
        for step, value in line
    )
    return (
        f'<figure><svg viewBox="{-LEFT} -6 {WIDTH + LEFT + 4} {HEIGHT + BELOW + 6}" width="{WIDTH + LEFT}" role="img" '
        'font-size="11" fill="currentColor">'
        f'<text x="-6" y="4" text-anchor="end">{high:.4g}</text>'
        f'<text x="-6" y="{HEIGHT}" text-anchor="end">{low:.4g}</text>'
        f'<text x="0" y="{HEIGHT + 14}">{first:,}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 14}" text-anchor="end">step {last:,}</text>'
        f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#999"/>'
        f'<polyline points="{dots}" fill="none" stroke="#2a6f97" stroke-width="1.5"/></svg>'
        f"<figcaption>{escape(title)}: {line[0][1]:.4g} at first, {line[-1][1]:.4g} at last</figcaption></figure>"
    )


def _samples(history: Sequence[Mapping[str, Any]]) -> str:
    measured = [entry for entry in history if entry["measured"]["questions"]]
    if not measured:
        return "<p>None: no held-out question has a checker.</p>"
    by_id = [{sample["id"]: sample for sample in entry["measured"]["samples"]} for entry in measured]
    rows = []
    for id, sample in by_id[-1].items():
        cells = [f"<td><pre>{escape(sample['prompt'])}</pre>"]
        for found in by_id:
            other = found.get(id)
            mark = "" if other is None else "right" if other["right"] else "wrong"
            text = "" if other is None else f"<span class={mark}>{mark}</span><pre>{escape(other['response'])}</pre>"
            cells.append(f"<td>{text}")
        rows.append(f"<tr>{''.join(cells)}")
    heads = "".join(f"<th>{_name(entry)}" for entry in measured)
    return f"<div class=scroll><table><tr><th>question{heads}{''.join(rows)}</table></div>"


def _name(entry: Mapping[str, Any]) -> str:
    return escape(NAMES.get(entry["method"], entry["method"]))


def _range(found: Sequence[float], how: str) -> str:
    return f"{found[0]:{how}} to {found[1]:{how}}"
