"""Doses made comparable, and sums worked out again."""

import pytest

from knowledge_graph.arithmetic import results
from knowledge_graph.doses import compared, doses


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Of these, 18 of 20 patients (90%) recovered.", [True]),
        ("18/20 (80%)", [False]),
        ("33.3% is not stated here: 1/3 (33%) and 1/3 (34%)", [True, True]),
        ("1/3 (33.6%)", [False]),
        ("2/3 (66%)", [True]),
        ("20例患者中18例（占90%）有效。", [True]),
        ("20例患者中18例（占70%）有效。", [False]),
        ("15 mg/kg × 60 kg = 900 mg", [True]),
        ("15 mg/kg × 60 kg = 0.9 g", [True]),
        ("15 mg/kg × 60 kg = 9000 mg", [False]),
        ("2 + 3 × 4 = 14; 2+3=6", [True, False]),
        ("5 / 0 = 3", []),
        ("blood pressure 120/80 on 3/4/2020", []),
        ("(140 - 60) × 50 / (72 × 1.2) = 46", []),
    ],
)
def test_sums(text, right):
    assert [good for _, _, good in results(text)] == right


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("omeprazole 20 mg twice daily", [(20, 20, "mg", False, 2)]),
        ("20-40 mg/day", [(20, 40, "mg", False, 1)]),
        ("10 mg/kg every 8 hours", [(10, 10, "mg", True, 3)]),
        ("0.5 g, then 500 mcg", [(500, 500, "mg", False, None), (0.5, 0.5, "mg", False, None)]),
        ("每日3次，每次20毫克", [(20, 20, "mg", False, 3)]),
        ("口服20毫克，每日2次", [(20, 20, "mg", False, 2)]),
        ("青霉素80万单位", [(800000, 800000, "IU", False, None)]),
        ("glucose 200 mg/dL in 1,000 mL", [(1000, 1000, "mL", False, None)]),
        ("a 20 mgx B12", []),
    ],
)
def test_doses(text, found):
    assert [(d.low, d.high, d.measure, d.per_kg, d.daily) for d in doses(text)] == found


@pytest.mark.parametrize(
    ("said", "fit"),
    [
        ("20 mg daily", 1),
        ("0.03 g daily", 1),
        ("15 mg twice daily", 1),
        ("60 mg daily", 0),
        ("400 mg daily", -1),
        ("20 g daily", -1),
        ("2 mg daily", -1),
        ("20 mL daily", None),
        ("20 mg/kg daily", None),
    ],
)
def test_doses_are_compared_in_one_unit(said, fit):
    (known,), (dose,) = doses("20-40 mg daily"), doses(said)
    assert compared(dose, known) == fit
