"""Good answers about diseases of the sample ontology, written by hand."""

from reward_filter.corrupt import Item

ENGLISH = {
    "acute myocardial infarction": (
        "A patient has chest pain and sweating, but no chest pain relieved by leaning forward. What is the diagnosis?",
        "Acute myocardial infarction. Acute myocardial infarction presents with chest pain and sweating. Heart attack "
        "does not cause chest pain relieved by leaning forward. Heart attack is diagnosed with electrocardiogram. "
        "Heart attack is treated with aspirin.",
    ),
    "asthma": (
        "Which disease causes wheezing and cough?",
        "Asthma. Asthma causes wheezing and cough. Asthma does not cause finger clubbing. Asthma is diagnosed with "
        "spirometry. Asthma is treated with inhaled corticosteroids.",
    ),
}
CHINESE = {
    "acute myocardial infarction": (
        "患者有胸痛和出汗,无前倾位缓解的胸痛。诊断是什么?",
        "急性心肌梗死。急性心肌梗死表现为胸痛和出汗。心肌梗塞没有前倾位缓解的胸痛。诊断急性心肌梗死依靠心电图。"
        "急性心肌梗死用阿司匹林治疗。",
    ),
    "asthma": (
        "什么病引起喘息和咳嗽?",
        "哮喘。哮喘表现为喘息和咳嗽。哮喘没有杵状指。哮喘通过肺功能检查确诊。哮喘用吸入性糖皮质激素治疗。",
    ),
}


def answers() -> list[Item]:
    return [
        Item(f"{language}-{group}", prompt, response, language, group, "train")
        for language, texts in (("en", ENGLISH), ("zh", CHINESE))
        for group, (prompt, response) in texts.items()
    ]
