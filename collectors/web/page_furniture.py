"""Lines that pages have around their text: calls to share, subscribe or read on, rows of links, notices of the site.

Only for pages, where such lines stand between blocks of text; what plain text has is in `collectors.text.boilerplate`.
"""

import re

MAX_CHARACTERS = 400
"""Of a block that counts as furniture: longer ones are paragraphs, whatever they begin with."""

_ENGLISH = r"""
  read\ (?:more|next|also)\b | also\ (?:on|see)\b | see\ also\s*: | you\ (?:may|might)\ also\ like
| related(?:\ (?:articles?|stor(?:y|ies)|posts?|topics?|links?|content|coverage))?\s*(?::|$)
| follow\ (?:us|me|\w+(?:\ \w+)?)\ on\b | like\ this\ (?:story|post|article)\b | share\ (?:this|on)\b
| (?:sign\ up|subscribe)\ (?:now|here|to|for)\b | get\ the\ latest\b | click\ here\b | have\ a\ tip\b
| advertisement\b | sponsored\ (?:by|content)\b | skip\ (?:to\ (?:main\ )?content|navigation)
| ©|\(c\)\ (?:19|20)\d\d|copyright\ (?:©|\(c\)|(?:19|20)\d\d) | all\ rights\ reserved | filed\ under\b | tags?\s*:
| (?:image|photo)\ credits?\b | (?:this\ )?page\ last\ (?:reviewed|updated|modified)\b | last\ (?:reviewed|updated)\s*:
| (?:the\ )?(?:views|opinions)\ expressed\ (?:by|in|on|here)\b.{0,200}?(?:do\ not\ (?:necessarily\ )?re|are\ solely)
| (?:this|our)\ (?:web)?site\ uses\ cookies | we\ (?:and\ our\ partners\ )?use\ cookies
| (?:accept|reject|manage)\ (?:all\ )?cookies | by\ (?:using|continuing\ to\ use|browsing)\ this\ (?:web)?site
| (?:terms\ of\ (?:use|service)|privacy\ policy|cookie\ policy)(?:\s*[|·,&]|\s*$) | powered\ by\ \w+\s*$
| (?:back|return)\ to\ (?:the\ )?top\b | print\ this\ page\b | home\ ?(?:[>»|]|$)
"""
_CHINESE = r"""
  (?:相关|推荐|延伸|更多)(?:阅读|文章|推荐|新闻|链接|内容)\s*(?:[:：]|$) | 阅读原文\s*$
| 点击(?:查看|阅读|进入|这里)(?:更多|全文|原文)? | (?:责任)?编辑\s*[:：] | 版权(?:所有|声明) | 免责声明
| 未经(?:许可|授权|允许) | 本(?:网)?站(?:所有|部分|转载|刊载|声明) | (?:转载|转发)(?:请|须)?注明
| (?:上|下)一(?:篇|页|章)\s*(?:[:：]|$) | 分享(?:到|至)\s*[:：]?
| 扫(?:一扫|描|码)(?:.{0,12})?(?:二维码|关注|下载) | (?:请)?(?:长按|识别)(?:.{0,6})?二维码
| (?:微信)?(?:扫码)?关注(?:我们|公众号|本站|微信) | (?:回到|返回)(?:顶部|首页|列表)
| 当前位置\s*[:：] | 您(?:现在)?的位置\s*[:：] | 首页\s*(?:[>»|]|$) | .{0,12}(?:ICP备|ICP证|公网安备)
| (?:本网站|我们)使用\s*cookies? | (?:隐私政策|使用条款|联系我们|网站地图)\s*(?:[|·]|$) | 广告\s*$ | 标签\s*[:：]
"""
_FURNITURE = re.compile(rf"[\W_]*(?:{_ENGLISH}|{_CHINESE})", re.IGNORECASE | re.VERBOSE)
_LINK_ROW = re.compile(r"[^|。.!?]{1,40}(?:\s\|\s[^|。.!?]{1,40})+")


def is_furniture(block: str) -> bool:
    """Whether a block of a page says nothing of the page's own subject: by what it begins with, in English or Chinese,
    or as a row of links. Of several lines each must be such a one."""
    if len(block) > MAX_CHARACTERS:
        return False
    return all(_FURNITURE.match(line) or _LINK_ROW.fullmatch(line) for line in block.split("\n"))
