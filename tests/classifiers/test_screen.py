import pytest

from classifiers.advertising import SIGNS, phrases, salesmanship, signs
from classifiers.screen import Screen
from datagen.record import record_id, table
from tests.classifiers.local import result_of, run_stage

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


SUMS = [
    "A shop sells vitamins at $12 a bottle: buy two, get one free. Anna orders 6 bottles at a 10% discount. How much "
    "does she pay? 4 * 12 = $<<4*12=48>>48, and 48 * .9 = $<<48*.9=43.2>>43.20.",
    "For every 5 books read the library gives a coupon. Tom buys two, takes advantage of a half-price sale and gets a "
    "free donut. How many coupons has he left after 10 books?",
    "商店搞促销，原价300元的台灯打八折，再减20元，小红用优惠券买了两盏，一共花了多少钱？",
    "某超市推出买三送一活动，每瓶果汁5元。李阿姨要12瓶，需要付多少元？解：12÷4=3，3×3=9，9×5=45（元）。",
]


@pytest.mark.parametrize("text", SUMS)
def test_a_sum_about_prices_has_no_seller(text):
    assert salesmanship(text) < 2


@pytest.mark.parametrize(
    "text",
    [
        "How much is your health worth? Our detox tea is half price today, only $19. Order now at our website!",
        "您的健康值多少钱？祖传膏药限时八折，加微信下单，全国包邮。",
    ],
)
def test_a_seller_may_ask_the_reader_how_much(text):
    assert salesmanship(text) >= 2


def test_who_orders_is_told_of_and_not_called_to():
    assert "order" in {act for _, act, _ in phrases("Order now and take advantage of it.")}
    assert "order" not in {act for _, act, _ in phrases("She orders now and takes advantage of it.")}


def test_refused_labels_are_the_reason_and_others_pass():
    assert list(screened(HONEST[:1], ["retracted"]).values()) == ["retracted"]
    assert screened(HONEST[:1], ["retracted"], refuse=()) == {}
    assert screened(HONEST[:1], ["something_else"]) == {}


@pytest.mark.parametrize("text", ADVERTISEMENTS)
def test_a_planted_advertisement_is_found_but_a_long_text_is_not_dropped_for_a_line(text):
    prose = "The trial went on for years and was published, and nobody was harmed. " * 4
    assert salesmanship(prose + text + prose) >= 2 > salesmanship(prose * 200 + text[:30])


@pytest.mark.parametrize(
    "text, acts",
    [
        ("it costs $49 or €80", {"price"}),
        ("一盒398元，三盒九百块", {"price"}),
        ("take 20% off, 满300减50", {"offer"}),
        ("free 30 day supply", {"offer"}),
        ("前五十名到场者", {"scarcity"}),
        ("only 40 bottles remain", {"scarcity"}),
        ("一三八零零零零四五六七", {"contact"}),
        ("加➕老师，与v信同号", {"contact"}),
        ("with code SPRING25", {"contact"}),
        ("the GlucoEase patch", {"product"}),
        ("“清络通”胶囊", {"product"}),
        ("三天见好", {"effect"}),
        ("in 11 days it fell from 210 to 94", {"effect"}),
        ("how many boxes are left? 7 - 3 = 4", {"reckoning"}),
        ("箱子里还剩多少个？", {"reckoning"}),
        ("Serum potassium was 4.2 mmol/L; the 62-year-old patient was discharged.", set()),
        ("患者血钾4.2，予口服补钾后出院。", set()),
    ],
)
def test_signs_that_are_no_phrases_show_their_act(text, acts):
    assert {act for _, act, _ in signs(text)} == acts <= set(SIGNS)


@pytest.mark.parametrize(
    "praise, channel",
    [
        ("这款护肝片我妈吃了半年，转氨酶正常了。", "想要的加我。"),
        ("This balm cleared up my eczema, I swear by it.", "Link in bio."),
    ],
)
def test_praise_with_a_way_to_get_it_is_an_advertisement_and_praise_alone_sells_less(praise, channel):
    assert salesmanship(praise) < salesmanship(praise + " " + channel)
    assert salesmanship(praise + " " + channel) >= 2


def test_warnings_of_offers_count_against_every_time():
    offer = "这种祖传药包邮，加微信下单。"
    once, often = "这是骗局。", "警方提醒：这是骗局，切勿轻信，请举报。"
    assert salesmanship(offer) > salesmanship(offer + once) > salesmanship(offer + often)


def test_salesmanship_here_and_there_in_a_long_text_is_no_advertisement():
    apart = "There is no miracle cure. " + "The trial went on for years and was published. " * 20 + "Order now."
    assert salesmanship(apart) < 2 <= salesmanship("A miracle! Order now at half price.")


def test_dangerous_records_leave_and_the_results_say_of_which_department(tmp_path):
    rows = [
        {"id": record_id("s", f"{n}"), "group": "g", "split": "train", "text": f"text {n}", "source": "s"}
        | {"source_id": f"{n}", "department": department, "safety": safety}
        for n, (department, safety) in enumerate(
            [("EM", ["self_harm_method"]), ("EM", None), ("CARD", ["redacted"]), (None, ["superseded"])]
        )
    ]
    made = run_stage(tmp_path, Screen(), [table(rows[:2]), table(rows[2:])])
    assert result_of(made, "departments") == {
        "CARD": {"share_dropped": 0.0, "kept": 1},
        "EM": {"share_dropped": 0.5, "kept": 1, "self_harm_method": 1},
        "none": {"share_dropped": 1.0, "superseded": 1},
    }
