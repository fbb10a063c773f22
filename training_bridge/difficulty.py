"""The stage that orders a corpus by how hard an earlier model of it finds its texts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from classifiers.curriculum import Curriculum
from datagen.errors import UsageError
from datagen.stage import Artefact, Phase

if TYPE_CHECKING:
    from datagen.task import Task


class ModelCurriculum(Curriculum):
    """Sets `curriculum` by the rule of `classifiers.curriculum`, with the perplexity of a small earlier model for how
    hard a text is, as the Baichuan-M1 report has it (section 4.2: "a previous version of our Baichuan model, which has
    the same data distribution").

    Measured are bits per byte of a text's beginning, ranked within its language. The model may have read the texts it
    ranks; one that was trained for a few epochs at most has not learnt them by heart.
    """

    version: ClassVar[str] = "1"

    model: Annotated[str, Artefact("model")] = Field(description="the stage that trained the earlier model")
    text_bytes: int = Field(4000, ge=256, description="of each text, from its beginning, are read")
    sequence_length: int = Field(256, ge=16, description="tokens that the model sees at once")

    def counting(self) -> tuple[Phase, ...]:
        return ()

    def difficulty(self, task: "Task") -> Callable[[pa.Table], np.ndarray]:
        model, tokenizer = _opened(task)
        return lambda batch: self._bits(batch["text"].to_pylist(), model, tokenizer)

    def _bits(self, texts: list[str], model: Any, tokenizer: Any) -> np.ndarray:
        """Bits per byte of each text; nan for one without any."""
        from training_bridge.bits_per_byte import bits_per_byte

        cut = [text.encode()[: self.text_bytes].decode(errors="ignore") for text in texts]
        asked = {str(number): [text] for number, text in enumerate(cut) if text}
        bits = bits_per_byte(model, tokenizer, asked, sequence_length=self.sequence_length) if asked else {}
        return np.array([bits.get(str(number), np.nan) for number in range(len(texts))])


def _opened(task: "Task") -> tuple[Any, Any]:
    import torch
    from transformers import AutoTokenizer

    from training_bridge.m1 import BaichuanM1ForCausalLM

    torch.set_num_threads(1)
    folder = task.artefact("model")
    try:
        model = BaichuanM1ForCausalLM.from_pretrained(folder, use_safetensors=True)
        return model.eval(), AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no Baichuan-M1: {type(error).__name__}") from None
