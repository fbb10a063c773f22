"""Numbers with a check digit, or of a fixed form: identity cards, bank cards, bank accounts."""

import re

from collectors.privacy.identifiers.checks import (
    card_is_valid,
    iban_is_valid,
    old_resident_id_is_valid,
    resident_id_is_valid,
)
from collectors.privacy.identifiers.number_parts import AFTER, BEFORE, IS
from collectors.privacy.identifiers.rule import LONG_NUMBER, rule

LIGHT = (
    rule(
        "ACCOUNT",
        ("iban",),
        r"\bIBAN[:\s]{1,3}(?P<value>[A-Z]{2}\d\d(?: ?[A-Z\d]{2,4}){3,8})(?![A-Za-z\d])",
        flags=re.IGNORECASE,
    ),
    rule(
        "ID",
        None,
        rf"{BEFORE}(?P<value>[1-9]\d{{5}}(?:18|19|20)\d{{9}}[\dXx]){AFTER}",
        check=resident_id_is_valid,
        near=LONG_NUMBER,
    ),
    rule("ID", None, rf"{BEFORE}(?P<value>[1-8]\d{{14}}){AFTER}", check=old_resident_id_is_valid, near=LONG_NUMBER),
    rule("SSN", None, rf"{BEFORE}(?P<value>\d{{3}}-\d\d-\d{{4}}){AFTER}", near=LONG_NUMBER),
    rule(
        "CARD",
        None,
        rf"{BEFORE}(?P<value>[2-6]\d{{3}}(?:[ -]?\d{{4}}){{3}}(?:[ -]?\d{{1,3}})?"
        rf"|3[47]\d{{2}}[ -]?\d{{6}}[ -]?\d{{5}}",
        rf"|3(?:0[0-5]|[68]\d)\d[ -]?\d{{6}}[ -]?\d{{4}}){AFTER}",
        check=card_is_valid,
        near=LONG_NUMBER,
    ),
    rule(
        "CARD",
        ("card", "cc ", "卡"),
        rf"(?:\bcard|\bcc\b|卡)[^\d\n]{{0,40}}(?P<value>\d(?:[ -]?\d){{11,18}}){AFTER}",
        check=card_is_valid,
        flags=re.IGNORECASE,
        near=LONG_NUMBER,
    ),
    rule(
        "ACCOUNT",
        None,
        rf"{BEFORE}(?P<value>[A-Za-z]{{2}}\d{{2}}(?:[A-Za-z0-9]{{11,30}}|(?: [A-Za-z0-9]{{4}}){{2,7}}",
        rf"(?: [A-Za-z0-9]{{1,4}})?)){AFTER}",
        check=iban_is_valid,
        near=LONG_NUMBER,
    ),
    rule(
        "ACCOUNT",
        ("账号", "账户", "帐号", "银行卡"),
        rf"(?:银行)?(?:账号|账户|帐号|银行卡){IS}(?P<value>\d(?:[ -]?\d){{7,22}})(?!\d)",
    ),
)

FULL = (
    rule(
        "CARD",
        ("card",),
        r"\bcards?\b[^\d\n]{0,24}(?P<value>\d{4}(?:[ -]?\d{4}){3}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?!\d)",
        flags=re.IGNORECASE,
    ),
    rule(
        "CARD",
        ("visa", "mastercard", "amex", "discover", "debit", "credit", "card"),
        r"\b(?:visa|mastercard|amex|discover|debit|credit|card)\b[^\d\n]{0,30}(?P<value>\d(?:[ -]?\d){11,18})(?!\d)",
        flags=re.IGNORECASE,
    ),
)
