"""What the rules of several kinds of number have in common."""

BEFORE = r"(?<![A-Za-z0-9._-])(?<![^\d]/)(?<!10\.\d{4}/)(?<!10\.\d{5}/)"
"""A number that runs on to the left is part of a decimal, a DOI, an accession or a path."""
AFTER = r"(?![A-Za-z0-9_-]|\.\d)"
IS = r"(?:号码?|编号)?[:\uff1a#是为\s]{0,3}"


def has_three_digits(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= 3
