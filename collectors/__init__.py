"""Sources: raw files in, clean records with provenance out."""
