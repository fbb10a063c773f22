"""A byte-level BPE tokenizer by the Baichuan-M1 report's rules (section 4.1, appendix C)."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS = "<pad>", "<s>", "</s>"
CHAT_TOKENS = {71: "<B_SYS>", 72: "<B_USYS>", 73: "<C_Q>", 74: "<C_A>", 75: "<B_FUNC>", 76: "<B_CODE>"}
SPECIAL_TOKENS = [PAD, BOS, EOS, *(CHAT_TOKENS.get(i, f"<reserved_{i}>") for i in range(3, 77))]

CHAT_TEMPLATE = (
    "{%- if messages[0]['role'] == 'system' -%}"
    "{%- set system = messages[0]['content'] -%}{%- set turns = messages[1:] -%}"
    "{%- else -%}"
    "{%- set system = 'You are a helpful assistant.' -%}{%- set turns = messages -%}"
    "{%- endif -%}"
    "{{- '<B_SYS>' + system -}}"
    "{%- for turn in turns -%}"
    "{%- if turn['role'] == 'user' -%}{{- '<C_Q>' + turn['content'] -}}"
    "{%- elif turn['role'] == 'assistant' -%}"
    "{{- '<C_A>' -}}{%- generation -%}{{- turn['content'] -}}{%- endgeneration -%}"
    "{%- else -%}"
    "{{- raise_exception('a role is system (first turn only), user or assistant, not ' + turn['role']) -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<C_A>' -}}{%- endif -%}"
)

# Letters with at most one leading non-letter, each digit alone, punctuation with its leading space, line
# ends, spaces.
WORDS = r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SMALLEST_VOCABULARY = len(SPECIAL_TOKENS) + 256


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Trains a BPE vocabulary of at most `vocab_size` entries (fewer where the texts have no more pairs to
    merge).

    No normalisation, single digits, whitespace kept. The alphabet is the 256 bytes, so that
    `decode(encode(text))` is `text` for every valid Unicode string. Ids 0, 1, 2 are pad, `<s>`, `</s>`; the
    chat tokens have the ids of the released model. The same texts in the same order give the same tokenizer.

    Raises ValueError for a vocabulary smaller than the special tokens and bytes, or when there is no text.
    """
    if vocab_size < SMALLEST_VOCABULARY:
        raise ValueError(f"vocab_size must be at least {SMALLEST_VOCABULARY}, got {vocab_size}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    seen = _Counted(texts)
    tokenizer.train_from_iterator(seen, trainer)
    if not seen.characters:
        raise ValueError("no text to train a tokenizer on")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, SPECIAL_TOKENS.index(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        extra_special_tokens=list(CHAT_TOKENS.values()),
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def encode_documents(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[np.ndarray]:
    """Each text as `<s> text </s>`, int32. Special tokens spelt out in a text are read as plain text, so that
    a document can't forge a turn or an end.
    """
    if not texts:
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    return [np.array([bos, *ids, eos], dtype=np.int32) for ids in encoded]


class _Counted:
    """Iterates over texts and counts their characters."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = texts
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for text in self.texts:
            self.characters += len(text)
            yield text
