"""How much held-out medical text a token carries, in English and Chinese, by size of the vocabulary; beside a
byte-level BPE by GPT-2's rules (digits and spaces merged freely) learnt from the same text."""

from pathlib import Path

from tokenizers import ByteLevelBPETokenizer

from benchmarks.training._texts import medical
from training_bridge.tokenizer import train_tokenizer

SIZES = (4096, 8192, 16_384)


def measure(data: Path) -> None:
    texts = medical(data)
    learn = [text for found, _ in texts.values() for text in found]
    print(f"{'vocabulary':>10}  {'rules':<7}" + "".join(f"{f'{name}, {what}':>22}" for name in texts for what in UNITS))
    for size in SIZES:
        ours = train_tokenizer(learn, size)
        gpt2 = ByteLevelBPETokenizer()
        gpt2.train_from_iterator(learn, size, show_progress=False)
        for name, count in (
            ("M1", lambda text, t=ours: len(t(text, add_special_tokens=False)["input_ids"])),
            ("GPT-2", lambda text, t=gpt2: len(t.encode(text).ids)),
        ):
            cells = []
            for _, held in texts.values():
                tokens = sum(map(count, held))
                cells += [sum(map(len, held)) / tokens, sum(len(t.encode()) for t in held) / tokens]
            print(f"{size:>10,}  {name:<7}" + "".join(f"{cell:>22.3f}" for cell in cells), flush=True)


UNITS = ("characters/token", "bytes/token")
