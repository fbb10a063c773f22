"""Addresses on the net, and names of accounts there: e-mail, messengers, pages, machines."""

import re

from collectors.privacy.identifiers.checks import is_ip
from collectors.privacy.identifiers.number_parts import BEFORE, IS
from collectors.privacy.identifiers.rule import LONG_NUMBER, Near, rule

LIGHT = (
    rule(
        "EMAIL",
        ("@",),
        r"(?<![A-Za-z0-9._%+-])",
        r"(?P<value>[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![A-Za-z])",
    ),
    rule(
        "MESSENGER",
        ("微信", "wechat", "weixin", "v信", "vx", "薇信", "wx"),
        rf"(?:微信|薇信|v信|wechat|weixin|(?<![a-z])[vw]x)(?:\s?id)?{IS}",
        r"(?P<value>(?=[a-z_-]*[\d_-])[a-z][a-z0-9_-]{5,19}|1[3-9]\d{9})(?![A-Za-z0-9_-])",
        flags=re.IGNORECASE,
    ),
    rule(
        "MESSENGER",
        ("qq", "扣扣", "企鹅号"),
        rf"(?:qq|扣扣|企鹅)(?:群)?{IS}(?P<value>[1-9]\d{{4,11}})(?!\d)",
        flags=re.IGNORECASE,
    ),
)

FULL = (
    rule("MESSENGER", ("@",), r"(?<![\w.@/+-])(?P<value>@[A-Za-z][\w.]{2,29}(?<!\.))(?![\w@(])", flags=re.ASCII),
    rule(
        "MESSENGER",
        (
            "ig:",
            "insta",
            "snap",
            "fb",
            "tiktok",
            "reddit",
            "linkedin",
            "twitter",
            "venmo",
            "cashapp",
            "paypal",
            "steam",
            "twitch",
            "whatsapp",
        ),
        r"\b(?:IG|insta(?:gram)?|snap(?:chat)?|FB|facebook|tiktok|reddit|linkedin|twitter|venmo|cashapp|paypal|steam"
        r"|twitch)\b"
        r"(?: (?:name|id|account|user ?name|is))?[ :]{1,3}(?P<value>(?:u/|in/|\$|@)?(?=[\w.-]{0,28}[\d_]"
        r"|(?<=[/@$]))[\w.-]{3,30}(?:#\d{4})?(?<!\.))",
        flags=re.IGNORECASE | re.ASCII,
    ),
    rule("MESSENGER", ("u/",), r"(?<![\w/.])(?P<value>u/[\w-]{3,20})(?![\w/])", flags=re.ASCII),
    rule(
        "MESSENGER",
        ("handle", "discord", "instagram", "snapchat", "telegram", "twitter", "tiktok", "facebook", "kik"),
        r"\b(?:(?:discord|instagram|snapchat|telegram|twitter|tiktok|facebook|kik|skype)(?: (?:handle|user ?name|id"
        r"|account|name))(?: is| was)?"
        r"|handle(?: is| was)?:)[ :]{1,2}@?(?P<value>[A-Za-z][\w.-]{3,29}(?<![.-]))(?!\w)",
        flags=re.IGNORECASE,
    ),
    rule(
        "MESSENGER",
        (
            *("username", "user name", "user id", "login", "handle", "skype", "instagram", "twitter", "telegram"),
            *("抖音", "微博", "支付宝", "钉钉", "小红书", "快手", "用户名", "登录名", "账号名"),
        ),
        r"(?:(?<![A-Za-z])(?:user ?name|user id|login|handle|skype|instagram|twitter|telegram)(?: ?(?:id|name"
        r"|handle))?"
        r"(?:[\s:\uff1a]|\bis\b|\bwas\b){1,4}"
        r"|(?:抖音|微博|支付宝|钉钉|小红书|快手|用户名|登录名|账号名)(?:账?号|账户|ID)?[\s:\uff1a是为]{0,4})",
        r"(?P<value>@?(?=[A-Za-z._-]*[\d_.]|(?<=@))[A-Za-z0-9][\w.-]{3,29}(?<![.-]))(?!\w)",
        flags=re.IGNORECASE | re.ASCII,
    ),
    rule(
        "URL",
        ("://", "www."),
        r"(?P<value>(?:https?://|ftp://"
        r"|(?<![A-Za-z0-9.])www\.)[^\s<>\"'()\uff08\uff09\uff0c。\uff1b、]{3,500}(?<![.,;:!?]))",
        flags=re.IGNORECASE,
    ),
    rule(
        "URL",
        (".com", ".org", ".net", ".cn", ".io", ".co"),
        r"(?<![@A-Za-z0-9_./-])(?P<value>(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|cn|io"
        r"|co\.uk)(?:/[^\s<>\"'()\uff08\uff09\uff0c。]{0,200}(?<![.,;:!?]))?)",
        r"(?![\w-])",
        flags=re.IGNORECASE,
    ),
    rule(
        "URL",
        ("/",),
        r"(?<![@A-Za-z0-9_./-])(?P<value>(?:[a-z0-9-]{1,63}\.){1,4}(?:edu|gov|info|me|us|uk|ca|au|nz|ie|in|eu|de|fr|health|app|care"
        r"|clinic|link|page|site|online|ly|example|test|local|hospital)(?::\d{2,5})?/[^\s<>\"'()\uff08\uff09\uff0c。]{1,200}(?<![.,;:!?]))",
        flags=re.IGNORECASE,
    ),
    rule(
        "IP",
        None,
        rf"(?:{BEFORE}|(?<=IP))(?P<value>\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?![\d.]*\d)",
        check=is_ip,
        near=LONG_NUMBER,
    ),
    rule(
        "IP",
        ("ip",),
        r"(?<![A-Za-z])IP(?: ?(?:地址|address))?[:\uff1a是为\s]{0,3}(?:is |was )?(?P<value>\d{1,3}(?:\.\d{1,3}){3})"
        r"(?![\d.]*\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "IP",
        None,
        r"(?<![A-Za-z0-9_:])(?P<value>(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
        r"|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6})(?![\w:])",
        check=lambda value: any(c.isalpha() for c in value) or value.count(":") == 7,
        flags=re.IGNORECASE,
        near=Near(re.compile(r":[0-9A-Fa-f]{0,4}:"), 8, 48),
    ),
    rule(
        "DEVICE",
        None,
        r"(?<![A-Za-z0-9_:-])(?P<value>[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\2[0-9a-f]{2}){4})(?![\w:-])",
        flags=re.IGNORECASE,
        near=Near(re.compile(r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]"), 4, 20),
    ),
)
