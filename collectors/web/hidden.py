"""What a page holds but its reader doesn't see, taken out: such text is written for machines, or left over."""

import re

from lxml import etree

MAX_CSS = 1 << 20
NEAR = 16
"""Of 255 per channel: text whose colour is this close to its background can't be seen."""
UNREADABLE_PIXELS = 2

_UNUSED = ("template", "noscript")
"""Elements that a browser shows to nobody who lets scripts run."""
_WHITE = (255, 255, 255)
_NAMED = {"white": _WHITE, "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[,\s]+(\d{1,3})[,\s]+(\d{1,3})")
_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|pt|em|rem|%|vw|vh)?")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_SIMPLE = re.compile(r"(?:[a-z][a-z0-9]*)?(?:[.#][\w-]+)?", re.IGNORECASE)
_NAME = re.compile(r"[.#][\w-]+")
_PROPERTIES = {"display", "visibility", "opacity", "font-size", "color", "text-indent", "position", "left", "top"}
_PROPERTIES |= {"background", "background-color", "background-image"}

Style = dict[str, str]
Colour = tuple[int, int, int]


def strip_hidden(root: etree._Element) -> None:
    """Empty what is not shown: templates, what has the `hidden` attribute, and what a style (inline, or in a `style`
    element by a plain tag, class or id) does not display, makes transparent, gives the colour of its background, a size
    of next to nothing or a place beyond the edge. Style sheets in other files are unknown, and so is what scripts would
    do."""
    rules = _rules(root)
    stack: list[tuple[etree._Element, Colour | None]] = [(root, _WHITE)]
    while stack:
        element, background = stack.pop()
        inline = _inline(element)
        style = _ruled(element, rules) | inline
        background = _background(element, style, background)
        if (
            element.tag in _UNUSED
            or element.get("hidden", "until-found") != "until-found"
            or (style and (_hides(style) or _is_like(inline.get("color", ""), background)))
        ):
            element.clear(keep_tail=True)
        else:
            stack.extend((child, background) for child in element)


def _hides(style: Style) -> bool:
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return True
    size = style.get("font-size", "")
    if _is_under(style.get("opacity", ""), 0.01) or _is_under(size, 0.01):
        return True
    if size.endswith(("px", "pt")) and _is_under(size, UNREADABLE_PIXELS):
        return True
    if _is_far(style.get("text-indent", "")) or style.get("color") == "transparent":
        return True
    beside = style.get("position") in ("absolute", "fixed")
    return beside and any(_is_far(style.get(side, "")) for side in ("left", "top"))


def _is_under(value: str, limit: float) -> bool:
    length = _LENGTH.fullmatch(value)
    return length is not None and float(length[1]) < limit


def _is_far(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    return length is not None and float(length[1]) <= (-50 if length[2] in ("em", "rem", "vw", "vh") else -500)


def _is_like(colour: str, background: Colour | None) -> bool:
    shown = _colour(colour) if colour else None
    return (
        shown is not None
        and background is not None
        and all(abs(a - b) <= NEAR for a, b in zip(shown, background, strict=True))
    )


def _background(element: etree._Element, style: Style, around: Colour | None) -> Colour | None:
    """The colour behind an element; None where it is a picture, or one that isn't understood."""
    if not style and "background" not in element.attrib:
        return around
    stated = " ".join(style[name] for name in ("background", "background-color", "background-image") if name in style)
    if "background" in element.attrib or "url(" in stated or "gradient" in stated:
        return None
    if stated in ("", "none", "transparent", "inherit"):
        return around
    return _colour(stated)


def _colour(value: str) -> Colour | None:
    """Red, green and blue; None for what is not stated or not understood."""
    if found := _HEX.search(value):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(value):
        return int(found[1]), int(found[2]), int(found[3])
    return next((colour for name, colour in _NAMED.items() if name in value.split()), None)


def _inline(element: etree._Element) -> Style:
    """What an element says of its own looks."""
    style = _declarations(element.get("style", ""))
    if colour := element.get("bgcolor"):
        style.setdefault("background-color", colour.strip().lower())
    if element.tag == "font" and (colour := element.get("color")):
        style.setdefault("color", colour.strip().lower())
    return style


def _ruled(element: etree._Element, rules: dict[str, Style]) -> Style:
    """Declarations of the rules that hold for an element."""
    style: Style = {}
    if rules:
        style |= rules.get(element.tag, {})
        names = [f".{name}" for name in element.get("class", "").split()]
        if identity := element.get("id"):
            names.append(f"#{identity}")
        for name in names:
            style |= rules.get(name, {})
            style |= rules.get(f"{element.tag}{name}", {})
    return style


def _declarations(text: str) -> Style:
    style = {}
    for declaration in text.lower().split(";") if text else ():
        name, _, value = declaration.partition(":")
        style[name.strip()] = value.replace("!important", "").strip()
    return style


def _rules(root: etree._Element) -> dict[str, Style]:
    """Rules of the page's own style sheets for one tag, class or id. Not those of a class or an id that another rule
    shows again (the open one among tabs), nor those for some media only."""
    rules: dict[str, Style] = {}
    shown: set[str] = set()
    left = MAX_CSS
    for sheet in root.iter("style"):
        if sheet.get("media", "all").strip().lower() not in ("", "all", "screen"):
            continue
        css = (sheet.text or "")[:left]
        left -= len(css)
        for selectors, body in _blocks(_CSS_COMMENT.sub("", css)):
            style = _declarations(body)
            if not style.keys() & _PROPERTIES:
                continue
            shows = style.keys() & {"display", "visibility", "opacity"} and not _hides(style)
            for selector in map(str.strip, selectors.split(",")):
                if _SIMPLE.fullmatch(selector):
                    rules[selector] = rules.get(selector, {}) | style
                if shows:
                    shown.update(_NAME.findall(selector))
    return {name: style for name, style in rules.items() if shown.isdisjoint(_NAME.findall(name))}


def _blocks(css: str) -> list[tuple[str, str]]:
    """(selectors, declarations) of the rules at the top level."""
    found, depth, start, selectors = [], 0, 0, ""
    for brace in _BRACE.finditer(css):
        if brace[0] == "{":
            if not depth:
                selectors = css[start : brace.start()].rpartition(";")[2].strip()
                start = brace.end()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                if not selectors.startswith("@"):
                    found.append((selectors, css[start : brace.start()]))
                start = brace.end()
    return found
