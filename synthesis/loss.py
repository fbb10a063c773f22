"""What a model doesn't know yet: its loss on the facts of a graph, each said as a cloze, and how much to write of what.

After GraphGen (arXiv 2505.20416), which grows its samples around the facts that the model to be trained knows worst.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from knowledge_graph import Graph
from synthesis.seeds import Lexicon

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

KIND = "edge_loss"
"""What a stage that measures it publishes."""
EDGE_LOSS = pa.schema(
    [
        pa.field("key", pa.string(), False),
        pa.field("anchor", pa.string(), False),
        pa.field("language", pa.string(), False),
        pa.field("loss", pa.float64(), False),
    ]
)
"""One line per affirmed edge and language. `loss`: bits per UTF-8 byte of the object's name, after the cloze."""
CLOZES = {
    "en": {
        "has_symptom": "A symptom of {} is",
        "has_phenotype": "A finding in {} is",
        "diagnosed_by": "The test that confirms {} is",
        "treated_by": "A treatment for {} is",
        "located_in": "The part of the body that {} involves is the",
        "belongs_to_department": "The department responsible for {} is",
        "is_a": "In disease classifications, {} is a form of",
    },
    "zh": {
        "has_symptom": "{}的症状有",
        "has_phenotype": "{}的表现有",
        "diagnosed_by": "用来确诊{}的检查是",
        "treated_by": "{}的治疗方法是",
        "located_in": "{}的病变部位是",
        "belongs_to_department": "{}的就诊科室是",
        "is_a": "在疾病分类中，{}属于",
    },
}
LEAST = 0.2
"""How likely a draw of the best known disease is, against one of the worst known."""


def clozes(graph: Graph, lexicon: Lexicon, languages: Sequence[str] = ("en", "zh")) -> Iterator[dict[str, str]]:
    """Of every affirmed edge that can be said in a language: `key`, `anchor`, `language`, `prompt` and `answer`."""
    for edge in graph.edges.select(["key", "subject", "relation", "object", "polarity"]).to_pylist():
        for language in languages if edge["polarity"] > 0 else ():
            cloze = CLOZES[language].get(edge["relation"])
            subject, object_ = (lexicon.names(edge[end], language) for end in ("subject", "object"))
            if cloze and subject and object_:
                gap = " " if language == "en" else ""
                found = {"key": edge["key"], "anchor": edge["subject"], "language": language}
                yield found | {"prompt": cloze.format(subject[0]), "answer": gap + object_[0]}


def edge_losses(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", facts: Sequence[Mapping[str, str]], batch: int = 32
) -> pa.Table:
    """The loss of a causal language model on each of `clozes`, as a table of EDGE_LOSS in their order.

    The model is used as it is: any whose forward takes `input_ids` and gives `logits`. Clozes of about one length are
    read together, padded at the end, which a causal model can't see. One without a number of its own for the
    answer (longer than the model's context) is left out.
    """
    import torch

    room = getattr(model.config, "max_position_embeddings", None) or 1 << 20
    read = [_tokens(tokenizer, fact) for fact in facts]
    order = sorted((i for i, (ids, _) in enumerate(read) if len(ids) <= room), key=lambda i: len(read[i][0]))
    nats: dict[int, float] = {}
    device = next(model.parameters()).device
    model.eval()
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        ids = [torch.tensor(read[i][0]) for i in places]
        padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=0).to(device)
        with torch.inference_mode():
            logits = model(input_ids=padded).logits[:, :-1].float()
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), padded[:, 1:], reduction="none")
        for row, place in enumerate(places):
            known, end = read[place][1], len(read[place][0])
            nats[place] = losses[row, known - 1 : end - 1].sum().item()
    rows = [
        {name: facts[i][name] for name in ("key", "anchor", "language")}
        | {"loss": nats[i] / math.log(2) / len(facts[i]["answer"].encode())}
        for i in sorted(nats)
    ]
    return pa.Table.from_pylist(rows, EDGE_LOSS)


def _tokens(tokenizer: "PreTrainedTokenizerBase", fact: Mapping[str, str]) -> tuple[list[int], int]:
    """Ids of a cloze with its answer, and how many of them are the cloze's."""
    begin = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
    prompt = begin + tokenizer(fact["prompt"], add_special_tokens=False)["input_ids"]
    return prompt + tokenizer(fact["answer"], add_special_tokens=False)["input_ids"], len(prompt)


def anchor_weights(losses: pa.Table) -> dict[str, float]:
    """How likely each anchor's draws are to be used (LEAST to 1): by the mean loss on its edges, as its rank among
    all. Failures can't look like hard facts: what wasn't measured isn't here, and counts as any other."""
    if not len(losses):
        return {}
    means = losses.group_by("anchor").aggregate([("loss", "mean")])
    means = means.sort_by([("loss_mean", "ascending"), ("anchor", "ascending")])
    names = means["anchor"].to_pylist()
    return {name: LEAST + (1 - LEAST) * place / max(1, len(names) - 1) for place, name in enumerate(names)}


def opened(folder: Path) -> tuple[Any, Any]:
    """A model of Hugging Face's format and its tokenizer: weights in safetensors only, no code that
    comes with it. Architectures of our own (the M1) are known by the entry points `datagen.models`."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for point in entry_points(group="datagen.models"):
        point.load()
    safe = {"trust_remote_code": False}
    return (
        AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **safe),
        AutoTokenizer.from_pretrained(folder, **safe),
    )
