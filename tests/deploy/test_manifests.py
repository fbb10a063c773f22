"""The Kubernetes manifests are what KubeRay takes, and keep what they promise. (They are not run: no cluster here.)"""

import copy
import json
import re
import shlex
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.main import get_command

from datagen.cli import _app
from datagen.recipe_file import SECRET_KEY, SECRET_VALUE
from datagen.store import is_remote

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(DEPLOY.glob("rayjob-*.yaml"))
IN_IMAGE = "/opt/datagen"
SCHEMA = json.loads((Path(__file__).parent / "rayjob.schema.json").read_text())


@pytest.fixture(params=MANIFESTS, ids=lambda path: path.stem)
def manifest(request) -> dict:
    return yaml.safe_load(request.param.read_text())


def mistakes(manifest: dict) -> list[str]:
    return [error.json_path for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(manifest)]


def pods(manifest: dict) -> list[dict]:
    cluster = manifest["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def run_options(manifest: dict) -> dict:
    """What `datagen run` makes of the entrypoint."""
    program, verb, *arguments = shlex.split(manifest["spec"]["entrypoint"])
    assert (program, verb) == ("datagen", "run")
    command = get_command(_app(["run"]))
    command = getattr(command, "commands", {}).get("run", command)
    return command.make_context("run", arguments).params


def test_there_is_one_for_data_and_one_for_training():
    assert [path.stem for path in MANIFESTS] == ["rayjob-data", "rayjob-train"]


def test_it_is_what_the_crd_takes(manifest):
    assert mistakes(manifest) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda spec: spec.update(activeDeadline=1), "$.spec"),
        (lambda spec: spec.update(submissionMode="Sidecar"), "$.spec.submissionMode"),
        (lambda spec: spec.update(backoffLimit="3"), "$.spec.backoffLimit"),
        (lambda spec: spec["deletionStrategy"]["deletionRules"].clear(), "$.spec.deletionStrategy.deletionRules"),
        (
            lambda spec: spec["deletionStrategy"]["deletionRules"][0]["condition"].update(jobDeploymentStatus="Failed"),
            "$.spec.deletionStrategy.deletionRules[0].condition",
        ),
        (
            lambda spec: spec["rayClusterSpec"]["authOptions"].update(mode="on"),
            "$.spec.rayClusterSpec.authOptions.mode",
        ),
        (
            lambda spec: spec["rayClusterSpec"]["headGroupSpec"].update(rayStartParams={"num-cpus": 0}),
            "$.spec.rayClusterSpec.headGroupSpec.rayStartParams['num-cpus']",
        ),
    ],
)
def test_the_schema_notices_mistakes(manifest, change, where):
    change(manifest["spec"])
    assert where in mistakes(manifest)


def test_the_entrypoint_is_a_run_that_nodes_share(manifest):
    options = run_options(manifest)
    assert is_remote(options["out"])
    recipe = Path(options["recipe"])
    assert recipe.is_relative_to(IN_IMAGE)
    stages = yaml.safe_load((ROOT / recipe.relative_to(IN_IMAGE)).read_text())["stages"]
    assert options["until"] in stages
    assert all(override.split(".")[0] in stages for override in options["set_"] or ())


def test_retries_and_ends(manifest):
    spec = manifest["spec"]
    assert spec["submissionMode"] == "SidecarMode" and spec["backoffLimit"] == 3
    assert spec["preRunningDeadlineSeconds"] < spec["activeDeadlineSeconds"]
    rules = spec["deletionStrategy"]["deletionRules"]
    after = {(*sorted(r["condition"].items())[0], r["policy"]): r["condition"]["ttlSeconds"] for r in rules}
    assert len(after) == len(rules)  # the operator refuses two rules of the same condition and policy
    failed = {policy: seconds for (_, status, policy), seconds in after.items() if status == "FAILED"}
    assert failed["DeleteWorkers"] < failed["DeleteCluster"]  # the head's logs stay for a while
    assert ("jobStatus", "SUCCEEDED", "DeleteCluster") in after


def test_only_who_must_reaches_ray(manifest):
    cluster = manifest["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["networkPolicy"]["mode"] in ("DenyAll", "DenyAllIngress")
    (rule,) = cluster["networkPolicy"]["head"]["ingressRules"]
    assert [p["port"] for p in rule["ports"]] == [8265]
    assert rule["from"][0]["podSelector"]["matchLabels"]


def test_the_driver_has_the_head_for_itself_and_all_run_one_image(manifest):
    cluster = manifest["spec"]["rayClusterSpec"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert cluster["rayVersion"] == version("ray")
    assert f"ray=={cluster['rayVersion']}" in (ROOT / "constraints.txt").read_text().splitlines()
    containers = [c for pod in pods(manifest) for c in pod["containers"]]
    assert {c["image"] for c in containers} == {f"REGISTRY/datagen:{version('datagen')}"}
    environments = [c["env"] for c in containers]
    assert all(e == environments[0] for e in environments)


def test_the_training_fits_its_worker():
    (train,) = (yaml.safe_load(p.read_text()) for p in MANIFESTS if p.stem == "rayjob-train")
    (override,) = run_options(train)["set_"]
    (group,) = train["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    cpus = int(group["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"])
    assert override == f"model.threads={cpus}"


def secrets_in(manifest: dict) -> list[str]:
    """Environment variables whose names say secret and that aren't references."""
    found = []
    for entry in (e for pod in pods(manifest) for c in pod["containers"] for e in c["env"]):
        is_secret = SECRET_KEY.search(entry["name"]) or entry["name"].endswith(("_KEY", "_KEY_ID"))
        if is_secret and ("value" in entry or "secretKeyRef" not in entry.get("valueFrom", {})):
            found.append(entry["name"])
    return found


def test_secrets_come_by_reference_alone(manifest):
    names = {e["name"] for e in pods(manifest)[0]["containers"][0]["env"] if "valueFrom" in e}
    assert names == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DATAGEN_ID_SECRET"}
    assert secrets_in(manifest) == []
    leaky = copy.deepcopy(manifest)
    leaky["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}
    ]
    assert secrets_in(leaky) == ["AWS_SECRET_ACCESS_KEY"]
    assert not [p.name for p in DEPLOY.iterdir() if SECRET_VALUE.search(p.read_text())]


def test_pods_have_no_more_rights_than_they_need(manifest):
    for pod in pods(manifest):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }


def test_the_image_is_built_from_named_folders_as_another_user_than_root():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert "USER 1000" in lines
    assert any("--constraint constraints.txt" in line for line in lines)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    sent = {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in sent)
    packages = re.search(r"include = \[(.*?)\]", (ROOT / "pyproject.toml").read_text())[1]
    assert {p.strip('"*') for p in packages.split(", ")} <= sent
