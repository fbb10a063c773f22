"""Chinese names in Latin letters, in either order: Zhang Wei, Xiaoming Li. Herbs and places look the same."""

import re
from collections.abc import Iterator
from functools import lru_cache

import regex

_FAMILY = (
    "wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han"
    " tang feng yu"
    " dong xiao cheng cao yuan deng fu shen zeng peng lu su jiang cai jia ding wei xue ye yan pan du dai xia zhong"
    " wan tian"
    " ren fan fang shi yao tan liao zou xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long duan lei"
    " qian yin"
    " chang qiao lai gong pang ni niu ji yi shu qi guan tao ouyang sima zhuge shangguan lyu lv zhan geng"
    " an bao bian bi bu cen cha chai che chi chu cong cui dan di dou e ei fei gan gai ge gou hang hua huai huan hui huo"
    " jian jiao jing ju kan ke kou kuang lan leng lian lou luan mi miao min ming mo mou mu nan nie ning"
    " ou pei peng ping"
    " pu quan qu rao rong ruan rui sang sha shan shang she shi shui si song su sui tong tu wen weng wo wu xi xian xiang"
    " xing xuan yong yue yun zan zang zha zhai zhu zhuang zhuo zong zuo dongfang huangfu linghu murong gongsun nangong"
)
_INITIAL = "(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?"
_FINAL = (
    "(?:iang|iong|uang|ang|eng|ong|iao|ian|ing|uai|uan|ai|ei|ao|ou|an|en|er|ia|ie|iu|in|ua|uo|ui|un|ue|a|o|e|i|u|v)"
)
_SYLLABLE = _INITIAL + _FINAL
_HERBS = (
    "huang qi,dang gui,ma huang,bai zhu,gui zhi,chai hu,fang feng,shi gao,ban xia,bai shao,chi shao,gan cao,fu"
    " ling,da huang"
    ",huang lian,huang qin,huang bai,huang jing,sheng di,shu di,shan yao,ze xie,mu dan,ren shen,dang shen,dan"
    " shen,tai chi"
    ",qi gong,feng shui,yin yang,hong kong,tai ji,gua sha,tui na,kung fu,mao tai,jin yin,ge gen,chen pi,sha ren,yi ren"
    ",lu rong,wu wei,mai dong,du zhong,niu xi,hong hua,tao ren,chuan xiong,yan hu,xiang fu,mu xiang,hou po,zhi"
    " shi,zhi ke"
    ",he shou,shou wu,bai zhi,xi xin,du huo,qiang huo,cang zhu,ku shen,lian qiao,ban lan,da qing,zhe bei,chuan"
    " bei,jie geng"
    ",xing ren,zi su,bo he,ju hua,ge jie,lu hui,shi hu,ling zhi,bai he,gou qi,da zao,sheng jiang,gan jiang,fu zi,rou"
    " gui"
    ",wu yao,xiao yao,xiao chai,liu wei,yu ping,bu zhong,gui pi,si wu,si jun,wen dan,er chen,ping wei,zhen wu,shi"
    " quan,ba zhen"
    ",zu san,he gu,nei guan,tai xi,qu chi,guan yuan,bai hui,feng chi,yong quan,shen shu,dai mai"
)
HERBS = frozenset(_HERBS.split(","))
"""Herbs, points and recipes of Chinese medicine, in two words."""
_SURNAMES = frozenset(_FAMILY.split())
_FAMILY_ELSEWHERE = (
    "chan wong leung cheung lau lam ng ho tsang kwok tang yeung cheng chow fung chiu yip mak lai tse hui lo"
    " siu poon tam lim tan goh ong teo koh chua ang yeo toh sim neo quek tay seah low foo kwan kwong luk mok"
    " ngai pang shum sin suen tong tsui wan woo yau yuen kim lee park pak choi jung jeong kang cho yoon jang"
    " oh seo shin kwon hwang ahn yoo hong jeon ko moon son yang bae baek heo nam noh ha joo cha nguyen tran"
    " le pham phan vu vo dang bui do ngo duong ly hsu hsieh hsiao tsai tseng chang chien chiang chou chung"
    " kuo liao lu shih sung tsao yen chao chu"
)
_ELSEWHERE = frozenset(_FAMILY_ELSEWHERE.split())
"""Chinese surnames as Hong Kong, Taiwan and Singapore spell them, Korean and Vietnamese ones."""
_GIVEN = regex.compile(rf"(?i:{_SYLLABLE})(?:-?(?i:{_SYLLABLE}))?")
_PAIR = re.compile(
    r"\b(?<!-)(?=([A-Z][a-z]{1,9}(?:-[A-Za-z][a-z]{0,5})?) ([A-Z][a-z]{1,9}(?:-[A-Za-z][a-z]{0,5})?)\b(?!-))"
)
_SPLIT = regex.compile(
    rf"(?i:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw]){_FINAL})-?(?i:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw]){_FINAL})"
)
"""Two syllables that both begin with a consonant."""


def is_surname(word: str) -> bool:
    """Whether a word in Latin letters may be a Chinese, Korean or Vietnamese surname."""
    return word.lower() in _SURNAMES or word.lower() in _ELSEWHERE


def find_full_names(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of two words that can be surname and given name, and whether the latter has two syllables."""
    taken = 0
    for match in _PAIR.finditer(text):
        for surname, given in (match.groups(), match.groups()[::-1]):
            if match.start() >= taken and surname.lower() in _SURNAMES and is_given(given):
                taken = match.end(2)
                if f"{match[1]} {match[2]}".lower() not in HERBS:
                    yield match.start(), taken, len(given) > 4 and _SPLIT.fullmatch(given) is not None


@lru_cache(1 << 14)
def is_given(word: str) -> bool:
    """Whether a word is one or two syllables of Chinese in Latin letters."""
    return _GIVEN.fullmatch(word) is not None
