import pytest

from classifiers.screen import Screen
from datagen.record import record_id, table

ADVERTISEMENTS = [
    "Our herbal drops reverse diabetes in just 9 days. Guaranteed, or your money back. Order now!",
    "祖传秘方专治各种皮肤病，三天见效，无效退款，加微信咨询，前50名特价。",
]
HONEST = [
    "There is no miracle cure for diabetes; good control of glucose lowers the risk of complications.",
    "Patients were recruited by telephone and could call today's clinic free of charge.",
    "民间偏方没有证据支持，请到正规医院就诊。",
    "疗程结束后部分患者复发，无法保证根治。",
]


def screened(texts: list[str], safety=None, **options):
    rows = [
        {
            "id": record_id("s", t),
            "group": t,
            "split": "train",
            "text": t,
            "source": "s",
            "source_id": t,
            "safety": safety,
        }
        for t in texts
    ]
    return Screen(**options).apply(table(rows)).dropped


@pytest.mark.parametrize("text", ADVERTISEMENTS)
def test_several_kinds_of_salesmanship_are_an_advertisement(text):
    assert list(screened([text]).values()) == ["advertisement"]


@pytest.mark.parametrize("text", HONEST)
def test_one_kind_alone_occurs_in_honest_text(text):
    assert screened([text]) == {}


def test_refused_labels_are_the_reason_and_others_pass():
    assert list(screened(HONEST[:1], ["retracted"]).values()) == ["retracted"]
    assert screened(HONEST[:1], ["retracted"], refuse=()) == {}
    assert screened(HONEST[:1], ["something_else"]) == {}
