"""Numbers that Chinese text announces by a label: cards, papers, devices, accounts, telephones."""

import re
from collections.abc import Iterable, Iterator

from collectors.privacy.identifiers.checks import is_phone
from collectors.privacy.identifiers.rule import LONG_NUMBER, Span, rule

_IS = r"(?:[（(][^()（）\n]{0,8}[）)])?[:\uff1a#是为=|\s\"“「]{0,4}(?:N[Oo]\.?\s?|№)?"
_NO_PERSON = (
    r"型|批|批件|图|符|代|货|序|色|标准|批准文|文|国药准字|专利|项目|课题|基金|资助|注册|疾病|基因|方案|伦理|试验|刊|目录|书"
    r"|版本|公告|页|区|位|靶|探针|引物"
    r"|克隆|菌|毒株|细胞|染色体|密|解|源代|二维"
)
"""What is numbered, and is neither a person nor a person's."""
_PUBLIC = r"(?!(?:ChiCTR|NCT|CTR|GSE|PRJ|ISBN|ISSN|GB|YY|WS|ZL|CN)[A-Z/T]*[ -]?\d)"
_YEAR = r"(?!(?:19|20)\d\d(?![\dA-Za-z/_-]))"
_END = r"(?![\dA-Za-z%]|\.\d|[年个张元人次例级粒支分页项倍]|以[上下内])"


def _has_three_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 3


def _has_five_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 5


_BEHIND = re.compile(
    r"\s?[（(]\s?(?P<value>(?!(?:1[5-9]|20)\d\d(?!\d))(?=[^（）()\n]*\d{3})[\u4e00-\u9fff]?[A-Z]{0,5}-?\d[\dA-ZⅠ-Ⅻ-]{2,20})[)）]"
)


def find_codes(text: str, names: Iterable[Span]) -> Iterator[Span]:
    """Codes in brackets behind names of persons: 曾连翘(AN-102)."""
    for name in names:
        if match := _BEHIND.match(text, name.end):
            yield Span(*match.span("value"), "RECORD")


