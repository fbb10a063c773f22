"""Reading what a run published."""

from pathlib import Path
from typing import TYPE_CHECKING

from datagen.errors import UsageError
from datagen.publish import current, manifest
from datagen.store import Store

if TYPE_CHECKING:
    import pyarrow.dataset as ds


def existing_run(run: str | Path) -> Store:
    """The store of a run. Raises UsageError where there is none, for a typing error must not make one."""
    store = Store(str(run))
    folders = store.folders()
    if "_run" not in folders and not any(current(store, name) for name in folders):
        raise UsageError(f"there is no run at {store.url}", "check the path; `datagen run RECIPE --out RUN` makes one")
    return store


def load(run: str | Path, stage: str) -> "ds.Dataset":
    """The published rows of a stage as a pyarrow Dataset, exactly the files its manifest lists.

    Raises UsageError where the run has no such published stage, or the stage publishes something else than rows.
    """
    import pyarrow.dataset as ds

    store = existing_run(run)
    found = published(store, stage)
    if found["publishes"] != "records":
        raise UsageError(f"{stage} publishes {found['publishes']}, not records", f"datagen path {run} {stage}")
    files = [f"{stage}/{found['version']}/{f['path']}" for f in found["files"] if f["path"].startswith("data/")]
    if not store.remote:
        return ds.dataset([str(store.local(file)) for file in files], format="parquet")
    import pyarrow.fs as pafs
    from obstore.fsspec import FsspecStore

    scheme, _, rest = store.url.partition("://")
    bucket, _, prefix = rest.partition("/")
    system = pafs.PyFileSystem(pafs.FSSpecHandler(FsspecStore(scheme)))
    return ds.dataset([f"{bucket}/{prefix}/{file}" for file in files], format="parquet", filesystem=system)


def published(store: Store, stage: str) -> dict:
    """The manifest of a stage's published version. Raises UsageError where there is none."""
    found = manifest(store, stage)
    if found is None:
        stages = [s for s in store.folders() if manifest(store, s)]
        has = f"it has {', '.join(stages)}" if stages else f"`datagen status {store.url}` shows what is under way"
        raise UsageError(f"{store.url} has no published stage {stage}", has)
    return found
