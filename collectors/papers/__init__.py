"""Journal articles: JATS, PubMed, the PMC open-data layout, PDF."""
