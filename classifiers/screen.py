"""The stage that turns away what no model should learn from, whatever it is about."""

import re
from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from datagen.stage import Outcome, RowStage

# Each cue is a different kind of salesmanship: claims, urgency, prices, guarantees, ways to order.
CUES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # what it claims
        r"神医|祖传(?:秘|配|验)?方|秘方|偏方|包治|治百病|药到病除|永不复发|彻底根治|告别(?:吃药|打针|手术|眼镜)",
        r"miracle|secret (?:formula|remedy|recipe)|ancient (?:secret|remedy)|cures? (?:all|any|every) |cure-all"
        r"|(?:cures?|removes|dissolves|reverses) [\w ]{3,40} (?:in|within) (?:a|one|two|three|\d+|just) ",
        # by what authority
        r"专家亲诊|国际领先|独家|特效药|纯天然|央视|诺贝尔|军区|老中医|量子|航天科技|磁疗",
        r"quantum|doctors (?:hate|don't want)|no doctor knows|big (?:pharma|industry)"
        r"|(?:don't|does not|doesn't) want you to know|monks|celebrit|never need [\w ]+ again|throw (?:away )?your",
        # with what guarantee
        r"无效(?:全额)?退款|签约治疗|不反弹|零风险|百分之百(?:有效|治愈)|100%(?:有效|治愈)|治愈率(?:高)?达",
        r"money[- ]back|guaranteed|100 ?% (?:natural|effective|safe)|no (?:side effects|risk\b)|risk[- ]free",
        # who swears by it
        r"[王李张刘陈赵][大老][妈爷伯娘]",
        r"thousands of (?:happy|satisfied)|million (?:fans|users|customers)|testimonial|says: ",
        # at what price
        r"优惠|特价|买[一二三两\d]+[送赠]|再送|原价|仅需|只要[一二三四五六七八九\d][百千万\d]|厂家直销|货到付款|来就有礼",
        r"buy (?:one|two|\d)|at no cost|free (?:shipping|bottle|trial|golden|gift)|(?:\d+ ?%|per cent) off"
        r"|special offer|price doubles",
        # how soon
        r"限时|抢购|名额有限|前\d+名|仅限今天|立即(?:订购|购买|拨打)|最后\d+[天名盒]",
        r"limited[- ](?:time|offer)|act (?:now|fast)|while (?:stocks|supplies) last|only \w+ left|hurry"
        r"|until midnight|next hour",
        # and how to order
        r"(?:咨询|订购|预约|免费)(?:热线|电话)|加(?:我)?微信|扫码(?:购买|咨询|加)|在线客服",
        r"(?:order|buy|subscribe|pay|call) (?:now|today)|order through|click here|add to cart|operators are waiting",
    )
]


class Screen(RowStage):
    """Drops advertisements, and records that carry a refused safety label.

    An advertisement shows at least `cues` different kinds of salesmanship (claims, guarantees, urgency, ways to order):
    one alone also occurs in honest text.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "safety")

    cues: int = Field(2, ge=1, description="kinds of salesmanship that make an advertisement")
    refuse: tuple[str, ...] = Field(("hidden_instructions", "retracted"), description="safety labels to drop")

    def apply(self, batch: pa.Table) -> Outcome:
        dropped = {}
        rows = zip(*(batch[c].to_pylist() for c in ("id", "text", "safety")), strict=True)
        for identity, text, safety in rows:
            refused = next((label for label in safety or () if label in self.refuse), None)
            if refused:
                dropped[identity] = refused
            elif sum(bool(cue.search(text)) for cue in CUES) >= self.cues:
                dropped[identity] = "advertisement"
        return Outcome(batch, dropped=dropped)
