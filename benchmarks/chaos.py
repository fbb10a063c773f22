"""Kill a run at random instants, resume it, and compare what it publishes, byte for byte, with an uninterrupted run.

    python benchmarks/chaos.py --kills 200 --seed 1

On Ray's own multi-node test cluster on this machine. Kinds of harm, drawn by the seed: the driver is killed (at a
random instant, or the moment a version's folder appears), worker processes are killed, a whole node is killed, a second
driver starts, a driver is suspended until another has taken over and then wakes up. A reader watches all the while and
checks every version that `CURRENT` names. Prints a line per episode and a table at the end; exit code 1 unless
all is zero.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pyarrow.parquet as pq
from ray.cluster_utils import Cluster

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
from tests.datagen.runs import digest, write_inputs  # noqa: E402

RECIPE = """
name: chaos
split: {validation: 0.1, test: 0.1}
stages:
  left: {use: toy.lines, path: left, pause: 0.001}
  right: {use: toy.lines, path: right, pause: 0.001}
  unique: {use: dedup.minhash, needs: [left, right], threshold: 0.6}
  upper: {use: toy.upper, needs: [unique], keep_dropped: true, pause: 0.0005}
  words: {use: toy.vocabulary, needs: [upper]}
  common: {use: toy.common, needs: [upper], vocabulary: words}
  rejects: {use: toy.upper, needs: [upper.dropped]}
"""
HARMS = {"driver": 6, "publishing": 3, "worker": 5, "node": 1, "second driver": 0.7, "zombie": 0.5}


BUSY = re.compile(r"ray::(left|right|unique|upper|words|common|rejects):")


class Reader(threading.Thread):
    """Someone who reads what is published while it changes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.out: Path | None = None
        self.reads = self.partial = 0

    def run(self):
        seen = set()
        while True:
            time.sleep(0.02)
            out = self.out
            for current in out.glob("*/CURRENT") if out else ():
                try:
                    text = current.read_text()
                except FileNotFoundError:
                    continue
                if (current, text) in seen:
                    continue
                seen.add((current, text))
                version = current.parent / text.split()[0]
                self.reads += 1
                if not self._complete(version):
                    print(f"  PARTIAL: {version}", flush=True)
                    self.partial += 1

    @staticmethod
    def _complete(version: Path) -> bool:
        try:
            manifest = json.loads((version / "manifest.json").read_text())
            return all(
                hashlib.sha256((version / f["path"]).read_bytes()).hexdigest() == f["sha256"] for f in manifest["files"]
            )
        except (FileNotFoundError, json.JSONDecodeError):
            return False


