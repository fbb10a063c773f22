"""Textbooks and guidelines: chapters of CNXML, Markdown, HTML and plain text."""
