"""datagen trace"""

from typing import Annotated

import typer

SHOWN = 20


def trace(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    id: Annotated[str, typer.Argument(help="A record's id (the order of the two doesn't matter).")],
    text: Annotated[bool, typer.Option("--text", help="Print its text too.")] = False,
) -> None:
    """Tell a record's whole story: its raw file, what every stage decided, its parents and children."""
    from datagen.trace import ID
    from datagen.trace import trace as find

    if ID.fullmatch(run) and not ID.fullmatch(id):
        id, run = run, id
    print("\n".join(_lines(find(run, id, text))))


def _lines(story, indent: str = "") -> list[str]:
    lines = [f"{indent}record {story.id}"]
    if story.source:
        one = len(story.files) == 1
        lines.append(
            f"{indent}  read by {story.source} from" + ("" if one else f" one of {len(story.files)} raw files")
        )
        lines += [f"{indent}    {_plain(f.name)}  sha256 {f.sha256}  {f.bytes:,} bytes" for f in story.files[:SHOWN]]
        lines += _rest(story.files, indent + "    ")
    else:
        lines.append(f"{indent}  made by {story.events[0].stage}")
    if story.labels:
        lines.append(f"{indent}  labels as last published")
        shown = {k: v for k, v in story.labels.items() if v not in (None, [])}
        width = max(map(len, shown))
        lines += [f"{indent}    {k:<{width}}  {_value(v)}" for k, v in shown.items()]
    lines.append(f"{indent}  decisions")
    width = max(len(e.stage) for e in story.events)
    lines += [f"{indent}    {e.stage:<{width}}  {_decision(e)}  ({e.use} {e.version})" for e in story.events]
    if story.children:
        lines.append(f"{indent}  made from it")
        lines += [f"{indent}    {c.id}  by {c.stage}" for c in story.children[:SHOWN]]
        lines += _rest(story.children, indent + "    ")
    if story.parents:
        lines.append(f"{indent}  made from")
        for parent in story.parents[:SHOWN]:
            lines += _lines(parent, indent + "    ")
        lines += _rest(story.parents, indent + "    ")
    if story.text is not None:
        lines += [f"{indent}  text", *(f"{indent}    {_plain(line)}" for line in story.text.splitlines())]
    return lines


def _decision(event) -> str:
    decision = event.outcome
    if event.reason:
        decision += f" ({_plain(event.reason)})"
    if event.into:
        decision += f" into {event.into}"
    if event.position:
        decision += f" at {_plain(event.position)}"
    if event.copies:
        more = f" and {len(event.copies) - SHOWN} more" if len(event.copies) > SHOWN else ""
        decision += f", copies merged into it: {', '.join(event.copies[:SHOWN])}{more}"
    return decision


def _value(value) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _plain(value) -> str:
    """What a document says may hold terminal codes."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))


def _rest(items: tuple, indent: str) -> list[str]:
    return [f"{indent}and {len(items) - SHOWN} more"] if len(items) > SHOWN else []
