"""One base for all pages, one way to draw a curve."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from datagen.pages.charts import Chart, averaged, extent

ROOT = Path(__file__).parents[2]


def test_there_is_one_base_and_one_stylesheet():
    files = [p for kind in ("*.py", "*.j2") for p in ROOT.glob(f"[a-z]*/**/{kind}") if "tests" not in p.parts]
    assert len(files) > 300
    whole = [p.relative_to(ROOT).as_posix() for p in files if "<!doctype html" in p.read_text("utf-8")]
    assert whole == ["datagen/pages/base.html.j2"]
    assert [p.name for p in ROOT.glob("[a-z]*/**/*.css")] == ["page.css"]


def drawn(chart: Chart, points, unit="step") -> ElementTree.Element:
    return ElementTree.fromstring(chart.drawing("a <b>", chart.axes("y & z"), chart.below(unit), chart.line(points)))


def test_a_curve_has_marks_at_both_axes_and_fits_its_box():
    points = [(1, 0.25), (600, 4.0), (1200, 2.0)]
    tree = drawn(Chart((1, 1200), extent(y for _, y in points), 300, 100), points, "<step>")
    assert [text.text for text in tree.iter("text")] == ["4", "0.25", "y & z", "1", "<step> 1,200"]
    (line,) = tree.iter("polyline")
    places = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
    assert places[0] == (60, 100) and places[1][1] == 0 and places[-1][0] == 360
    assert tree.get("aria-label") == "a <b>"
    left, top, width, height = map(float, tree.get("viewBox").split())
    assert all(left <= x <= left + width and top <= y <= top + height for x, y in places)


@pytest.mark.parametrize("points", [[(3, 7.0)], [(3, 7.0), (3, 7.0)], []])
def test_a_curve_of_one_value_or_none_is_drawn(points):
    chart = Chart(extent(x for x, _ in points), extent(y for _, y in points), 300, 100)
    (line,) = drawn(chart, points).iter("polyline")
    assert len(line.get("points").split()) == len(points) and "nan" not in line.get("points")


def test_long_curves_are_averaged_and_gaps_left_out():
    points = [(step, None if step % 10 == 0 else float(step)) for step in range(1000)]
    line = averaged(points, 100)
    assert len(line) == 100 and line[0] == (9, 5.0) and line[-1][0] == 999
    assert averaged([(1, None)], 100) == [] and averaged(points[1:4], 100) == points[1:4]
