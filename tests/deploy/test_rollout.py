"""A rollout ends with the new image running, or with the former one and a sentence that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/nettide@sha256:" + "b" * 64


@pytest.fixture(scope="module")
def rollout(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("rollout.py")


@dataclass
class Cluster:
    """An ECS whose tasks of one image become healthy, fail, or hang, over a clock of its own.

    Args:
        fate: of the new deployment: healthy, broken (the circuit breaker goes back), hangs, gone.
    """

    fate: str
    running: str = "task:1"
    asked: list[str] = field(default_factory=list)
    registered: dict[str, Any] = field(default_factory=dict)
    now: float = 0.0
    polls: int = 0

    def describe_services(self, *, cluster: str, services: list[str]) -> Mapping[str, Any]:
        if self.fate == "gone":
            return {"services": []}
        self.polls += 1
        wanted = self.asked[-1] if self.asked else self.running
        fresh = wanted == "task:2"
        if fresh and self.fate == "broken" and self.polls > 3:
            wanted, fresh = self.running, False
        state = "IN_PROGRESS" if fresh and (self.fate != "healthy" or self.polls < 4) else "COMPLETED"
        healthy = 2 if state == "COMPLETED" else 0
        deployments = [
            {"taskDefinition": wanted, "rolloutState": state, "runningCount": healthy, "desiredCount": 2},
        ]
        if state != "COMPLETED":
            deployments.append(
                {"taskDefinition": "task:1", "rolloutState": "COMPLETED", "runningCount": 2, "desiredCount": 2}
            )
        events = [{"message": "tasks failed ELB health checks"}]
        return {
            "services": [{"status": "ACTIVE", "taskDefinition": wanted, "deployments": deployments, "events": events}]
        }

    def describe_task_definition(self, *, taskDefinition: str, include: list[str]) -> Mapping[str, Any]:
        containers = [{"name": "service", "image": "old", "user": "10001"}, {"name": "side", "image": "kept"}]
        return {
            "taskDefinition": {
                "taskDefinitionArn": taskDefinition,
                "family": "nettide",
                "revision": 1,
                "status": "ACTIVE",
                "containerDefinitions": containers,
            },
            "tags": [{"key": "Application", "value": "nettide"}],
        }

    def register_task_definition(self, **definition: Any) -> Mapping[str, Any]:
        self.registered = definition
        return {"taskDefinition": {"taskDefinitionArn": "task:2"}}

    def update_service(self, *, cluster: str, service: str, taskDefinition: str) -> Mapping[str, Any]:
        self.asked.append(taskDefinition)
        return {}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def target(rollout: ModuleType, cluster: Cluster) -> Any:
    return rollout.Target("nettide", "nettide", 120.0, clock=lambda: cluster.now, sleep=cluster.sleep)


def test_a_healthy_image_runs_and_only_its_container_changed(rollout: ModuleType) -> None:
    cluster = Cluster("healthy")
    assert rollout.roll_out(cluster, target(rollout, cluster), IMAGE) == "task:2"
    assert cluster.asked == ["task:2"]
    assert cluster.registered == {
        "family": "nettide",
        "containerDefinitions": [
            {"name": "service", "image": IMAGE, "user": "10001"},
            {"name": "side", "image": "kept"},
        ],
        "tags": [{"key": "Application", "value": "nettide"}],
    }


def test_when_ecs_went_back_by_itself_nothing_more_is_asked_and_the_rollout_fails(rollout: ModuleType) -> None:
    cluster = Cluster("broken")
    with pytest.raises(rollout.RolloutError, match=r"task:2 failed: ECS took the deployment back; task:1 runs again"):
        rollout.roll_out(cluster, target(rollout, cluster), IMAGE)
    assert cluster.asked == ["task:2"]


def test_tasks_that_never_become_healthy_are_taken_back(rollout: ModuleType) -> None:
    cluster = Cluster("hangs")
    with pytest.raises(
        rollout.RolloutError, match=r"not healthy after 120 s \(tasks failed ELB health checks\); task:1"
    ):
        rollout.roll_out(cluster, target(rollout, cluster), IMAGE)
    assert cluster.asked == ["task:2", "task:1"]
    assert cluster.now >= 120


def test_an_image_without_a_digest_is_refused_before_anything_is_asked(rollout: ModuleType) -> None:
    cluster = Cluster("healthy")
    with pytest.raises(rollout.RolloutError, match="must end in @sha256"):
        rollout.roll_out(cluster, target(rollout, cluster), "nettide:latest")
    assert (cluster.asked, cluster.polls) == ([], 0)


def test_a_service_that_is_not_there_is_named(rollout: ModuleType) -> None:
    cluster = Cluster("gone")
    with pytest.raises(rollout.RolloutError, match="cluster 'nettide' has no active service 'nettide'"):
        rollout.roll_out(cluster, target(rollout, cluster), IMAGE)


def test_a_container_that_is_not_there_is_named(rollout: ModuleType) -> None:
    cluster = Cluster("healthy")
    with pytest.raises(rollout.RolloutError, match="task:1 has no container 'web'; it has service, side"):
        rollout.roll_out(cluster, target(rollout, cluster), IMAGE, container="web")


def test_the_command_rolls_out_against_the_interface_of_aws(
    rollout: ModuleType, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="rollout")
    ecs.register_task_definition(
        family="rollout",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "service", "image": "old", "essential": True, "user": "10001"}],
    )
    ecs.create_service(cluster="rollout", serviceName="rollout", taskDefinition="rollout", desiredCount=0)
    assert rollout.main(["--cluster", "rollout", "--service", "rollout", "--image", IMAGE]) == 0
    assert IMAGE in capsys.readouterr().out
    service = ecs.describe_services(cluster="rollout", services=["rollout"])["services"][0]
    container = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"][
        "containerDefinitions"
    ][0]
    assert (container["image"], container["user"]) == (IMAGE, "10001")
    assert rollout.main(["--cluster", "rollout", "--service", "other", "--image", IMAGE]) == 1
    assert "has no active service 'other'" in capsys.readouterr().err
