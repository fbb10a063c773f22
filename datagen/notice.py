"""What every card, page, export and conversation says."""

EN = "For research. Not clinically validated, not medical advice."
ZH = "仅供研究，未经临床验证，不构成医疗建议。"
UNREVIEWED_EN = "Not reviewed by a clinician."
UNREVIEWED_ZH = "未经临床医生审阅。"
MARKDOWN = f"**{EN}**\n\n**{ZH}**"
