"""MathML (W3C, presentation markup) as LaTeX that a reader can follow; symbols stay the Unicode they are."""

from lxml import etree

_ACCENTS = {"¯": "bar", "‾": "bar", "_": "bar", "^": "hat", "ˆ": "hat", "~": "tilde", "˜": "tilde", "→": "vec"}
_ACCENTS |= {"˙": "dot", ".": "dot", "¨": "ddot", "⇀": "vec"}
_ACCENTS |= {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot", "\u20d7": "vec"}
_FUNCTIONS = frozenset(
    ("arg", "cos", "cosh", "cot", "det", "exp", "lim", "ln", "log", "max", "min", "sin", "sinh", "tan")
)
_INVISIBLE = str.maketrans("", "", "\u2061\u2062\u2063\u2064")


def to_latex(element: etree._Element) -> str:
    """One MathML element, whose tags carry no namespace, as LaTeX without delimiters."""
    writer = _WRITERS.get(element.tag)
    return writer(element) if writer else _row(element)


def _row(element: etree._Element) -> str:
    return _text(element) + "".join(map(to_latex, element))


def _text(element: etree._Element) -> str:
    return " ".join((element.text or "").translate(_INVISIBLE).split())


def _identifier(element: etree._Element) -> str:
    text = _text(element)
    if text in _FUNCTIONS:
        return f"\\{text} "
    return text if len(text) < 2 else f"\\mathrm{{{text}}}"


def _operator(element: etree._Element) -> str:
    text = _text(element).replace("−", "-")
    if text in _FUNCTIONS:
        return f"\\{text} "
    if text in ("{", "}", "%", "&", "#"):
        return f"\\{text}"
    return f"\\text{{ {text} }}" if len(text) > 1 and text.isalpha() else text


def _quoted(element: etree._Element) -> str:
    text = "".join(element.itertext())
    return f"\\text{{{' '.join(text.split())}}}" if text.strip() else " "


def _parts(element: etree._Element, count: int) -> list[str]:
    """Exactly `count` arguments, whatever the document has."""
    parts = [to_latex(child) for child in element]
    return (parts + [""] * count)[:count]


def _braced(part: str) -> str:
    return part if len(part) == 1 else f"{{{part}}}"


def _base(part: str) -> str:
    return part if len(part) < 2 or part.startswith("\\") else f"{{{part}}}"


def _scripts(element: etree._Element) -> str:
    base, first, *rest = _parts(element, 3 if element.tag in ("msubsup", "munderover") else 2)
    if rest:
        return f"{_base(base)}_{_braced(first)}^{_braced(rest[0])}"
    return f"{_base(base)}{'^' if element.tag == 'msup' else '_'}{_braced(first)}"


def _over(element: etree._Element) -> str:
    base, over = _parts(element, 2)
    if accent := _ACCENTS.get(over.strip()):
        return f"\\{accent}{{{base}}}"
    return f"\\overset{{{over}}}{{{base}}}"


def _prescripts(element: etree._Element) -> str:
    """mmultiscripts: base, then pairs below and above; after `mprescripts` the pairs stand before the base."""
    base, after, before, side = "", "", "", "after"
    scripts: list[str] = []
    for child in element:
        if child.tag == "mprescripts":
            side = "before"
            continue
        if not base and side == "after" and not scripts:
            base = to_latex(child) or "{}"
            continue
        scripts.append("" if child.tag == "none" else to_latex(child))
        if len(scripts) == 2:
            pair = "".join(f"{mark}{_braced(s)}" for mark, s in zip("_^", scripts, strict=True) if s)
            after, before = (after + pair, before) if side == "after" else (after, f"{before}{{}}{pair}")
            scripts = []
    return f"{before}{_base(base)}{after}"


def _fenced(element: etree._Element) -> str:
    separator = "" if any(child.tag == "mo" for child in element) else element.get("separators", ",")[:1]
    inner = separator.join(map(to_latex, element))
    return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"


def _table(element: etree._Element) -> str:
    rows = [" & ".join(map(to_latex, row)) for row in element if row.tag in ("mtr", "mlabeledtr")]
    lines = r" \\ ".join(rows)
    return rf"\begin{{matrix}} {lines} \end{{matrix}}" if len(rows) > 1 else lines


def _semantics(element: etree._Element) -> str:
    return to_latex(element[0]) if len(element) else ""


def _nothing(_: etree._Element) -> str:
    return ""


_WRITERS = {
    "mi": _identifier,
    "mo": _operator,
    "mtext": _quoted,
    "ms": _quoted,
    "mspace": lambda _: " ",
    "msup": _scripts,
    "msub": _scripts,
    "msubsup": _scripts,
    "munder": _scripts,
    "munderover": _scripts,
    "mover": _over,
    "mmultiscripts": _prescripts,
    "mfrac": lambda e: "\\frac{{{}}}{{{}}}".format(*_parts(e, 2)),
    "msqrt": lambda e: f"\\sqrt{{{_row(e)}}}",
    "mroot": lambda e: "\\sqrt[{1}]{{{0}}}".format(*_parts(e, 2)),
    "mfenced": _fenced,
    "mtable": _table,
    "semantics": _semantics,
    "annotation": _nothing,
    "annotation-xml": _nothing,
    "mphantom": _nothing,
    "none": _nothing,
}
