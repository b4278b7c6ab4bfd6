"""Roll an image out to an ECS service: wait until its tasks are healthy, or go back to the former ones.

Example: python deploy/rollout.py --cluster nettide --service nettide --image REPOSITORY@sha256:DIGEST
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# What describe_task_definition adds to what register_task_definition takes.
_ADDED = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
}
_POLL_SECONDS = 10.0
_APPEAR_SECONDS = 60.0  # what was asked may not be told of at once


class Ecs(Protocol):
    """The calls of boto3's ECS client that a rollout makes."""

    def describe_services(self, *, cluster: str, services: list[str]) -> Mapping[str, Any]: ...

    def describe_task_definition(self, *, taskDefinition: str, include: list[str]) -> Mapping[str, Any]: ...

    def register_task_definition(self, **definition: Any) -> Mapping[str, Any]: ...

    def update_service(self, *, cluster: str, service: str, taskDefinition: str) -> Mapping[str, Any]: ...


class RolloutError(Exception):
    """The image does not run; says what runs instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """The service, and how to wait for it."""

    cluster: str
    service: str
    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def roll_out(ecs: Ecs, target: Target, image: str, *, container: str = "service") -> str:
    """Run ``image`` in place of what runs, and give the ARN of its task definition.

    Raises:
        RolloutError: the service or its container is not there; or the new tasks did not become healthy in time, and
            the former task definition runs again, or does not.
    """
    if not re.search(r"@sha256:[0-9a-f]{64}$", image):
        raise RolloutError(f"image {image!r} must end in @sha256: and its digest: a tag can come to mean another image")
    former = str(_described(ecs, target)["taskDefinition"])
    wanted = _registered(ecs, former, image, container)
    ecs.update_service(cluster=target.cluster, service=target.service, taskDefinition=wanted)
    why = _waited(ecs, target, wanted)
    if why is None:
        return wanted
    if _described(ecs, target)["taskDefinition"] != former:  # the circuit breaker may have gone back already
        ecs.update_service(cluster=target.cluster, service=target.service, taskDefinition=former)
    again = _waited(ecs, target, former)
    if again is not None:
        raise RolloutError(f"{wanted} failed: {why}; and going back to {former} failed too: {again}")
    raise RolloutError(f"{wanted} failed: {why}; {former} runs again")


def _described(ecs: Ecs, target: Target) -> Mapping[str, Any]:
    found = ecs.describe_services(cluster=target.cluster, services=[target.service])["services"]
    active = [one for one in found if one["status"] == "ACTIVE"]
    if not active:
        raise RolloutError(f"cluster {target.cluster!r} has no active service {target.service!r}")
    return dict(active[0])


def _registered(ecs: Ecs, former: str, image: str, container: str) -> str:
    """Register the former task definition with the new image, and give its ARN."""
    found = ecs.describe_task_definition(taskDefinition=former, include=["TAGS"])
    definition = {name: value for name, value in found["taskDefinition"].items() if name not in _ADDED}
    names = [one["name"] for one in definition["containerDefinitions"]]
    if container not in names:
        raise RolloutError(f"{former} has no container {container!r}; it has {', '.join(names)}")
    definition["containerDefinitions"] = [
        {**one, "image": image} if one["name"] == container else one for one in definition["containerDefinitions"]
    ]
    if found.get("tags"):
        definition["tags"] = found["tags"]
    return str(ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"])


def _waited(ecs: Ecs, target: Target, wanted: str) -> str | None:
    """Wait until every task runs ``wanted``; give None, or why that did not happen."""
    begun, seen = target.clock(), False
    while True:
        service = _described(ecs, target)
        deployments = service["deployments"]
        own = next((one for one in deployments if one["taskDefinition"] == wanted), None)
        seen = seen or own is not None
        missing = own is None and (seen or target.clock() >= begun + _APPEAR_SECONDS)
        if missing or (own or {}).get("rolloutState") == "FAILED":
            return (own or {}).get("rolloutStateReason") or "ECS took the deployment back"
        if own is not None and len(deployments) == 1 and own.get("rolloutState", "COMPLETED") == "COMPLETED":
            return None
        if target.clock() >= begun + target.seconds:
            told = next((one["message"] for one in service.get("events", [])), "no event tells why")
            return f"not healthy after {target.seconds:.0f} s ({told})"
        target.sleep(_POLL_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, roll out, and give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--service", required=True)
    parser.add_argument("--image", required=True, help="REPOSITORY@sha256:DIGEST")
    parser.add_argument("--container", default="service", help="whose image it is; service if absent")
    parser.add_argument("--minutes", type=float, default=20.0, help="time to become healthy; 20 if absent")
    given = parser.parse_args(arguments)
    import boto3

    target = Target(given.cluster, given.service, given.minutes * 60)
    try:
        running = roll_out(boto3.client("ecs"), target, given.image, container=given.container)
    except RolloutError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{running} runs {given.image}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
