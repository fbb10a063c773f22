"""Tables as Markdown, MathML as LaTeX."""

import time

import pytest
from lxml import etree

from collectors.papers.markdown import MAX_COLUMNS, table_markdown
from collectors.papers.mathml import to_latex


def table(xml: str) -> str:
    return table_markdown(etree.fromstring(xml), lambda cell: "".join(cell.itertext()))


def test_spans_are_resolved():
    xml = """<table><thead><tr><th rowspan="2">Group</th><th colspan="2">Dose</th></tr>
      <tr><th>mg</th><th>n</th></tr></thead><tbody>
      <tr><td colspan="3">Adults</td></tr><tr><td rowspan="2">A</td><td>1</td><td>2</td></tr>
      <tr><td>3</td><td>4</td></tr><tr><td>B</td><td>5</td></tr></tbody></table>"""
    assert table(xml).splitlines() == [
        "| Group | Dose mg | Dose n |",
        "| --- | --- | --- |",
        "| Adults |  |  |",
        "| A | 1 | 2 |",
        "| A | 3 | 4 |",
        "| B | 5 |  |",
    ]


def test_a_table_without_header_or_text():
    assert table("<table><tr><td>a</td></tr><tr><td>b</td></tr></table>") == "| a |\n| --- |\n| b |"
    assert table("<table><tr><td> </td></tr></table>") == ""
    assert table("<table/>") == ""


@pytest.mark.parametrize("span", ["1000000000", "-3", "x", "", "99999999999999999999", "\u00b2"])
def test_hostile_spans_stay_small(span):
    cells = f'<td colspan="{span}" rowspan="{span}">a</td>' * 300
    started = time.process_time()
    lines = table(f"<table>{f'<tr>{cells}</tr>' * 100}</table>").splitlines()
    assert all(line.count("|") <= MAX_COLUMNS + 1 for line in lines)
    assert time.process_time() - started < 3


def test_a_table_within_a_cell_is_text():
    assert table("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>") == "| ab |\n| --- |"


@pytest.mark.parametrize(
    ("xml", "latex"),
    [
        ("<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>", "\\frac{a}{b+1}"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>20</mn></msubsup>", "x_i^{20}"),
        ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>", "∑_i^n"),
        ("<msqrt><mn>2</mn><mi>π</mi></msqrt>", "\\sqrt{2π}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "\\sqrt[3]{x}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", "\\bar{x}"),
        ("<mrow><mi>log</mi><mo>\u2061</mo><mi>x</mi></mrow>", "\\log x"),
        ("<mi>max</mi>", "\\max "),
        ("<mi>AUC</mi>", "\\mathrm{AUC}"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a,b)"),
        (
            "<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd/></mtr></mtable>",
            "\\begin{matrix} a & b \\\\ c &  \\end{matrix}",
        ),
        ("<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "{}_6^{14}C"),
        ("<semantics><mi>x</mi><annotation>noise</annotation></semantics>", "x"),
        ("<mtext>if  any</mtext>", "\\text{if any}"),
        ("<msup><mi>x</mi></msup>", "x^{}"),
        ("<mfrac/>", "\\frac{}{}"),
        ("<unknown><mi>x</mi></unknown>", "x"),
    ],
)
def test_mathml(xml, latex):
    assert to_latex(etree.fromstring(xml)) == latex
