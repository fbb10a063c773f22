"""Advertisements: texts that show several kinds of salesmanship."""

import re

# One pattern per kind of salesmanship. One kind alone also occurs in honest text.
_KINDS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # what it claims
        r"神医|祖传(?:秘|配|验)?方|秘方|偏方|包治|治百病|药到病除|永不复发|不再?复发|(?:彻底|可|能|包|保证"
        r"|专业)根治(?!性)|告别(?:吃药|打针"
        r"|手术|眼镜|\w{1,6}烦恼)"
        r"|[一二三四五六七八九十两\d]+(?:天|个?疗程|盒|周)(?:就)?(?:见效|根治|治愈|痊愈|康复|摆脱)|立竿见影|一次见效"
        r"|当天见效|快速见效"
        r"|miracle|secret (?:formula|remedy|recipe)|ancient (?:secret|remedy)|cures? (?:all|any|every) |cure-all"
        r"|(?:cures?|removes|dissolves|reverses|melts?) [\w ]{3,40} (?:in|within) (?:a|one|two|three|\d+|just) ",
        # by what authority
        r"专家亲诊|国际领先|独家|(?<!没有)(?<!无)(?<!有什么)(?<!没有什么)特效药|纯天然|央视|诺贝尔"
        r"|军区(?:总)?医院专家|老中医|量子|航天科技|磁疗|权威认证|专利技术|美国进口"
        r"|德国进口|名医坐诊"
        r"|国家专利|全国十佳|唯一指定|三甲专家|高科技|quantum|doctors (?:hate|don't want)|no doctor knows"
        r"|big (?:pharma|industry)"
        r"|(?:don't|does not|doesn't) want you to know|monks|celebrit|never need [\w ]+ again|throw (?:away )?your"
        r"|clinically proven formula|breakthrough formula",
        # with what guarantee
        r"无效(?:全额)?(?:退款|退钱|包退)|签约治疗|不反弹|零风险|百分之百|100%(?:有效|治愈)|治愈率(?:高)?达"
        r"|有效率(?:高)?达|无(?:任何)?副作用"
        r"|无痛无|不满意|假一赔|放心购买|正品保[证障]|money[- ]back|guaranteed|100 ?% (?:natural|effective|safe)"
        r"|no (?:side effects|risk\b)|risk[- ]free",
        # who swears by it
        r"[王李张刘陈赵][大老][妈爷伯娘]|患者送来锦旗|万(?:名)?(?:患者|家庭|用户)(?:的)?(?:选择|信赖|见证)|亲身经历"
        r"|用过都说好|好评如潮|口碑"
        r"|thousands of (?:happy|satisfied)|million (?:fans|users|customers)|testimonial|says: |customers? love",
        # at what price
        r"优惠|特价|买[一二三两\d]+[送赠]|再送|原价|仅需|仅售|只要[一二三四五六七八九\d]+[百千万\d元]|厂家直销"
        r"|货到付款|来就有礼|免费(?:试用|领取|赠|体验|送)"
        r"|\d折|包邮|立减|抵扣|团购价|会员价|buy (?:one|two|\d)|at no cost|free (?:shipping|bottle|trial|golden|gift"
        r"|sample)"
        r"|(?:\d+ ?%|per cent) off|special offer|price doubles|only \$\d",
        # how soon
        r"限时|抢购|名额有限|前\d+名|仅限今[天日]|立即(?:订购|购买|咨询|预约|下单)|最后\d+[天名盒]|活动(?:仅"
        r"|截止)|数量有限|先到先得|速来|赶快|马上行动"
        r"|limited[- ](?:time|offer)|act (?:now|fast)|while (?:stocks|supplies) last|only \w+ left|hurry"
        r"|until midnight|next hour",
        # and how to order
        r"(?:咨询|订购|预约|免费|健康|服务)(?:热线|电话)|加(?:我)?(?:微信|[vVＶ]信|QQ|qq)|微信号?[:：]|扫码|在线客服"
        r"|客服|下单|订购|官网|旗舰店|点击(?:链接|下方|购买|咨询|预约)"
        r"|(?:致电|拨打)(?:热线|咨询|订购|下方|客服|免费|专家)|私信我|关注(?:我们的)?公众号|(?:order|buy|subscribe"
        r"|pay|call) (?:now|today)|order through"
        r"|click here|add to cart"
        r"|operators are waiting|visit our (?:website|store)",
    )
]


def salesmanship(text: str) -> int:
    """Kinds of salesmanship in a text, of seven: claims, authority, guarantees, testimony, price, urgency, ordering."""
    return sum(bool(kind.search(text)) for kind in _KINDS)
