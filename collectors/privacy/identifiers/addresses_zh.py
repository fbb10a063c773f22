"""Places finer than a province in Chinese: streets and doors, towns and villages, hospitals beside their doctors."""

import re

from collectors.privacy.identifiers.name_parts_zh import SURNAME
from collectors.privacy.identifiers.rule import rule

_HAN = r"[\u4e00-\u9fff]"
_PLACE = r"(?:[^\W\d_a-zA-Z住在于址是为者从到的系自来往与或及个查]|自(?=治)|来(?=[凤宾安]))"
_NUMBER = r"(?:[A-Za-z]?\d{1,4}|[A-Z]|[一二三四五六七八九十]{1,3})"
_DOOR = (
    rf"(?:(?:院|宿舍|附)?{_NUMBER}(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|房|门|期|组团|舍|排|户|队|小?组|社|区(?=\d))){{0,6}}"
    r"(?:-?\d{1,4}(?![\d人岁年月天次个%.])){0,4}(?:[东西南北]头第?[一二三四五六七八九十\d]{1,2}家)?"
)
_BUILDING = (
    rf"(?:{_HAN}{{2,10}}?(?:广场|大厦|中心|大楼|小区|花园|公寓|园区|科学园|写字楼|商厦|家园|新村|苑|城)(?=[A-Za-z\d])"
    rf"{_DOOR.replace('{0,6}', '{1,6}', 1)})?"
)
"""A building behind a street number, with a door of its own."""
_REGION = (
    r"(?:省|自治区|市|自治州|地区|盟|区|县|旗|镇|乡|街道|村|路|街|大道|巷|弄|胡同|小区|花园|公寓|苑|里|号|栋|幢|室"
    r"|楼|组|屯|社区|庄|寨|农场|林场|宿舍|家园|新村|城|座)"
)

_NAMED = r"[^\W\d_a-zA-Z住在于是为者从到的去我你他她您就后前了找请]"
_PROVINCE = (
    r"(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    r"|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)"
)
_NO_ADDRESS = re.compile(
    r"医院|一个|比较|的|这[里儿]|哪|病房|宿舍(?!.*\d)|学校(?!.*\d)|楼上|楼下|[验诊术救科教公护产化]室|[进送]行"
)
_NO_OFFICE = rf"(?!{_HAN}{{0,10}}(?:医院|卫生院|大学|学院|法院|研究所|政府|委员会|公司|中心))"
"""The place of an office is nobody's address."""


def _is_address(value: str) -> bool:
    """Names a region, and is no figure of speech or hospital."""
    return re.search(
        rf"{_HAN}{_REGION}|\d(?:号|栋|幢|座|室|单元|排|组|社|队|期|组团)", value
    ) is not None and not _NO_ADDRESS.search(value)


