"""Words that deny, in English and Chinese."""


def phrases(listed: str) -> tuple[str, ...]:
    return tuple(phrase for line in listed.split("\n") for phrase in map(str.strip, line.split(",")) if phrase)


FORWARD, BACKWARD, EITHER, WIDE = "forward", "backward", "either", "wide"
"""Denies what follows (a Chinese cue that ends its clause, what precedes); what precedes; what follows, else what
precedes; what follows, across Chinese commas too."""
PSEUDO, STOP, LIGHT = "pseudo", "stop", "light"
"""Only looks like denial; ends a scope; ends one unless the cue stands right before it (does not HAVE)."""
MAYBE, MAYBE_BEFORE = "maybe", "maybe before"
"""Leaves open what follows (a Chinese one else what precedes); what precedes."""

NEGATION: dict[str, tuple[str, ...]] = {
    FORWARD: phrases("""
        no, not, without, never, neither, nor, cannot, lacks, lack, lacking, denies, deny, denied, denying, don't,
        doesn't, didn't, isn't, aren't, wasn't, weren't, hasn't, haven't, won't, can't, absence of, free of
        free from,
        negative for, not found to have, was not found to have, rather than, instead of, ruled out, rules out
        no longer, argues against, argue against, speaks against, speak against
        makes unlikely
        无, 并无, 未伴, 不伴, 不伴有, 无伴, 不会, 不会有, 不引起, 不导致, 不是, 不属于, 并非, 缺乏, 未诉, 未累及
        不累及, 不, 没, 未, 不用, 不能, 不应, 不宜用, 不支持, 不符合, 不考虑
    """),
    WIDE: phrases("否认, 否认有"),
    EITHER: phrases("""
        未见, 未见到, 未查见, 未发现, 未出现, 未再出现, 未发生, 未闻及, 未触及, 未探及, 未及, 未检出, 未记录到, 未提示
        没有, 不存在, 排除, 除外, 不出现, 不会出现, 无明显
    """),
    BACKWARD: phrases("""
        is absent, are absent, was absent, were absent, absent in, absent from, usually absent, typically absent
        generally absent, often absent, not a feature of, not a symptom of, not a sign of, not part of, not typical of
        not characteristic of, never been, not been seen, not been reported
        not been found, not been observed, never seen, never reported, is excluded, are excluded, was excluded
        were excluded, is ruled out, was ruled out, were ruled out, been ruled out, is negative, was negative
        is unlikely, is less likely, are unlikely, seems unlikely
        is not seen, is not found, is not present, is not observed, is not expected, is not typical
        are not seen, are not found, are not present, are not observed, are not expected, are not typical
        was not seen, was not found, was not present, was not observed, were not seen, were not found, were not present
        were not observed, not seen in, not found in, not observed in, not present in, not reported in
        阴性, 消失, 缺如, 不见于, 未引出, 已排除, 被排除, 可能性小, 可能性不大, 可能性较小, 不明显, 不显著, 不突出
        不成立, 依据不足, 证据不足, 缺乏依据, 缺乏证据
    """),
    PSEUDO: phrases("""
        not only, not just, not necessarily, not always, not certain, not uncommon, not rule out, no increase
        no change, no doubt, no matter, without difficulty, no known cause
        不仅, 不但, 不只, 不光, 不论, 不管, 无论, 不明原因, 原因不明, 病因不明, 不明, 不少, 不同, 不适, 不良, 不足
        不全, 不稳定, 不稳, 不规则, 不断, 不久, 无痛性, 非常, 无效, 未来, 未成年, 不得不, 是否, 有无, 未必, 不一定
        不典型, 非典型, 无明显诱因, 不完全, 不可逆, 不等, 不当, 不慎, 不洁, 不孕, 不育, 不可忽视, 不能忽视, 差不多
        能不能, 会不会, 是不是, 有没有, 要不要
    """),
    STOP: phrases("""
        but, however, yet, although, though, except, which, whereas, while, because, unlike, complains, presenting
        但, 但是, 然而, 却, 而, 因, 后, 诉, 主诉
    """),
    LIGHT: phrases("""
        has, have, had, having, is, are, was, were, be, been, show, shows, showed, report, reports, reported, develop
        develops, developed, cause, causes, caused, present, presents, presented, lead to, leads to, result in
        results in, produce, produces, include, includes, involve, involves, experience, experiences
        有, 伴, 伴有, 伴随, 出现, 可见, 表现为, 表现, 导致, 引起, 引发, 造成, 诱发, 产生, 发生, 合并, 并发, 存在
    """),
    MAYBE: phrases("""
        possible, possibly, probable, probably, suspected, suspicion of, suspicious for, may be, may have, might be
        might have, could be, could have, likely, presumed, query, cannot exclude, cannot rule out, concern for
        concerning for, suggestive of, worrisome for, rule out, to exclude
        可能, 可能有, 可能是, 疑, 疑似, 怀疑, 拟诊, 考虑, 不能排除, 不除外, 不排除, 不能除外, 待排, 或许, 也许, 疑为
    """),
    MAYBE_BEFORE: phrases("""
        cannot be excluded, can't be excluded, cannot be ruled out, is possible, is suspected, was suspected
        is likely
        待查, 可能性大, 待除外
    """),
}
