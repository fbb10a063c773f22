"""The forms of identifiers in English and Chinese text, a module for each kind."""
