"""Language and script."""

import gzip

import pytest

from collectors.text.language import identify, normal_language

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


MORE = {
    "el": "Ο ασθενής εισήχθη με πυρετό.",
    "th": "ผู้ป่วยมีไข้และไอมาสามวัน",
    "hi": "रोगी को तीन दिनों से बुखार और खांसी के कारण अस्पताल में भर्ती किया गया।",
    "uk": "Хворого госпіталізовано з гарячкою та кашлем, які тривали три дні.",
    "pt": "O paciente foi internado com febre e tosse que duraram três dias e melhorou com o tratamento.",
    "vi": "Bệnh nhân nhập viện vì sốt và ho kéo dài ba ngày.",
    "id": "Pasien dirawat di rumah sakit karena demam dan batuk yang berlangsung selama tiga hari.",
    "cs": "Pacient byl přijat s horečkou a kašlem, které trvaly tři dny.",
    "sk": "Pacient bol prijatý s horúčkou a kašľom, ktoré trvali tri dni.",
    "he": "החולה אושפז עם חום ושיעול שנמשכו שלושה ימים.",
    "mi": "I haere te tūroro ki te hōhipera nā te kirikā me te maremare mō ngā rā e toru, ā, i ora anō ia.",
}


@pytest.mark.parametrize(("language", "text"), MORE.items())
def test_more_languages(language, text):
    assert identify(text)[0] == language


def test_mixed_text_counts_by_its_letters():
    assert identify("患者服用 aspirin 和 clopidogrel 后出现黑便,停药后好转") == ("zh", "Hans")
    assert identify("The term 中医 means Chinese medicine, and the text is English all the same.")[0] == "en"


@pytest.mark.parametrize("pair", [("en", "zh"), ("en", "es"), ("zh", "en"), ("fr", "de")])
def test_a_text_of_two_languages_has_none(pair):
    texts = {language: text for (language, _), text in reversed(TEXTS.items())}  # zh: simplified
    halves = [texts[language] * (6 if language == "zh" else 2) for language in pair]
    if "zh" in pair:  # a Han character says as much as three letters
        halves = [half[:60] if language == "zh" else half[:180] for language, half in zip(pair, halves, strict=True)]
    assert identify("\n".join(halves))[0] is None


def test_capitals_make_no_difference():
    text = "The patient denies chest pain, shortness of breath, nausea or vomiting."
    assert identify(text)[0] == identify(text.upper())[0] == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12.5 / 80 %",
        "ECG",
        "OK ok",
        "头痛",
        "Xq zzw kptr vvl wqx fgh jkl mnb",
        "\u03b1, \u03b2",
        "aspirin",
        "Noncontributory.",
        "Penicillin, codeine, sulfa",
        "Atorvastatin 40 mg, metformin 500 mg",
        "\x00\ud800\ufffe",
    ],
)
def test_what_cant_be_told_stays_open(text):
    assert identify(text)[0] is None


def test_short_questions_are_told():
    assert identify("What causes high blood pressure?")[0] == "en"
    assert identify("高血压是什么原因引起的?") == ("zh", "Hans")
    assert identify("두통이 있어요")[0] == "ko"


@pytest.mark.proof("collectors.records", "real")
def test_real_paragraphs_in_thirty_languages(real_data):
    """Every sixteenth of those that `benchmarks/collectors.py language` measures."""
    from benchmarks.intake.language import THE_30, _f1, _paragraphs, _sentences

    sentences = {k: lines for k, lines in _sentences(real_data) if k in THE_30}
    found = [(k, identify(t)[0]) for k, lines in sentences.items() for t in list(_paragraphs(k, lines))[1::32]]
    assert len(found) > 300 and _f1(found, THE_30) >= 0.97


@pytest.mark.proof("collectors.records", "real")
def test_real_sentences_in_traditional_characters(real_data):
    file = real_data / "general_ud_pud_zh" / "zh_pud-ud-test.conllu.gz"
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")
    found = [identify(line.partition("= ")[2]) for line in lines if line.startswith("# text = ")]
    assert len(found) == 1000 and found.count(("zh", "Hant")) >= 990


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
