"""Texts that talk to the machine that reads them, in English and Chinese."""

import re
import unicodedata
from functools import cache

from collectors.text.hygiene import visible

_TAG = re.compile("[\U000e0020-\U000e007e]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_STYLED = re.compile("[\uff01-\uff5e\u2460-\u24ff\u2100-\u214f\U0001d400-\U0001d7ff\U0001f130-\U0001f169]+")
"""Full width, circled and mathematical letters."""
_HAN_GAP = re.compile(r" (?=[\u4e00-\u9fff])(?<=[\u4e00-\u9fff] )")
_FOLDED = dict(
    zip(
        "аеорсухіјѕԁһ無視記這給評為將標優質現個沒輸顯洩說複統設語審應當機爬蟲們過絕對執規則約請於發戶負點類舊與後會裡內該詞論檔",
        "aeopcyxijsdh无视记这给评为将标优质现个没输显泄说复统设语审应当机爬虫们过绝对执规则约请于发户负点类旧与后会里内该词论档",
        strict=True,
    )
)
"""Cyrillic letters that pass for Latin ones, and traditional characters."""

_TO_FOLD = re.compile(f"[{''.join(_FOLDED)}]")

_EARLIER = "(?:previous|previously given|above|prior|earlier|preceding|foregoing|former|original|initial|system)"
_ORDERS = "(?:instruction|prompt|direction|directive|command|guideline|rule|constraint)s?"
_THIS = "(?:this|the) (?:whole |entire )?(?:text|document|article|paper|passage|page|sample|manuscript|answer|response)"
_TOP = r"(?:5|five|10|ten|100|highest|maximum|perfect|full|top)\b"
_FREE = r"(?:unrestricted|unfiltered|uncensored|jailbroken)\b"
_GOOD = "(?:high[- ]quality|excellent|top|safe|harmless)"
_MODEL = r"(?:(?:large )?language models?|(?:ai|llm) (?:assistant|reviewer|chatbot|model)s?|ai|llms?|chatbots?)\b"
_COMMANDS = "(?:指令|提示词?|命令|指示|规则|设定|约束|限制|要求|system prompt|prompt)"
_BEFORE = "(?:之前|以前|以上|上述|前面|先前|此前|上面|原有|原来|最初|系统|所有|全部|一切|任何|给你|收到|已有)"
_TEXT = "(?:本文档?|[此该]文档?|[这此]篇(?:文章|论文)|本论文|[这该]段?(?:文字|文本)|本文本|[这本]个?回答)"
_BEST = "(?:5|五|满|最高|10|十|100|一百|优秀|高质量|最?优质|安全)"
_WHOM = "(?:ai|人工智能|大?语言模型|大模型|机器人|爬虫)(?:审稿人|助手|模型|系统)?"

_RULES: tuple[tuple[str, str], ...] = (
    # what a passage begins with (alternatives), and how it goes on
    (
        "ignore|disregard|forget|override|bypass|skip|neglect|discard|not follow|n't follow",
        r" (?:all |any |every |each )?(?:of )?(?:the |your |my |these |those |its )?(?:all )?"
        rf"(?:(?:{_EARLIER} )+(?:\w+ )?{_ORDERS}|(?<=your ){_ORDERS}|(?<=my ){_ORDERS})\b",
    ),
    (
        "ignore|disregard|forget",
        r" (?:everything|anything|all|whatever)(?: \w+){0,4}"
        r" (?:above|before this|you (?:were|have been) (?:told|instructed))",
    ),
    ("rate|score|grade|mark", rf" {_THIS} (?:\w+ ){{0,3}}?{_TOP}"),
    (
        "rate|score|grade",
        r"(?: (?:this|it|me))?(?: (?:as|with|at|an?))* (?:5|five|10|ten|100) ?(?:/|out of) ?(?:5|five|10|ten|100)\b",
    ),
    ("give|assign|award", rf" {_THIS} (?:an? |the )?{_TOP}(?: \w+)? (?:score|rating|grade|mark|point|star)s?"),
    (
        "classify|label|mark|tag|judge",
        rf" {_THIS} as (?:an? |of )?(?:very )?{_GOOD}",
    ),
    (
        "you are now",
        rf" (?:an? )?(?:\w+ )?(?:{_MODEL}|dan\b|in (?:developer|debug|admin|god) mode|unrestricted|jailbroken)",
    ),
    (
        "act as|behave as|respond as|answer as",
        rf" (?:if you (?:are|were) )?(?:an? )?{_FREE}",
    ),
    (
        "reveal|print|show|repeat|output|leak|display|tell",
        r"(?: me| us)? (?:all of )?(?:the|your|your \w+) (?:system|initial|hidden|secret)"
        " (?:prompt|instruction|message)",
    ),
    ("new|updated|real|actual", r" (?:system )?instructions?(?: for \w+)?: "),
    ("give|write|output|provide", r" (?:an? )?(?:only )?(?:positive reviews? only|only positive reviews?)\b"),
    ("do not|don't", r" (?:highlight|mention|point out|reveal) any (?:negatives|weaknesses|flaws)"),
    ("do not|don't", r" (?:tell|inform|alert|notify) the user\b"),
    ("as a|as an|as the", rf" {_MODEL}[,,]? you (?:should|must|will|have to|need to)\b"),
    ("if you are", rf" (?:an? |the )?{_MODEL}"),
    ("attention|note|notice|message|important", rf"[,:!]? (?:to|for) (?:all |any |an? |the )?{_MODEL}[:,.!]"),
    ("<|", r"(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"),
    ("[inst]|[/inst]|<<sys>>", ""),
    (
        "忽略|无视|忘记|忘掉|忽视|抛弃|跳过|绕过|不要理会|不要遵守|不要遵循|不要执行|请勿遵守|请勿遵循|不再遵守|不再遵循",
        rf"掉?(?:你们?|您)?的?(?:{_BEFORE}的?)+(?:给出的?|收到的?)?\w{{0,4}}?{_COMMANDS}",
    ),
    ("忽略|无视|忘记|忘掉|忽视", rf"掉?(?:你|您)的?{_COMMANDS}"),
    (
        "忽略|无视|忘记|忘掉",
        r"(?:之前|以上|上述|前面|先前|此前|上面)的?(?:所有|全部|一切)?(?:内容|对话|文字)[,。!;]?(?:请|并|然后|直接|只)",
    ),
    ("给|为|对|将|把", rf"{_TEXT}(?:必须|直接)?(?:打|评为|评定|标记|评价|评分|评|判定|判|分类)(?:为|成|出|上)?{_BEST}"),
    ("请只|只给|只写|只输出", r"(?:给|写|输出)?出?(?:正面|积极|肯定)的?(?:评价|审稿意见|评审意见|评论)"),
    ("不要提及|不要指出|不要写出|不要提到", r"任何(?:缺点|不足|缺陷|负面)"),
    ("不要告诉|不要告知|不要通知|不要提醒", "用户"),
    ("你现在是", r"(?:一个|一名)?(?:没有(?:任何)?限制|不受(?:任何)?限制|无限制|越狱|开发者模式|dan)"),
    ("输出|显示|泄露|透露|告诉我|重复|打印|说出", rf"[你您]?的?(?:系统|初始|隐藏|原始)(?:消息|{_COMMANDS})"),
    ("作为", rf"(?:一个|一名)?{_WHOM},?(?:你|请你|您)(?:必须|应该|应当|需要|要)"),
    ("如果你是|如果您是|若你是|假如你是", rf"(?:一个|一名)?{_WHOM}"),
    ("致|告", rf"(?:所有|各位)?{_WHOM}们?[:,]"),
    ("新指令|新的指令|更新后的指令|系统指令", ":"),
)


def hidden_instructions(text: str) -> bool:
    """Whether a text addresses the model that reads it, rather than a human reader; also where the words are broken by
    invisible characters or line ends, written in full width, in look-alike letters, in traditional characters, in
    Unicode tag characters or in variation selectors."""
    if not text.isascii():
        text = _TAG.sub(lambda tag: chr(ord(tag[0]) - 0xE0000), text)
        text += "".join(f"\n{_bytes_in_selectors(run)}" for run in _SELECTORS.findall(text))
        text = _STYLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), visible(text))
    text = " ".join(text.lower().split())
    if not text.isascii():
        text = _HAN_GAP.sub("", _TO_FOLD.sub(lambda found: _FOLDED[found[0]], text))
    starts, rests = _machine()
    return any(rest.match(text, end + 1) for end, found in starts.iter(text) for rest in (rests[i] for i in found))


@cache
def _machine():
    """An automaton of all beginnings, each with the rules that it begins, and the rests of the rules."""
    import ahocorasick

    rules: dict[str, list[int]] = {}
    for number, (starts, _) in enumerate(_RULES):
        for start in starts.split("|") if starts != "<|" else [starts]:
            rules.setdefault(start, []).append(number)
    automaton = ahocorasick.Automaton()
    for start, numbers in rules.items():
        automaton.add_word(start, tuple(numbers))
    automaton.make_automaton()
    return automaton, [re.compile(rest) for _, rest in _RULES]


def _bytes_in_selectors(run: str) -> str:
    """Text hidden as variation selectors, of which there are 256, one for each byte."""
    codes = (ord(c) for c in run)
    values = bytes(code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16 for code in codes)
    return values.decode("utf-8", "ignore")