class Chaos:
    """Episodes of harm on one cluster."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.draw = folder, random.Random(seed)
        self.kills, self.outcomes = Counter(), Counter()
        paths = os.pathsep.join([str(TESTS / "tests" / "toy"), str(TESTS)])
        os.environ["PYTHONPATH"] = paths  # inherited by every node
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.spare = self.cluster.add_node(num_cpus=1)
        self.env = os.environ | {"RAY_ADDRESS": self.cluster.address}
        self.reader = Reader()
        self.reader.start()

    @staticmethod
    def _descendants() -> list[psutil.Process]:
        """Processes of this cluster, and of no other Ray on the machine."""
        found = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.cmdline():
                    found.append(process)
        return found

    def start(self, out: Path, own_ray: bool = False) -> subprocess.Popen:
        command = [sys.executable, "-m", "datagen", "run", str(self.folder / "recipe.yaml"), "--out", str(out)]
        env = {k: v for k, v in self.env.items() if not (own_ray and k == "RAY_ADDRESS")}
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, out: Path, own_ray: bool = False) -> float:
        started = time.monotonic()
        process = self.start(out, own_ray)
        output, _ = process.communicate(timeout=300)
        if process.returncode:
            raise SystemExit(f"a resumed run failed with {process.returncode}:\n{output}")
        return time.monotonic() - started

    def episode(self, out: Path, kills: int, duration: float) -> None:
        """Harm one run `kills` times, then let it finish."""
        self.reader.out = out
        for _ in range(kills):
            harm = self.draw.choices(list(HARMS), HARMS.values())[0]
            process = self.start(out)
            {
                "driver": self._kill_driver,
                "publishing": self._kill_while_publishing,
                "worker": self._kill_worker,
                "node": self._kill_node,
                "second driver": self._second_driver,
                "zombie": self._zombie,
            }[harm](process, out, duration)
        self.finish(out)

    def _instant(self, process: subprocess.Popen, duration: float) -> bool:
        """Wait for a random instant of the run; False if it was over before."""
        try:
            process.wait(timeout=self.draw.uniform(0.2, 0.75) * duration)
            return False
        except subprocess.TimeoutExpired:
            return True

    def _count(self, harm: str, hit: bool) -> None:
        self.kills[harm if hit else f"{harm}, too late"] += 1

    def _kill_driver(self, process, out, duration):
        self._count("driver", self._instant(process, duration))
        process.kill()
        process.wait()

    def _kill_while_publishing(self, process, out, duration):
        """At the moment when a version has a folder and no manifest yet, or a manifest and no CURRENT."""
        known = {v for v in out.glob("*/v-*")}
        patience, hit = self.draw.randint(1, 2), False
        while process.poll() is None and not hit:
            fresh = {v for v in out.glob("*/v-*")} - known
            if fresh:
                known |= fresh
                patience -= 1
                hit = patience == 0
        time.sleep(self.draw.uniform(0, 0.02))
        self._count("driver, publishing", hit and process.poll() is None)
        process.kill()
        process.wait()

    def _kill_worker(self, process, out, duration):
        """Up to four busy workers; the driver goes on to the end."""
        for _ in range(4):
            if not self._instant(process, duration / 3):
                break
            busy = [p for p in self._descendants() if BUSY.match(" ".join(p.cmdline() or [""]))]
            if busy:
                self.draw.choice(sorted(busy, key=lambda p: p.pid)).kill()
                self._count("worker", True)
        self._expect_done(process)

    def _kill_node(self, process, out, duration):
        hit = self._instant(process, duration)
        self.cluster.remove_node(self.spare, allow_graceful=False)
        self._count("node", hit)
        self.spare = self.cluster.add_node(num_cpus=1)
        output, _ = process.communicate(timeout=300)
        # A driver may itself have been attached to the node that died; then it stops, and is run again.
        if process.returncode and "Ray failed" not in output:
            raise SystemExit(f"the run failed with {process.returncode}:\n{output}")
        self.outcomes["drivers that lost their node"] += bool(process.returncode)

    def _second_driver(self, process, out, duration):
        hit = self._instant(process, duration)
        second = self.start(out)
        output, _ = second.communicate(timeout=300)
        refused = second.returncode == 1 and "is being written by" in output
        self.outcomes["second drivers refused"] += refused
        self._count("second driver", hit)
        if not refused and second.returncode != 0:
            raise SystemExit(f"the second driver failed with {second.returncode}:\n{output}")
        self._expect_done(process)

    def _zombie(self, process, out, duration):
        """Suspend a driver, let its lease expire, let another finish, wake it up."""
        hit = self._instant(process, duration) and process.poll() is None
        process.send_signal(signal.SIGSTOP)
        lease = out / "_run" / "lease.json"
        if lease.exists():
            owner = json.loads(lease.read_text())
            lease.write_text(json.dumps(owner | {"expires": 0}, sort_keys=True))
            # On a Ray of its own: a suspended driver never gives its cluster's CPUs back.
            self.finish(out, own_ray=True)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate(timeout=300)
        self.outcomes["zombies that gave way"] += process.returncode == 1 and "took" in output
        self._count("zombie", hit)

    def _expect_done(self, process):
        output, _ = process.communicate(timeout=300)
        if process.returncode:
            raise SystemExit(f"the run failed with {process.returncode}:\n{output}")

    def stop(self):
        self.cluster.shutdown()


def differences(mine: dict[str, str], theirs: dict[str, str]) -> list[str]:
    return sorted(p for p in {*mine, *theirs} if mine.get(p) != theirs.get(p))


def rows_off(out: Path, reference: Path) -> tuple[int, int]:
    """(rows lost, rows doubled) over all stages."""
    lost = doubled = 0
    for stage in sorted(p.parent.name for p in reference.glob("*/CURRENT")):
        ids = [Counter(_ids(run / stage)) for run in (out, reference)]
        lost += sum((ids[1] - ids[0]).values())
        doubled += sum((ids[0] - ids[1]).values())
    return lost, doubled


def _ids(stage: Path) -> list[str]:
    version = stage / (stage / "CURRENT").read_text().split()[0]
    files = sorted((version / "data").glob("*.parquet"))
    return [
        i for f in files if "id" in pq.read_schema(f).names for i in pq.read_table(f, columns=["id"])["id"].to_pylist()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        write_inputs(folder, files=12, lines=120, seed=arguments.seed)
        (folder / "recipe.yaml").write_text(RECIPE)
        chaos = Chaos(folder, arguments.seed)
        try:
            chaos.finish(folder / "warm")
            duration = chaos.finish(folder / "reference")
            print(f"uninterrupted: {duration:.1f} s", flush=True)
            reference = digest(folder / "reference")
            lost = doubled = changed = episodes = 0
            while sum(v for k, v in chaos.kills.items() if "too late" not in k) < arguments.kills:
                out = folder / f"run{episodes}"
                chaos.episode(out, chaos.draw.randint(1, 5), duration)
                different = differences(digest(out), reference)
                off = rows_off(out, folder / "reference")
                lost, doubled, changed = lost + off[0], doubled + off[1], changed + len(different)
                episodes += 1
                print(
                    f"episode {episodes}: {dict(chaos.kills)}, files that differ {different[:3]}, rows off {off}",
                    flush=True,
                )
                subprocess.run(["rm", "-rf", str(out)], check=True)
        finally:
            chaos.stop()
    tried = sum(v for k, v in chaos.kills.items() if "too late" not in k)
    print("\n| harm | count |\n|---|---|")
    for harm, count in sorted(chaos.kills.items()):
        print(f"| {harm} | {count} |")
    for outcome, count in sorted(chaos.outcomes.items()):
        print(f"| {outcome} | {count} |")
    print(f"| **kills tried** | **{tried}** |\n| rows lost | {lost} |\n| rows doubled | {doubled} |")
    print(f"| files that differ | {changed} |\n| versions read while running | {chaos.reader.reads} |")
    print(f"| partial versions seen | {chaos.reader.partial} |")
    sys.exit(bool(lost or doubled or changed or chaos.reader.partial))


if __name__ == "__main__":
    main()
