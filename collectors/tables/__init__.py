"""Rows of tables and trees: JSON, CSV, Parquet, Excel, XML, R; a recipe maps their fields."""
