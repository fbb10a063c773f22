"""From curated Parquet to a trained Baichuan-M1: tokenizer, packing, the model and its pretraining."""
