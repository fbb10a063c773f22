"""What every card, export and conversation says."""

EN = "For research. Not clinically validated, not medical advice."
ZH = "仅供研究，未经临床验证，不构成医疗建议。"
