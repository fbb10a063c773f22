"""Names that are no person's: what they stand before in medicine, and in the names of places and firms."""

import regex

_HEADS = (
    "anaemia analysis anastomosis anemia angina anomaly antigen approach area arm arthroplasty association"
    " ataxia balloon bandage blade bodies body boot brace bypass canal cannula carcinoma cast catheter cell"
    " center centre chorea church clamp classification clinic closure coefficient collar college colostomy"
    " complex contracture correction crease cusp criteria criterion curette cyst deficiency deformity"
    " degeneration dementia"
    " dilator"
    " disease disorder dissector distribution drain dressing duct dwarfism dystrophy effect elevator epiphyses"
    " epiphysis equation"
    " esophagus fascia fever fistula flap foramen forceps formula fossa foundation fracture frame gene gland"
    " grade graft group hernia hospital impingement incision index institute inventory knife law lesion level"
    " ligament line lymphoma malformation maneuver maneuvers manoeuvre medical membrane method model muscle"
    " mutation nail needle nephropathy neuropathy node nodule operation ostomy palsies palsy paralysis patch"
    " pathway phenomenon pin plate position pouch probe procedure prosthesis protein protocol pump pupil"
    " questionnaire receptor reflex negative positive regimen regression reversal repair resection resector"
    " retractor ring rod sarcoma"
    " scale scan school scissors score screw sequence shunt sign sinus society space speculum splint sponge"
    " spot stage staging stain stent stitch study suture syndrome table technique tendon test therapy"
    " thyroiditis tract treatment triad trial trocar tube tumor tumour turn type ulcer university valve"
    " variant view virus walker wave wire"
)
_HEAD = rf"(?i:{'|'.join(_HEADS.split())})s?\b"
_NOT_PERSONAL = (
    r"[-\u2013/]\p{Lu}|\s?(?:[\u2264\u2265]|[<>=] ?\d)|,? et al| and colleagues|,? \(?(?:19|20)\d\d(?![-/.]\d)|(?:, "
    r"| )(?:Inc|LLC|Ltd|Corp"
    r"|Co|Group|Company"
    r"|Pharmaceuticals|Laboratories)\b"
)
_DISEASE = (
    r"\p{Ll}{2,}(?:itis|osis|omas?|pathy|pathies|plasia|trophy|trophies|a?emia|uria|ataxia|plegia|cephaly|dactyly"
    r"|dermia|edema|megaly"
    r"|malacia|sclerosis|paralysis|parkinsonism|epilepsy|deafness|cancer|infection)\b"
)
EPONYM = regex.compile(rf"(?:['\u2019]?s?[ -](?:M |T-)?{_HEAD}|['\u2019]?s? {_DISEASE}|{_NOT_PERSONAL})")
"""Follows an eponym, an author who is cited, or a firm: Crohn's *disease*, Foley *catheter*, Zhang *et al*."""
LOOSE_EPONYM = regex.compile(
    r" (?!(?:in|at|to|had|has|was|is|with|for|on|by|of|from|and|who|under|needs?|took|saw|then|did|does|will"
    r"|about)\b)\p{Ll}+(?:ed)? "
    rf"{_HEAD}| [IVX1-9]+\b"
)
"""The same with a word between, or a grade: Foley *urinary catheter*, Tanner *III*."""
DOUBLE_EPONYM = regex.compile(rf"['\u2019]?s? (?:\p{{Ll}}[\p{{Ll}}-]+ ){{0,3}}?(?:{_HEAD}|{_DISEASE})")
"""Follows two or more authors joined by hyphens: Miller-Dieker *lissencephaly syndrome*."""
_PLACES = (
    "airport association avenue bank bay beach bridge care center centre church city clinic college company"
    " county criteria department disease district foundation group health hospital institute island lake"
    " medicine mountain museum orchestra park province region republic river road scale school score service"
    " services society state station street syndrome test unit university valley"
)
_FIRMS = (
    "bioscience co corp corporation gmbh inc laboratories llc ltd pharmaceuticals plc sciences systems technologies"
)
PLACE_HEADS = frozenset(f"{_PLACES} {_FIRMS}".split())
"""What capitalised words that are no person's name end in."""

_NO_NAMES = (
    "add africa african america american april asia asian august australia australian baby baptist brazil"
    " britain british buddhist california canada canadian carolina catholic caucasian china chinese christian"
    " christmas dakota danish december dutch east easter eastern egypt england english europe european"
    " february fleet florida france french friday georgia german germany god greek hindu hispanic india"
    " indian infant ireland irish israel italian italy january japan japanese jewish jordan july june king"
    " korea korean latin march may medicaid medicare mexican mexico monday moya muslim north northern"
    " november october per polish prince princess queen rocky royal russia russian saturday september sheriff"
    " sherriff south southern spain spanish sunday swedish texas thursday tiny tuesday turkey virginia"
    " wednesday west western"
)
NO_NAMES = frozenset(_NO_NAMES.split())
"""On lists of names, and hardly ever a person's in such texts."""
