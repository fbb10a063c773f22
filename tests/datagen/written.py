"""A run written shard by shard through the real `Task` and `publish`, without Ray: for reports and traces."""

import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from datagen.lease import Lease
from datagen.publish import publish
from datagen.record import SCHEMA, record_id, split_of, table, with_column
from datagen.stage import Item, Outcome, Stage
from datagen.store import Store
from datagen.task import Job, Part, Task


class Written:
    """Builds the stages of one run, each from a function over its input rows."""

    def __init__(self, folder: Path):
        self.store = Store(str(folder))
        self.manifests: dict[str, dict] = {}
        self._folder = folder

    def source(self, name: str, use: str, outcome: Outcome, inputs: tuple[str, ...] = ("raw.xml",), **options) -> None:
        self._publish(name, use, _items(inputs), (), options, lambda task: task.settle(None, outcome))

    def stage(
        self,
        name: str,
        use: str,
        needs: list[str],
        apply: Callable[[pa.Table], Outcome],
        edits_text=False,
        inputs: tuple[str, ...] = (),
        **options,
    ) -> None:
        """`needs` name stages; `NAME.dropped` reads what one dropped. `inputs` are raw files that it reads besides."""
        parts = tuple(part for need in needs for part in self._parts(need))

        def run(task: Task) -> None:
            for part in parts:
                for batch in task.read(part):
                    task.settle(batch, apply(batch))

        self._publish(name, use, _items(inputs), tuple(needs), options, run, parts, edits_text)

    def _publish(self, name, use, items, needs, options, run, parts=(), edits_text=False) -> None:
        stage = _Editing if edits_text else Stage
        version = record_id(name, repr((use, options, needs)))[:12]
        job = Job(
            name,
            stage(keep_dropped=options.get("keep_dropped", False)),
            use,
            self.store.url,
            version,
            SCHEMA,
            parts,
            items,
        )
        task = Task(job, "rows", 0, None, self._folder / "_scratch")
        run(task)
        commit = task.commit(None)
        identity = {
            "use": use,
            "stage_version": "1",
            "options": options,
            "artefacts": {},
            "needs": sorted(
                [n.removesuffix(".dropped"), n.endswith(".dropped"), self._version(n).removeprefix("v-")] for n in needs
            ),
        }
        if items:
            identity["items"] = "0"
        facts = {
            "use": use,
            "identity": identity,
            "inputs": [{"name": i.name, "sha256": i.sha256, "bytes": i.bytes} for i in items],
            "recipe": {"name": "written", "sha256": "0" * 64},
            "tokens": "utf8",
            "datagen": "0",
        }
        lease = Lease.acquire(self.store, "test")
        try:
            self.manifests[name] = publish(job, [commit], facts, lease)
        finally:
            lease.release()

    def _version(self, need: str) -> str:
        return self.manifests[need.removesuffix(".dropped")]["version"]

    def _parts(self, need: str) -> list[Part]:
        stage, kind = need.removesuffix(".dropped"), "dropped" if need.endswith(".dropped") else "data"
        return [
            Part(f"{stage}/{self._version(need)}/{f['path']}", f["rows"], f["bytes"], stage)
            for f in self.manifests[stage]["files"]
            if f["path"].startswith(f"{kind}/")
        ]


def _items(names: tuple[str, ...]) -> tuple[Item, ...]:
    return tuple(Item(name, f"/raw/{name}", 1000, record_id("sha", name) * 2) for name in names)


class _Editing(Stage):
    writes = ("text",)


def rows(source: str, number: int, text: str = "words of {n}", **labels) -> pa.Table:
    """Records `0..number` of a source; labels may be functions of the number."""
    made = []
    for n in range(number):
        values = {k: v(n) if callable(v) else v for k, v in labels.items()}
        made.append(
            {
                "id": record_id(source, str(n)),
                "group": str(n),
                "split": split_of(f"{source}{n}"),
                "text": text.format(n=n),
                "source": source,
                "source_id": str(n),
                "phi_status": "clean",
                **values,
            }
        )
    return table(made)


DEPARTMENTS = ("CARD", "RESP", "GI", "NEUR", "ONC", "PED", "OBGYN", "DERM", "TCM", "PSYCH", "ORTHO", "NONE", "PHARM")
WEIGHTS = (30, 12, 9, 14, 22, 6, 5, 2, 8, 4, 3, 6, 4)
ENGLISH = "{n} an account of the findings in plain words, long enough to count for something in the balance. " * 4
CHINESE = "第{n}篇，用平实的语言说明检查所见与处理原则，长度足以在均衡统计中占有分量。" * 3


