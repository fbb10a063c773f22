"""A trained model as a folder that strangers load: weights, code, tokenizer, generation settings, card."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from datagen import notice
from datagen.errors import UsageError
from datagen.lineage import Version, lineage, published_versions
from datagen.publish import manifest
from datagen.store import Store
from training_bridge.cards import Summary, data_section, front_matter, summarize

TURNS = ("<B_SYS>", "<C_Q>", "<C_A>")
CARD = """
# {name}

A Baichuan-M1 (arXiv 2502.12671) of {parameters:,} parameters with a context of {context:,} tokens.

{notice}

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
chat = [{{"role": "user", "content": "What are the symptoms of anaemia?"}}]
inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=100)[0]))
```

`trust_remote_code` runs the two Python files of this folder, which need nothing but transformers and torch.

## Training

{training}
## Data

{data}"""
NOT_KNOWN = "What this model was trained on is not recorded beside it.\n"


def export_model(source: Path, out: Path) -> Path:
    """Writes the Baichuan-M1 of the folder `source` to `out`, complete and at once or not at all; returns `out`.

    The export loads with `trust_remote_code=True` where datagen is not installed. Where `source` lies in a run, the
    card tells the data it was trained on and its licences.

    Raises UsageError for a folder that holds no such model, weights that don't fit it, or an `out` that isn't empty.
    """
    from transformers import AutoTokenizer

    model = _load(source)
    tokenizer = AutoTokenizer.from_pretrained(source)
    model.generation_config.eos_token_id = ends_of_turn(model, tokenizer)
    with complete(out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        (folder / "README.md").write_text(_card(source, out.name, model), "utf-8")
    return out


def ends_of_turn(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the model's own, and in Baichuan-M1's chat format those that begin another turn."""
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [] if ends is None else [ends]
    if model.config.model_type == "baichuan_m1":
        known = tokenizer.get_vocab()
        ends = [*ends, *(known[token] for token in TURNS if token in known)]
    return sorted(set(ends))


@contextmanager
def complete(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends well and vanishes when it doesn't."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty", "name another folder, or remove it first")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)
        if out.exists():
            out.rmdir()
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def model_folder(source: str) -> Path:
    """The folder of a model: itself, or the one that the run `source` published last in its order.

    Raises UsageError where there is none, or it is not on this machine.
    """
    if (Path(source) / "config.json").is_file():
        return Path(source)
    store = Store(source)
    models = [v for v in published_versions(store).values() if any(p.endswith("/config.json") for p in v.paths("data"))]
    if not models:
        raise UsageError(
            f"{source} is neither a model folder nor a run with a trained model",
            "a model's folder holds config.json; `datagen status RUN` lists what a run has published",
        )
    if store.remote:
        raise UsageError(f"{source} is remote", "copy the model's folder here first; `datagen path` names it")
    return store.local(f"{models[-1].stage}/{models[-1].name}/data")


def _load(source: Path) -> Any:
    from transformers import AutoConfig

    from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

    try:
        config = AutoConfig.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{source} has no model that transformers can load: {type(error).__name__}",
            "give a model's folder, or a run with a trained model",
        ) from None
    if not isinstance(config, BaichuanM1Config):
        raise UsageError(f"{source} is a {config.model_type}, not a baichuan_m1", "other models export themselves")
    try:
        # Safetensors only: other formats can run code when read.
        model, report = BaichuanM1ForCausalLM.from_pretrained(
            source, config=config, use_safetensors=True, dtype="auto", output_loading_info=True
        )
    except (OSError, RuntimeError, SafetensorError) as error:
        raise UsageError(f"the weights in {source} can't be loaded: {type(error).__name__}") from None
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if names := sorted(map(str, report[problem])):
            raise UsageError(f"{source} has {len(names)} {problem.replace('_', ' ')}, such as {names[0]}")
    return model.eval()


def _card(source: Path, name: str, model: Any) -> str:
    store, version = _origin(source)
    found, training = None, NOT_KNOWN
    if version is not None:
        found = _trained_on(store, version)
        training = _training(version)
    # Whether weights inherit the licences of their data is unsettled: the card states these and claims nothing.
    fields = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "license": "other",
        "license_name": "see-the-licences-of-the-data",
        "tags": ["medical", "baichuan_m1", "research-only", "not-for-clinical-use"],
    }
    if found is not None and found.languages:
        fields["language"] = found.languages
    return front_matter(fields) + CARD.format(
        name=name,
        parameters=model.num_parameters(),
        context=model.config.max_position_embeddings,
        notice=notice.MARKDOWN,
        training=training,
        data=NOT_KNOWN if found is None else data_section(found),
    )


def _origin(source: Path) -> tuple[Store | None, Version | None]:
    """The run and version whose `data` folder `source` is, if it is one."""
    source = source.resolve()
    if source.name == "data" and len(source.parents) > 2:
        store, stage, version = Store(str(source.parents[2])), source.parents[1].name, source.parents[0].name
        if found := manifest(store, stage, version):
            return store, Version(stage, found)
    return None, None


def _trained_on(store: Store, version: Version) -> Summary:
    """The record versions that the model learnt from, and those that the models before it did."""
    by_name = {v.name: v for v in lineage(store, version).values()}
    needs = {edge.version: None for read in _read(version, by_name) for edge in read.needs}
    return summarize(store, [by_name[name] for name in needs if name in by_name], "train")


def _read(version: Version, by_name: Mapping[str, Version]) -> Iterator[Version]:
    """Versions of tokens and of pairs, those of pretraining first."""
    found = {option: by_name[name] for option, name in version.artefacts.items() if name in by_name}
    if "model" in found:
        yield from _read(found["model"], by_name)
    yield from (found[option] for option in ("tokens", "documents", "pairs") if option in found)


def _training(version: Version) -> str:
    results = version.manifest["results"].get("train", {})
    lines = [f"Trained by `{version.use}`: {results.get('steps', 0):,} steps, {results.get('tokens', 0):,} tokens."]
    if measured := results.get("bits_per_byte"):
        lines += ["", "| after stage | held-out bits per byte |", "|---|---|"]
        order = [s["name"] for s in version.options.get("stages", ()) if s["name"] in measured] or list(measured)
        for stage in order:
            lines.append(f"| {stage} | {', '.join(f'{k} {v:.3f}' for k, v in measured[stage].items())} |")
    lines += ["", "<details><summary>Options</summary>", "", "```json", json.dumps(version.options, indent=1), "```"]
    return "\n".join([*lines, "", "</details>", ""])
