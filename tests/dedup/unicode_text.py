"""Hypothesis strategies for text of every kind."""

from hypothesis import strategies as st

ANY = st.characters(exclude_categories=["Cs"])
TELLING = st.sampled_from(
    "aZ0_ .,\n'，。　Ａｂ１éÅßİıſﬁ㎎℃½ﷺ㌖㍿々〇〡ー・ｶﾞがㄅ"
    "臺台裡里乾後后𠮷豈⼈한글й\u0301\u200b\u00ad\ufe0f\U000e0100😀\x00"
)
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
TEXT = st.text(st.one_of(TELLING, ANY, HAN, st.sampled_from("ab ")), max_size=60)
