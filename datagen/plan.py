"""The plan: what each stage's version will be called, whether it is there already, and if not, why not."""

import hashlib
import hmac
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datagen import __version__
from datagen.errors import UsageError
from datagen.forgotten import Tombstones
from datagen.lease import PATH as LEASE
from datagen.publish import manifest
from datagen.recipe import Need, Recipe, Step
from datagen.record import extended
from datagen.secret import id_secret
from datagen.stage import InputPath, Item, Source
from datagen.store import Store, is_remote
from datagen.task import Job, Part

INPUT_CACHE = "_run/inputs.json"
HASH_DIGITS = 12


@dataclass(frozen=True)
class Planned:
    """One stage of a plan. `identity` is what its hash covers."""

    step: Step
    hash: str
    identity: dict[str, Any]
    items: tuple[Item, ...]
    selected: bool
    published: bool
    why: str

    @property
    def version(self) -> str:
        return f"v-{self.hash}"

    @property
    def runs(self) -> bool:
        return self.selected and not self.published


@dataclass(frozen=True)
class Plan:
    recipe: Recipe
    run_url: str
    stages: dict[str, Planned]

    @property
    def to_run(self) -> list[Planned]:
        return [p for p in self.stages.values() if p.runs]

    @property
    def hash(self) -> str:
        return _digest({name: p.hash for name, p in self.stages.items() if p.selected})

    def job(self, name: str, store: Store) -> Job:
        """The executable form of a stage whose inputs are all published."""
        planned = self.stages[name]
        step = planned.step
        parts, fields = [], {}
        for need in sorted(step.needs, key=lambda n: (n.stage, n.dropped)):
            upstream = self.stages[need.stage]
            found = manifest(store, need.stage, upstream.version)
            parts += _parts(need, upstream.version, found)
            for file in parts[-1:]:
                fields |= {f.name: f for f in store.parquet(file.path).schema_arrow}
        fields |= {f.name: f for f in step.stage.adds}
        extra = [f for n, f in fields.items() if n not in extended(()).names]
        settings = self.recipe.settings
        return Job(
            name=name,
            stage=step.stage,
            use=step.use,
            run_url=self.run_url,
            hash=planned.hash,
            schema=extended(extra) if step.stage.publishes == "records" else None,
            parts=tuple(parts),
            items=planned.items,
            artefacts={o: f"{n}/{self.stages[n].version}/data" for o, n in step.artefacts.items()},
            settings={"split": settings.split.model_dump(), "tokens": settings.tokens},
            secret=id_secret() if getattr(step.stage, "patient_level", False) else None,
            forgotten=Tombstones.load(store) if isinstance(step.stage, Source) else Tombstones(),
        )

    def facts(self, name: str) -> dict[str, Any]:
        """What the manifest says about how a version came to be."""
        planned = self.stages[name]
        return {
            "use": planned.step.use,
            "identity": planned.identity,
            "inputs": [
                # A patient's file may be named after the patient; its hash still tells which file it was.
                ({} if getattr(planned.step.stage, "patient_level", False) else {"name": i.name})
                | {"sha256": i.sha256, "bytes": i.bytes}
                for i in planned.items
            ],
            "recipe": {
                "name": self.recipe.name,
                "sha256": hashlib.sha256(self.recipe.path.read_bytes()).hexdigest(),
            },
            "tokens": self.recipe.settings.tokens,
            "datagen": __version__,
        }


def committed_shards(store: Store, stage: str, version_hash: str = "") -> int:
    """Shards that wait for their stage to be published; of any of its versions where no hash is given."""
    folder = f"_work/{stage}/{version_hash}".rstrip("/")
    return sum(path.endswith(".json") for path, _ in store.files(folder))


def make_plan(recipe: Recipe, run_url: str, only: str | None = None, until: str | None = None) -> Plan:
    """Hash every input and name every version. `only` runs one stage, `until` one and what it needs.

    Raises UsageError for an unknown stage, or for `only` where what it needs is not there.
    """
    store = Store(run_url)
    selected = _selected(recipe, only, until)
    cache = _InputCache(store)
    tombstones = Tombstones.load(store)
    stages: dict[str, Planned] = {}
    for name, step in recipe.steps.items():
        items = cache.hashed(step.stage.items())
        identity = _identity(recipe, step, stages, items, tombstones)
        version = _digest(identity)
        published = manifest(store, name, f"v-{version}") is not None
        why = "up to date" if published else _why(store, name, identity)
        stages[name] = Planned(step, version, identity, items, name in selected, published, why)
    cache.save()
    if only:
        missing = [u for u in recipe.steps[only].upstream() if not stages[u].published]
        if missing:
            raise UsageError(f"{only} needs {', '.join(missing)}, which this run doesn't have", f"use --until {only}")
    return Plan(recipe, store.url, stages)


