"""Numbers that Chinese text announces by a label: cards, papers, devices, accounts, telephones."""

from collectors.privacy.identifiers.checks import is_phone
from collectors.privacy.identifiers.rule import rule

_IS = r"[:\uff1a#是为\s]{0,3}"
_NO_PERSON = (
    r"型|图|符|代|货|序|色|标准|批准文|文|国药准字|专利|项目|课题|基金|资助|注册|疾病|基因|方案|伦理|试验|刊|目录|书|版本|公告|页|区|位|靶|探针|引物"
    r"|克隆|菌|毒株|细胞|染色体|密|解|源代|二维"
)
"""What is numbered, and is neither a person nor a person's."""
_PUBLIC = r"(?!(?:ChiCTR|NCT|CTR|GSE|PRJ|ISBN|ISSN|GB|YY|WS|ZL|CN)[A-Z/T]*[ -]?\d)"
_YEAR = r"(?!(?:19|20)\d\d(?![\dA-Za-z/_-]))"
_END = r"(?![\dA-Za-z%.]|[年个张元人次例级粒支分页项倍]|以[上下内])"


def _has_three_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 3


RULES = (
    rule(
        "RECORD",
        ("号", "码", "编码", "证", "卡", "单", "id"),
        rf"(?<!{_NO_PERSON.replace('|', ')(?<!')})(?:编?号码?|编码|条形?码|血码|流水码|(?<!验)证(?:字号)?|(?<!贺)卡|"
        rf"(?<=[疗号款费验方送票运诊])单"
        rf"|(?<=[者人诊历户员])ID){_IS}",
        rf"{_PUBLIC}{_YEAR}(?P<value>(?:(?:No|REF|SN)[. :#]{{1,2}})?(?:(?=[A-Za-z-]{{0,8}}\d)[A-Za-z\d]{{4,28}}"
        rf"(?:[-_/][A-Za-z\d]{{1,12}}){{0,4}}"
        rf"|[A-Za-z]{{1,6}}(?:[-_/][A-Za-z\d]{{1,12}}){{1,4}}|\d{{3,6}}(?: \d{{3,8}}){{1,5}})){_END}",
        check=_has_three_digits,
    ),
    rule("RECORD", ("字第",), r"(?P<value>[\u4e00-\u9fff]字第\s?\d{4,10}号?)"),
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
        r"(?:电话|手机|热线|专线|转接|宅电|座机|[回直]拨|拨打?|致电|联系(?:方式|我|他|她)?)(?:号码?)?[:\uff1a是为\s]{0,3}",
        rf"(?P<value>\d{{7,8}}(?:-\d{{1,5}})?|\d{{3,4}} \d{{4}}){_END}",
        check=is_phone,
    ),
    rule(
        "PHONE",
        ("一", "幺"),
        r"(?<![零〇一二三四五六七八九十百千万亿])(?P<value>[一幺][三四五六七八九][零〇一二三四五六七八九幺]{9}|零[一二三四五六七八九][零〇一二三四五六七八九幺]{8,10})"
        r"(?![零〇一二三四五六七八九十百千万亿])",
    ),
    rule(
        "ACCOUNT",
        ("卡", "账号", "帐号", "账户"),
        r"(?:卡|账号|帐号|账户)[:\uff1a号是为\s]{0,3}(?P<value>\d{4}(?: \d{4}){2,4}(?: \d{1,4})?)(?!\d)",
    ),
    rule(
        "ID",
        ("身份证", "证件"),
        r"(?:身份证|证件)(?:号码?)?[:\uff1a是为\s]{0,3}(?P<value>\d{6} \d{8} ?\d{3}[\dXx])(?![\dA-Za-z])",
    ),
)
