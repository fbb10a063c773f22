"""What every text goes through: decoding, normalisation, boilerplate, language, injected instructions."""