def medical(folder: Path, scale: int = 40, balanced: bool = False) -> Written:
    """A run like a real one: three sources, unification with copies folded, labels, a filter, synthesis, balance.

    `notes` is restricted and small, so that some of its cells must be withheld.
    """
    run = Written(folder)
    draw = random.Random(1)
    department = dict(
        department=lambda n: draw.choices(DEPARTMENTS, WEIGHTS)[0], value=lambda n: draw.choice((0.2, 1, 2.5, 3, 4, 5))
    )
    papers = rows(
        "papers",
        9 * scale,
        ENGLISH,
        language="en",
        script="Latn",
        license=lambda n: "CC-BY-4.0" if n % 7 else "CC-BY-ND-4.0",
        content_type=lambda n: ("REVIEW", "RCT", "CASE", "OBS")[n % 4],
    )
    textbook = rows(
        "textbook_zh", 6 * scale, CHINESE, language="zh", script="Hans", license="CC0-1.0", content_type="TEXT"
    )
    notes = rows(
        "notes",
        scale,
        CHINESE,
        language="zh",
        script="Hans",
        access="restricted",
        content_type="NOTE",
        phi_status="redacted",
    )
    papers_drop = {i: "retracted" for i in papers["id"].to_pylist()[:5]}
    broken = {"papers.xml#7": "bad_xml", "papers.xml#9": "bad_xml"}
    run.source("papers", "collectors.jats", Outcome(papers, papers_drop, quarantined=broken), ("papers.xml",))
    run.source("textbook_zh", "collectors.records", Outcome(textbook), ("a.jsonl", "b.jsonl"))
    run.source("notes", "collectors.records", Outcome(notes), ("notes.csv",))

    def fold(batch: pa.Table) -> Outcome:
        ids = batch["id"].to_pylist()
        merged = {i: ids[k - 1] for k, i in enumerate(ids) if k % 11 == 10}
        copies = [2 if k % 11 == 9 and k + 1 < len(ids) else 1 for k in range(len(ids))]
        return Outcome(with_column(batch, "duplicates", copies), merged=merged)

    run.stage("unique", "dedup.minhash", ["papers", "textbook_zh", "notes"], fold)

    def label(batch: pa.Table) -> Outcome:
        for name, draw_label in department.items():
            batch = with_column(batch, name, [draw_label(n) for n in range(len(batch))])
        return Outcome(batch)

    run.stage("labelled", "classifiers.annotate", ["unique"], label)

    def clean(batch: pa.Table) -> Outcome:
        found = batch.to_pylist()
        dropped = {r["id"]: "low_value" for r in found if r["value"] < 1}
        dropped |= {r["id"]: "advertisement" for k, r in enumerate(found) if r["department"] == "TCM" and k % 2}
        return Outcome(
            with_column(batch, "text", [t.replace("plain words", "words") for t in batch["text"].to_pylist()]), dropped
        )

    run.stage("filter", "classifiers.filter", ["labelled"], clean, edits_text=True, keep_dropped=True)
    written = rows(
        "synthetic",
        2 * scale,
        ENGLISH,
        language=lambda n: ("en", "zh")[n % 2],
        license="CC0-1.0",
        content_type="QA",
        department=lambda n: ("DERM", "ORTHO", "EM")[n % 3],
        synthetic=True,
        value=3,
    )
    refused = {i: "contradicted" for i in written["id"].to_pylist()[: scale // 4]}
    run.source("synthetic", "synthesis.generate", Outcome(written, refused), ())

    def balance(batch: pa.Table) -> Outcome:
        few = {"DERM": 4, "ORTHO": 3, "PED": 2} if balanced else {}
        curriculum = ["general" if d == "NONE" else "basic" for d in batch["department"].to_pylist()]
        batch = with_column(batch, "repeats", [few.get(d, 1) for d in batch["department"].to_pylist()])
        return Outcome(with_column(batch, "curriculum", curriculum))

    run.stage("curated", "classifiers.balance", ["filter", "synthetic"], balance, **({"cap": 10} if balanced else {}))
    return run