def _selected(recipe: Recipe, only: str | None, until: str | None) -> set[str]:
    for name in (only, until):
        if name and name not in recipe.steps:
            raise UsageError(f"the recipe has no stage {name}", f"it has {', '.join(recipe.steps)}")
    if only:
        return {only}
    if not until:
        return set(recipe.steps)
    wanted, queue = set(), [until]
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue += recipe.steps[name].upstream()
    return wanted


def _identity(
    recipe: Recipe, step: Step, upstream: dict[str, Planned], items: tuple[Item, ...], tombstones: Tombstones
) -> dict[str, Any]:
    hidden = {*step.stage.marked(InputPath), *step.artefacts, *step.stage.unhashed}
    identity: dict[str, Any] = {
        "use": step.use,
        "stage_version": step.stage.version,
        "options": step.stage.model_dump(mode="json", exclude=hidden),
        "needs": sorted([n.stage, n.dropped, upstream[n.stage].hash] for n in step.needs),
        "artefacts": {option: upstream[name].hash for option, name in sorted(step.artefacts.items())},
    }
    if items:
        identity["items"] = _digest([[i.name, i.sha256] for i in items])
    if isinstance(step.stage, Source):
        identity["name"] = step.name
        identity["split"] = recipe.settings.split.model_dump()
        identity["tokens"] = recipe.settings.tokens
        identity["forgotten"] = tombstones.digest(step.name)
        if getattr(step.stage, "patient_level", False):
            # A fingerprint, so that another secret means other ids and so another version.
            identity["secret"] = hmac.new(id_secret(), b"fingerprint", hashlib.sha256).hexdigest()[:12]
    return identity


def _why(store: Store, name: str, identity: dict[str, Any]) -> str:
    published = manifest(store, name)
    if published is None:
        return "never published"
    before = published["identity"]
    changed = []
    if before.get("use") != identity["use"]:
        changed.append(f"uses {identity['use']} now")
    if before.get("stage_version") != identity["stage_version"]:
        changed.append("the stage's code has a new version")
    options, old = identity["options"], before.get("options", {})
    changed += [f"{k} changed" for k in sorted({*options, *old}) if options.get(k) != old.get(k)]
    if before.get("needs") != identity["needs"] or before.get("artefacts") != identity["artefacts"]:
        changed.append("its inputs changed")
    for key, text in (
        ("items", "raw files changed"),
        ("split", "the split changed"),
        ("forgotten", "records were forgotten"),
        ("secret", "the id secret changed"),
        ("tokens", "the token counter changed"),
    ):
        if before.get(key) != identity.get(key):
            changed.append(text)
    return "; ".join(changed) or "its published version is gone"


def _parts(need: Need, version: str, found: dict[str, Any]) -> list[Part]:
    kind = "dropped" if need.dropped else "data"
    folder = f"{need.stage}/{version}"
    return [
        Part(f"{folder}/{f['path']}", f["rows"], f["bytes"], need.stage)
        for f in found["files"]
        if f["path"].startswith(f"{kind}/")
    ]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


class _InputCache:
    """sha256 of raw files, remembered by what changes whenever their bytes do: size, times (ctime can't be set back)
    and inode, or the ETag of an object."""

    def __init__(self, store: Store):
        self._store = store
        try:
            self._known: dict[str, list] = json.loads(store.read(INPUT_CACHE))
        except (FileNotFoundError, json.JSONDecodeError):
            self._known = {}
        self._fresh = False

    def hashed(self, items: list[Item]) -> tuple[Item, ...]:
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            return tuple(pool.map(self._hash, items))

    def save(self) -> None:
        """Into a run that is there: to plan one makes nothing."""
        if self._fresh and self._store.size(LEASE) is not None:
            self._store.write(INPUT_CACHE, json.dumps(self._known, indent=0).encode())

    def _hash(self, item: Item) -> Item:
        marks = _marks(item.url)
        known = self._known.get(item.url)
        if known is None or known[:-1] != marks:
            folder, _, name = item.url.rpartition("/")
            known = [*marks, Store(folder).sha256(name)]
            self._known[item.url] = known
            self._fresh = True
        return replace(item, sha256=known[-1])


def _marks(url: str) -> list:
    if is_remote(url):
        import obstore
        from obstore.store import from_url

        folder, _, name = url.rpartition("/")
        head = obstore.head(from_url(folder), name)
        return [head["size"], head["e_tag"], str(head["last_modified"])]
    stat = Path(url).stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
