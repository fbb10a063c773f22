"""One reader per format: what its files say, as entries (`entries.py`), before it is one graph."""
