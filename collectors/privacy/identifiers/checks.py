"""Check digits of identifying numbers, as their standards define them."""

import re
from datetime import date


def resident_id_is_valid(value: str) -> bool:
    """GB 11643-1999: province, date of birth, and a check character by ISO 7064 mod 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))
    born = _is_birthday(value[6:10], value[10:12], value[12:14])
    return born and "11" <= value[:2] <= "91" and "10X98765432"[total % 11] == value[17].upper()


def old_resident_id_is_valid(value: str) -> bool:
    """GB 11643-1989: fifteen digits, province and date of birth (19yy), no check character."""
    return "11" <= value[:2] <= "82" and _is_birthday(f"19{value[6:8]}", value[8:10], value[10:12])


def _is_birthday(year: str, month: str, day: str) -> bool:
    try:
        return date(int(year), int(month), int(day)).year >= 1850
    except ValueError:
        return False


def card_is_valid(value: str) -> bool:
    """ISO/IEC 7812-1: the Luhn check digit."""
    digits = [int(c) for c in value if c.isdigit()]
    doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def iban_is_valid(value: str) -> bool:
    """ISO 13616: check digits by ISO 7064 mod 97-10. Blanks between groups are allowed."""
    compact = value.replace(" ", "")
    moved = compact[4:] + compact[:4]
    return 15 <= len(compact) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def vehicle_is_valid(value: str) -> bool:
    """ISO 3779 with the check digit of 49 CFR 565.15."""
    letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(weight * letters.get(c, int(c) if c.isdigit() else 0) for c, weight in zip(value, weights, strict=True))
    return value[8] == "0123456789X"[total % 11]


def is_ip(value: str) -> bool:
    """Four numbers under 256 that are not a version number."""
    return all(int(part) < 256 for part in value.split(".")) and sum(c.isdigit() for c in value) > 6


def is_phone(value: str) -> bool:
    """E.164: 7 to 15 digits; no range of years, no blood gas (7.21/33/88)."""
    digits = sum(c.isdigit() for c in value)
    return 7 <= digits <= (15 if "x" not in value else 21) and not re.fullmatch(
        r"(?:19|20)\d\d ?- ?(?:19|20)\d\d|[67]\.\d\d?/\d.*", value
    )


def is_international_phone(value: str) -> bool:
    return 9 <= sum(c.isdigit() for c in value) <= 15


def is_not_round(value: str) -> bool:
    """Not a quantity such as 15000000000."""
    return not value.endswith("000000")
