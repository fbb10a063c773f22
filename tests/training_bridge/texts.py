"""Small English and Chinese texts for tokenizer and training tests, drawn from a grammar with a seed."""

import random

ENGLISH = {
    "who": ["The patient", "A nurse", "The elderly man", "Her physician", "The child"],
    "does": ["reports", "describes", "asked about", "was examined for", "returned with"],
    "what": ["fever", "chest pain", "a dry cough", "type 2 diabetes", "shortness of breath", "high blood pressure"],
    "when": ["since Monday.", "for 3 days.", "after surgery.", "at night.", "in the clinic."],
}
CHINESE = {
    "who": ["患者", "护士", "这位老人", "她的医生", "孩子"],
    "does": ["主诉", "描述了", "询问", "因此检查", "再次出现"],
    "what": ["发热", "胸痛", "干咳", "2型糖尿病", "呼吸困难", "高血压"],
    "when": ["，始于周一。", "，持续3天。", "，在手术之后。", "，夜间加重。", "，来诊所就诊。"],
}


def documents(count: int, seed: int) -> list[str]:
    """Half English, half Chinese, one to six sentences each."""
    draw = random.Random(seed)
    out = []
    for i in range(count):
        grammar, space = (ENGLISH, " ") if i % 2 else (CHINESE, "")
        sentences = [space.join(draw.choice(words) for words in grammar.values()) for _ in range(draw.randint(1, 6))]
        out.append(space.join(sentences))
    return out
