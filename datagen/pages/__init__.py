"""What all HTML pages share: their frame, their style, and how a curve is drawn."""
