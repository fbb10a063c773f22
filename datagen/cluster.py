"""Ray: started here when nobody names a cluster, joined where `RAY_ADDRESS` does."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from datagen.errors import UsageError

LOCAL_OBJECT_STORE = 512 << 20
"""Shards travel as files; only jobs and small results pass through the object store."""
PATIENCE = 10
"""Seconds for a cluster's head to answer."""


@contextmanager
def ray_session(workers: int | None = None) -> Iterator[bool]:
    """A Ray to run on; one that was there before is left there. `workers` limits a local one's CPUs.

    Yields whether it was started here: its one node then has this process's files and environment. Raises UsageError
    where `RAY_ADDRESS` names a cluster that can't be joined.
    """
    if ray.is_initialized():
        yield False
        return
    logging.getLogger("ray").setLevel(logging.ERROR)
    address = os.environ.get("RAY_ADDRESS")
    if address:
        _join(address, workers)
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
        yield not address
    finally:
        ray.shutdown()


def _join(address: str, workers: int | None) -> None:
    if workers is not None:
        raise UsageError(
            f"RAY_ADDRESS={address} names a cluster, which --workers can't limit", "leave out one of the two"
        )
    if "://" in address:
        raise UsageError(
            f"RAY_ADDRESS={address} is not where a driver joins",
            "name the head as HOST:PORT, or run it there: `ray job submit --address URL -- datagen run ...`",
        )
    _check_listens(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        raise UsageError(
            f"can't join the Ray at RAY_ADDRESS={address}: {error}",
            "check its address, its Ray version and the token (RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH)",
        ) from None


def _check_listens(address: str) -> None:
    """Ray itself waits for minutes for a head that isn't there."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return  # `auto`, or what Ray will complain about
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as error:
        raise UsageError(
            f"no Ray answers at RAY_ADDRESS={address}: {error.strerror or error}",
            "start it, correct the address, or unset RAY_ADDRESS to run on this machine",
        ) from None