_CORE = rf"(?![省市县州盟旗镇乡村街巷庄寨屯苑区路]){_PLACE}"
"""A character of a name that ends no part of an address: with these alone the parts can be told apart at once."""
_GROUPED = re.compile(r"^[全各本该某我每两多城乡]|[各农山]村|城[区乡]|患者|病|医|的|区域|地区.{0,2}农村")
"""Of people in general, not of one."""
_DOORS = r"(?:号楼|号院|号|栋|幢|座|室|单元|排|门|组|队|社|楼|层|弄|房)"
RULES = (
    rule(
        "ADDRESS",
        ("号", "栋", "幢", "座", "弄", "室", "组", "队", "社", "排"),
        rf"(?P<value>{_PLACE}{{2,6}}?(?:省|自治区|市|区|县|旗|州|镇|乡|街道|村|路|街|巷|社区|小区|新村|家园)"
        rf"(?:{_PLACE}|[-—·A-Za-z]){{0,24}}?\d{{1,5}}(?:-\d{{1,4}})?{_DOORS}"
        rf"(?:{_PLACE}{{0,10}}?[A-Za-z]?\d{{1,4}}{_DOORS}){{0,6}}(?:-?\d{{2,4}}(?![\d人岁年月天次个%.]))?)",
        check=lambda value: (
            not _NO_ADDRESS.search(value) and not re.search("医院|门诊|病区|[内外儿妇骨]科|标本|手术|病例", value)
        ),
    ),
    rule(
        "ADDRESS",
        ("号", "栋", "幢", "座", "弄", "室", "组"),
        rf"(?P<value>{_PLACE}{{1,24}}?",
        r"(?:(?:路|街|大道|(?<![吸通管气肠尿食轨产阴声胆])道|巷|弄|胡同|里|桥|坊|营"
        r"|沟)\d{1,5}(?:[-—]\d{1,4})?[号弄](?:附\d{1,3}号|之\d{1,3})?|(?:小区|花园|公寓|新村|家园|苑|村|城|府|庭"
        r"|广场|大厦|湾|园"
        r"|社区|庄|屯)\d{1,4}[号栋幢座组期])",
        rf"{_DOOR}{_BUILDING})",
    ),
    rule(
        "ADDRESS",
        ("址", "住", "户口", "户籍", "老家", "宿舍", "家在", "来自", "居", "寄", "送"),
        r"(?:(?:家庭|现|通讯|联系|户籍|工作|收货|邮寄|居住|常住)?(?:地 ?址|住 ?址(?: Address in China)?)|户籍"
        r"|老家|宿舍|家在|(?<!入)住(?!院|进|宿)(?:在|于)?"
        r"|[现定旅寓]居|户口所在地|住处|居住地|户籍所在地|居家环境|门牌|住址\s?/\s?电话|来自|[邮快]?[寄送](?:[至往]"
        r"|到))",
        rf"[:\uff1a是为于在\s]{{0,4}}(?P<value>{_HAN}(?:[\u4e00-\u9fffA-Za-z\d·\-—－#()（）]| (?=\d)|(?<=\d)"
        rf" (?=[号组栋室村社队])){{2,50}})",
        check=_is_address,
    ),
    rule(
        "ADDRESS",
        ("籍贯", "户籍", "出生地"),
        rf"(?:籍贯|户籍(?:所在地|地)?|出生地)[:\uff1a是为\s]{{1,3}}(?!{_PROVINCE}(?:省|市|自治区)?(?!{_HAN}))(?P<value>{_HAN}[\u4e00-\u9fff\d-]{{1,30}})",
    ),
    rule(
        "ADDRESS",
        ("省", "市", "自治", "县"),
        rf"(?P<value>(?:{_PLACE}{{2,6}}?(?:省|自治区))?{_PLACE}{{2,6}}?(?:市|自治州"
        rf"|州)(?:(?!{_HAN}{{1,3}}[镇乡]){_PLACE}{{1,5}}?(?:区|县"
        rf"|旗|市)|{_PLACE}{{1,5}}?(?:镇|乡(?!村)|街道))"
        rf"(?:{_PLACE}{{1,6}}?(?:街道|镇|乡))?(?:{_PLACE}{{1,8}}?(?:路|街|大道|巷|村|小区|社区))?{_DOOR}"
        rf"|{_PLACE}{{2,6}}?(?:省|自治区){_PLACE}{{2,6}}?(?:市|自治州|县)(?:{_PLACE}{{1,5}}?(?:区|县|镇|乡"
        rf"|村)){{0,3}}{_DOOR})",
        _NO_OFFICE,
    ),
    rule(
        "ADDRESS",
        ("县", "镇", "乡"),
        rf"(?P<value>{_PLACE}{{1,5}}?(?:县|市|区){_PLACE}{{1,5}}?(?:镇|乡(?!村)|街道)(?:{_PLACE}{{1,6}}?(?:村|组|屯"
        rf"|庄|寨|社区))?{_DOOR})",
        _NO_OFFICE,
    ),
    rule(
        "ADDRESS",
        ("省", "市", "县", "区", "镇", "乡", "街道"),
        rf"(?P<value>(?:{_CORE}{{1,7}}(?:省|自治区|自治州|市|地区|盟|州|县|区|旗|镇|乡|街道|农场|林场)){{1,4}}+"
        rf"(?:{_CORE}{{1,8}}(?:村民委员会|村委会|居委会|自然村|社区|小区|新村|村|路|街|巷|胡同|花园|公寓|家园|苑|新城|屯|寨|庄)){{1,3}}"
        rf"(?:{_DOOR}|{_PLACE}{{1,5}}(?:小?组|队|社|[坡湾屯寨坪冲沟岭塘])(?![\u4e00-\u9fff])))",
        rf"{_NO_OFFICE}(?!居民|患者|卫生|人口)",
        check=lambda value: _GROUPED.search(value) is None,
    ),
    rule(
        "HOSPITAL",
        ("医院", "卫生院", "诊所", "保健院", "医学中心"),
        rf"(?P<value>{_NAMED}{{2,16}}?(?:医院|卫生院|诊所|保健院|医学中心))(?:{_HAN}{{0,9}}[科室部])?的?",
        rf"(?={SURNAME}{_HAN}{{0,2}}(?:副?主任|医生|医师|大夫|教授|护士))",
    ),
)
