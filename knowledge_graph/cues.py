"""Words that deny, in English and Chinese."""


def phrases(listed: str) -> tuple[str, ...]:
    return tuple(phrase for line in listed.split("\n") for phrase in map(str.strip, line.split(",")) if phrase)


FORWARD, BACKWARD, EITHER, WIDE = "forward", "backward", "either", "wide"
"""Denies what follows; what precedes; what follows, else what precedes; what follows, across Chinese commas too."""
PSEUDO, STOP, LIGHT = "pseudo", "stop", "light"
"""Only looks like denial; ends a scope; ends one unless the cue stands right before it (does not HAVE)."""

NEGATION: dict[str, tuple[str, ...]] = {
    FORWARD: phrases("""
        no, not, without, never, neither, nor, cannot, lacks, lack, lacking, denies, deny, denied, denying, don't,
        doesn't, didn't, isn't, aren't, wasn't, weren't, hasn't, haven't, won't, can't, absence of, free of, free from,
        negative for, rather than, instead of, ruled out, rules out, no longer
        argues against, argue against, speaks against, speak against, makes unlikely
        无, 并无, 未伴, 不伴, 不伴有, 无伴, 不会, 不会有, 不引起, 不导致, 不是, 不属于, 并非, 缺乏, 未诉, 未累及
        不累及, 不, 没, 未, 不用, 不能, 不应, 不宜用, 不支持, 不符合, 不考虑
    """),
    WIDE: phrases("否认, 否认有"),
    EITHER: phrases("未见, 未见到, 未发现, 未出现, 未闻及, 未触及, 未及, 没有, 不存在, 排除, 不出现, 不会出现, 无明显"),
    BACKWARD: phrases("""
        is absent, are absent, was absent, were absent, absent in, absent from, is excluded, are excluded, was excluded
        were excluded, is ruled out, was ruled out, were ruled out, been ruled out, is negative, was negative
        is unlikely, is less likely, are unlikely, seems unlikely
        is not seen, is not found, is not present, is not observed, is not expected, is not typical
        are not seen, are not found, are not present, are not observed, are not expected, are not typical
        was not seen, was not found, was not present, was not observed, were not seen, were not found, were not present
        were not observed, not seen in, not found in, not observed in, not present in, not reported in
        阴性, 消失, 缺如, 不见于, 未引出, 已排除, 被排除, 可能性小, 可能性不大, 可能性较小
    """),
    PSEUDO: phrases("""
        not only, not just, not necessarily, not always, not certain, not uncommon, not rule out, cannot be excluded
        can't be excluded, no increase, no change, no doubt, no matter, without difficulty, no known cause
        不仅, 不但, 不只, 不光, 不论, 不管, 无论, 不明原因, 原因不明, 病因不明, 不明, 不少, 不同, 不适, 不良, 不足
        不全, 不稳定, 不稳, 不规则, 不断, 不久, 无痛性, 非常, 无效, 未来, 未成年, 不得不, 不能排除, 不除外, 不排除
        不能除外, 是否, 有无, 未必, 不一定, 不典型, 非典型, 无明显诱因, 不完全, 不可逆, 不等, 不当, 不慎, 不洁, 不孕
        不育, 不可忽视, 不能忽视, 差不多, 能不能
    """),
    STOP: phrases("""
        but, however, yet, although, though, except, which, whereas, while, because, presents, presented, presenting
        complains, reports, reported, develops, developed, shows, showed, unlike
        但, 但是, 然而, 却, 而, 伴, 伴有, 出现, 可见, 表现为, 因, 导致, 引起, 后
    """),
    LIGHT: phrases("has, have, had, is, are, was, were, show, report, develop, cause, 有"),
}
