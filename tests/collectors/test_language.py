"""Language and script."""

import pytest

from collectors.language import identify, normal_language

TEXTS = {
    ("en", "Latn"): "The patient was admitted with fever and a productive cough that had lasted for three days.",
    ("zh", "Hans"): "患者因发热、咳嗽三天入院,体温三十九度,给予抗生素治疗后好转。",
    ("zh", "Hant"): "患者因發熱、咳嗽三天入院,體溫三十九度,給予抗生素治療後好轉。",
    ("ja", "Jpan"): "患者は発熱と咳が三日間続いたため入院し、抗菌薬で治療を受けた。",
    ("ko", "Hang"): "환자는 사흘 동안 계속된 발열과 기침으로 입원하여 항생제 치료를 받았다.",
    ("ru", "Cyrl"): "Больной поступил с лихорадкой и кашлем, которые продолжались три дня.",
    ("fr", "Latn"): "Le patient a été hospitalisé pour une fièvre et une toux qui duraient depuis trois jours.",
    ("de", "Latn"): "Der Patient wurde mit Fieber und Husten aufgenommen, die seit drei Tagen bestanden.",
    ("es", "Latn"): "El paciente ingresó con fiebre y tos que habían durado tres días y mejoró con el tratamiento.",
    ("ar", "Arab"): "أدخل المريض إلى المستشفى بسبب الحمى والسعال الذي استمر ثلاثة أيام.",
}


@pytest.mark.parametrize(("expected", "text"), TEXTS.items())
def test_language_and_script(expected, text):
    assert identify(text) == expected
    assert identify(text * 50) == expected


def test_mixed_text_counts_by_its_letters():
    assert identify("患者服用 aspirin 和 clopidogrel 后出现黑便,停药后好转") == ("zh", "Hans")
    assert identify("The term 中医 means Chinese medicine, and the text is English all the same.")[0] == "en"


@pytest.mark.parametrize("text", ["", "12.5 / 80 %", "ECG", "OK ok", "头痛", "Xq zzw kptr vvl wqx fgh jkl mnb"])
def test_what_cant_be_told_stays_open(text):
    assert identify(text)[0] is None


def test_a_declared_language_is_believed():
    assert identify("头痛", "zh") == ("zh", "Hans")
    assert identify("水痘", "zh") == ("zh", "Hani")
    assert identify("ECG", "en") == ("en", "Latn")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("EN", "en"),
        ("zh-Hans", "zh"),
        ("pt_BR", "pt"),
        ("chi", "chi"),
        ("und", None),
        ("", None),
        (None, None),
        ("English", None),
    ],
)
def test_language_tags(tag, language):
    assert normal_language(tag) == language
