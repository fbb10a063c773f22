"""Ray: started here when nobody names a cluster, joined where `RAY_ADDRESS` does."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

LOCAL_OBJECT_STORE = 512 << 20
"""Shards travel as files; only jobs and small results pass through the object store."""


@contextmanager
def ray_session(workers: int | None = None) -> Iterator[None]:
    """A Ray to run on; one that was there before is left there. `workers` limits a local one's CPUs."""
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray").setLevel(logging.ERROR)
    address = os.environ.get("RAY_ADDRESS")
    if address:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    else:
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=LOCAL_OBJECT_STORE,
        )
    try:
        yield
    finally:
        ray.shutdown()