RULES = (
    rule(
        "RECORD",
        ("*", "＊", "xx", "••"),
        r"(?<![A-Za-z\d*])(?P<value>\d{3,8}(?:[ -]?[*＊xX•]{2,6}){1,4}[ -]?\d{2,6}[Xx]?)(?![A-Za-z\d*%]|\.\d)",
    ),
    rule(
        "RECORD",
        ("号", "码", "卡", "电话", "手机"),
        r"(?:号|码|卡|电话|手机)[:：是为\s]{0,3}(?P<value>[零〇一二三四五六七八九幺]{5,20})(?![零〇一二三四五六七八九十百千万亿])",
    ),
    rule(
        "RECORD",
        ("床",),
        r"床[ \u3000]?号?[ \t\u3000]{1,4}(?P<value>[A-Z+＋加]?\d{1,3}[A-Z]?)(?=[ \t\u3000]*(?:$|[\n\t]|["
        r" \u3000][^\d]))",
    ),
    rule("RECORD", ("床",), r"床(?P<value>[留加抢监重]-?\d{1,3})(?!\d)"),
    rule(
        "RECORD",
        ("床",),
        r"(?<=[，,\s])(?P<value>(?!目前|转[至入到]|来自|现住|入住|住在|[共实]有|开放|编制|[第到][\u4e00-\u9fff])[\u4e00-\u9fff]{2}\d{1,3})(?=\s?号?床(?![位旁]))",
    ),
    rule("RECORD", ("号",), r"请\s?(?P<value>[A-Z]{1,2}\d{2,4})\s?号"),
    rule("RECORD", ("=",), r"(?<![A-Za-z\d=])(?P<value>=?[A-NP-Z][A-NP-Z\d]\d{5}\s?\d{5,7}[A-Z\d*]?)(?![A-Za-z\d])"),
    rule(
        "RECORD",
        ("床",),
        r"(?:床(?:位|号|位号)?\s?[:：]\s{0,3}|床号\s{0,3})(?P<value>[\u4e00-\u9fffA-Z+＋]{0,3}\d{1,3}(?:-\d{1,3})?[A-Z]?)(?![\dA-Za-z%]|\.\d|[年个张元人次例])",
    ),
    rule(
        "RECORD",
        ("床",),
        r"(?<![\u4e00-\u9fff\dA-Za-z])(?P<value>(?:抢|重|产|加|监|负压|隔离|母婴|特需|VIP|ICU|V|[+＋])\s?-?\d{1,3})(?=\s?号?床)",
    ),
    rule("RECORD", ("负压", "隔离", "监护", "抢救"), r"(?P<value>(?:负压|隔离|监护|抢救)\d{1,3})(?=\s?号?床)"),
    rule(
        "DEVICE",
        ("批号",),
        r"(?:假体|植入[物体]|支架|起搏器|晶[体状]|瓣膜|钢板|内固定|电极|补片|耳蜗)[^\n，。；]{0,8}?批号[:：\s]{0,3}"
        r"(?P<value>(?=[A-Za-z]{0,6}\d)[A-Za-z\d-]{5,20})(?![\dA-Za-z])",
    ),
    rule("ID", None, r"(?<![A-Za-z\d])(?P<value>[A-Z]{1,2}\d{6}\s?[(（][\dA][)）])", near=LONG_NUMBER),
    rule("RECORD", ("客服", "坐席", "话务员"), r"(?:客服|坐席|话务员)\s?(?P<value>\d{2,6})(?=号|为您|[,，])"),
    rule(
        "RECORD",
        ("腕带", "手环", "条码", "序号", "流水", "标本", "样本", "凭证", "单号", "案号", "编码"),
        r"(?:腕带|手环|条码|序号|流水|标本|样本|凭证|单号|案号|编码)[:：\s]{0,3}(?P<value>(?=[A-Za-z\d-]*\d{3})[A-Za-z\d]{2,30}(?:[-_/][A-Za-z\d]{1,12}){0,4})"
        rf"{_END}",
        check=_has_five_digits,
    ),
    rule(
        "RECORD",
        ("字",),
        r"(?P<value>[\u4e00-\u9fff]{1,6}字[(（〔\[]?(?:(?:19|20)\d\d|\d{4}(?=第))?[)）〕\]]?(?:第\s?\d{3,10}|(?<=字)\d{4,10})号?)",
    ),
    rule(
        "DEVICE",
        ("序列号", "机身号", "出厂号", "sn", "s/n"),
        r"(?:序列号|机身号|出厂号|S/N|\bSN)[:：#\s]{0,3}(?P<value>[A-Z]{2,4} \d{4,12}[A-Z]?)(?![\dA-Za-z])",
    ),
    rule(
        "MESSENGER",
        ("用户名", "登录名", "用户", "账号", "网名", "昵称"),
        r"(?:用户名|登录名|用户|账号|网名|昵称)(?:ID)?[:：是为\s]{1,4}(?P<value>[A-Za-z][\w.-]{4,29}(?<![.-]))(?![\w@])",
        flags=re.ASCII,
    ),
    rule(
        "RECORD",
        ("\t", "\u3000"),
        r"(?<=[\u3000\t])(?P<value>[A-Z]{0,3}-?\d[\d-]{3,11})(?=[\u3000\t][\u4e00-\u9fff]{2,4}[\u3000\t])",
    ),
    rule(
        "RECORD",
        ("床",),
        r"(?<![\dA-Za-z.、-])(?<![共张有约放设制增近过达每各余为总备])(?P<value>[A-Z]?\d{1,3}(?:-\d{1,3})?[A-Z]?)\s?号?\s?床(?![位旁边头上单垫铺日次数张以下规])",
    ),
    rule(
        "MESSENGER",
        ("微信", "wx", "vx", "qq", "wechat"),
        r"(?:微信|[Vv][Xx]|[Ww][Xx]|QQ|[Ww]e[Cc]hat)[^\n。；A-Za-z\d]{1,12}(?P<value>(?=[A-Za-z-]{0,19}[\d_])[A-Za-z][\w-]{5,19})(?![\w@])",
        flags=re.ASCII,
    ),
    rule(
        "MESSENGER",
        ("加", "薇信", "vx", "威信"),
        r"(?:加(?:[Vv微薇]|VX|vx|wx)|薇信|威信|[Vv][Xx])号?[:：\s]{0,3}(?P<value>[A-Za-z][\w-]{4,29})(?!\w)",
    ),
    rule("PHONE", ("内线", "短号"), r"(?:内线|短号)[:：\s]{0,2}(?P<value>\d{3,6})(?!\d)"),
    rule(
        "PHONE",
        ("转", "ext", "分机"),
        r"(?<!\d)(?P<value>0\d{2,3}-?\d{7,8}\s?(?:转(?:分机)?|ext\.?|分机)\s?\d{1,6})(?!\d)",
    ),
    rule("PHONE", ("(+", "（+"), r"(?P<value>[(（]\+\d{1,3}[)）]\s?\d[\d -]{6,14}\d)(?!\d)"),
    rule(
        "PHONE",
        None,
        r"(?P<value>[一幺](?:[，, -]?[零〇一二三四五六七八九幺]){10})(?![零〇一二三四五六七八九十百千万亿])",
    ),
    rule(
        "RECORD",
        ("订单", "收据", "回执", "工单", "处", "票", "单号", "运单"),
        r"(?:订单|收据|回执|工单|单号|运单|发票|处\s?方(?:\s?笺)?)(?:号码?)?[:：\s]{0,6}(?P<value>(?:№"
        r"|N[Oo][.．:：]?\s?|#)?[A-Z]{0,4}\d{5,20})(?!\d)",
    ),
    rule(
        "RECORD",
        ("代码", "编号", "证", "周期号", "透析号", "接受腔", "序号", "号"),
        r"(?:代码|编号|工号|周期号|透析号|批序号|学籍号|片号"
        r"|病 ?历 ?号)[:：\s]{0,3}(?P<value>(?=[A-Za-z-]{0,6}\d)[A-Za-z\d]{1,12}(?:-[A-Za-z\d]{1,10}){0,3})"
        r"(?![\dA-Za-z%]|\.\d)",
        check=_has_three_digits,
    ),
    rule(
        "RECORD",
        (
            *(
                "住院",
                "病案",
                "门诊",
                "病历",
                "病理",
                "登记",
                "就诊",
                "医保",
                "社保",
                "保单",
                "保险",
                "工卡",
                "胸卡",
                "检验",
                "标本",
                "影像",
                "超声",
            ),
            *(
                "内镜",
                "体检",
                "档案",
                "证书",
                "执业",
                "执照",
                "挂号",
                "急诊",
                "参保",
                "农合",
                "护照",
                "军官",
                "士官",
                "驾驶",
            ),
        ),
        r"(?:住院|病案|门诊|病历|病理|登记|就诊|医保|社保|保单|保险|工卡|胸卡|检验|标本|影像|超声|内镜|体检|档案"
        r"|证书|执业|执照|挂号|急诊|参保|农合|护照|军官|士官|驾驶)"
        r"(?:[号证卡码本]|ID|编号|编码){0,2}[:：#|\s]{1,4}(?P<value>(?:N[Oo]\.?\s?)?(?=[A-Za-z-]{0,6}\d)[A-Za-z\d]{1,12}(?:[-/][A-Za-z\d]{1,12}){0,4})"
        rf"{_END}",
        check=_has_five_digits,
    ),
    rule("RECORD", ("证",), r"证(?:号|件)?[:：\s]{0,3}(?P<value>[\u4e00-\u9fff]{1,2}[A-Z]{0,2}\d{5,10})(?!\d)"),
    rule(
        "RECORD",
        ("号", "码", "证", "卡", "单", "者id", "人id", "诊id", "历id", "户id", "员id"),
        rf"(?<!{_NO_PERSON.replace('|', ')(?<!')})(?:编?号码?|编码|条形?码|血码|流水码|(?<!验)证(?:字号)?|(?<!贺)卡|"
        rf"(?<=[疗号款费验方送票运诊])单"
        rf"|(?<=[者人诊历户员])ID){_IS}",
        rf"{_PUBLIC}{_YEAR}(?P<value>(?:(?:No|REF|SN)[. :#]{{1,2}})?(?:(?=[A-Za-z-]{{0,8}}\d)[A-Za-z\d]{{4,40}}"
        rf"(?:[-_/][A-Za-z\d]{{1,12}}){{0,4}}"
        rf"|[A-Za-z]{{1,6}}(?:[-_/][A-Za-z\d]{{1,12}}){{1,4}}|\d{{3,6}}(?: \d{{3,8}}){{1,5}})){_END}",
        check=_has_three_digits,
    ),
    rule(
        "RECORD",
        ("字第", "初", "终", "民", "刑"),
        r"(?P<value>[(（](?:19|20)\d\d[)）][\u4e00-\u9fff]{1,2}\d{0,4}[民刑行执][初终特监申]\d{1,6}号)",
    ),
    rule(
        "RECORD",
        ("工号", "警号", "学号", "胸牌", "序号", "预约号", "取号"),
        rf"(?:工号|警号|学号|胸牌号?|就诊序号|预约号|取号){_IS}(?P<value>[A-Za-z]{{0,4}}\d{{3,12}}){_END}",
    ),
    rule(
        "MESSENGER",
        ("@",),
        r"(?:微博|抖音|小红书|知乎|快手|贴吧|B站|公众号)[:\uff1a\s]{0,2}(?P<value>@[\w-]{2,20})",
    ),
    rule(
        "PHONE",
        ("电话", "手机", "热线", "专线", "转接", "分机", "拨", "致电", "联系方式", "宅电", "座机", "联系"),
        r"(?:电话|手机|热线|专线|转接|宅电|座机|[回直]拨|拨打?|致电|联系(?:方式|我|他"
        r"|她)?)(?:号码?)?[:\uff1a是为\s]{0,3}",
        rf"(?P<value>\d{{7,8}}(?:(?:-|转(?:分机)?)\d{{1,5}})?|\d{{3,4}} \d{{4}}){_END}",
        check=is_phone,
    ),
    rule(
        "PHONE",
        None,
        r"(?P<value>[一幺零](?<![零〇一二三四五六七八九十百千万亿].)(?:(?<!零)[三四五六七八九][零〇一二三四五六七八九幺]{9}"
        r"|(?<=零)[一二三四五六七八九][零〇一二三四五六七八九幺]{8,10}))"
        r"(?![零〇一二三四五六七八九十百千万亿])",
    ),
    rule(
        "ACCOUNT",
        ("卡", "账号", "帐号", "账户"),
        r"(?:卡|账号|帐号|账户)[:\uff1a号是为\s]{0,3}(?P<value>\d{4}(?: \d{4}){2,4}(?: \d{1,4})?)(?!\d)",
    ),
    rule(
        "ID",
        None,
        r"(?<![\dA-Za-z])(?P<value>[1-9]\d{5}[ -](?:18|19|20)\d{6}[ -]?\d{3}[\dXx])(?![\dA-Za-z])",
        near=LONG_NUMBER,
    ),
    rule(
        "DEVICE",
        ("s/n", "sn", "序列号", "udi", "机身号", "出厂号"),
        r"(?:S/N|\bSN|序列号|UDI|机身号"
        r"|出厂号)[:：#\s]{0,3}(?P<value>(?=[A-Za-z-]{0,6}\d)[A-Za-z\d]{2,20}(?:[-/][A-Za-z\d]{1,12}){0,4})(?![\dA-Za-z])",
        check=_has_three_digits,
        flags=re.IGNORECASE,
    ),
    rule(
        "ID",
        ("身份证", "证件"),
        r"(?:身份证|证件)(?:号码?)?[:\uff1a是为\s]{0,3}(?P<value>\d{6} \d{8} ?\d{3}[\dXx])(?![\dA-Za-z])",
    ),
)
