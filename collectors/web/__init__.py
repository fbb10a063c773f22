"""Pages of the web: HTML and web archives."""
