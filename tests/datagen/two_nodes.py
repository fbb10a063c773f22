"""A Ray cluster of two nodes on this machine, in a process of its own: starting one turns the process's own Ray around.

Run as a script it prints the address, then obeys lines: `bare` adds a node without the tests' packages and prints its
id, `remove` takes that node away; at the end of its input it stops.
"""

import subprocess
import sys


class TwoNodes:
    """The same, from a test."""

    def __init__(self):
        command = [sys.executable, __file__]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.address = self._answer()

    def add_bare_node(self) -> str:
        return self._ask("bare")

    def remove_bare_node(self) -> None:
        self._ask("remove")

    def stop(self) -> None:
        self._process.communicate(timeout=60)

    def _ask(self, line: str) -> str:
        print(line, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> str:
        for line in self._process.stdout:  # Ray prints there as well
            if line.startswith("two-nodes: "):
                return line.removeprefix("two-nodes: ").strip()
        raise RuntimeError("the cluster did not start")


def main() -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    print(f"two-nodes: {cluster.address}", flush=True)
    for line in sys.stdin:
        if line.strip() == "bare":
            bare = cluster.add_node(num_cpus=1, env_vars={"PYTHONPATH": ""})
            print(f"two-nodes: {bare.node_id}", flush=True)
        else:
            cluster.remove_node(bare, allow_graceful=False)
            print("two-nodes: removed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
