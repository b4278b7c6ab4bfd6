"""What no deployment may do, checked over the resources of a Terraform plan or state."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Resource = tuple[str, str, Mapping[str, Any]]  # type, address, values
Policy = Callable[[Resource], Iterator[str]]

WORLD = {"0.0.0.0/0", "::/0"}
# These actions know no narrower resource than "*".
UNNARROWED = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}


def broken(resources: Iterable[Resource]) -> list[str]:
    """Give a sentence for every rule that a resource breaks."""
    return [f"{one[1]}: {told}" for one in resources for policy in POLICIES for told in policy(one)]


def world_open(resource: Resource) -> Iterator[str]:
    """Only ports 80 and 443 of the load balancer may be open to the world."""
    kind, address, values = resource
    if kind == "aws_vpc_security_group_ingress_rule" and WORLD & {values.get("cidr_ipv4"), values.get("cidr_ipv6")}:
        ports = (values.get("from_port"), values.get("to_port"))
        front = address.startswith(
            ("aws_vpc_security_group_ingress_rule.https[", "aws_vpc_security_group_ingress_rule.http[")
        )
        if not front or ports not in {(443, 443), (80, 80)} or values.get("ip_protocol") != "tcp":
            yield f"ports {ports} are open to the world"
    if kind in {"aws_security_group", "aws_default_security_group"}:
        for rule in values.get("ingress") or []:
            if WORLD & {*rule.get("cidr_blocks", []), *rule.get("ipv6_cidr_blocks", [])}:
                yield f"ports {rule.get('from_port')} are open to the world, inline"


def public_address(resource: Resource) -> Iterator[str]:
    """Nothing but the load balancer and a NAT gateway has a public address."""
    kind, _, values = resource
    if kind == "aws_subnet" and values.get("map_public_ip_on_launch"):
        yield "whatever starts here gets a public address"
    if kind == "aws_ecs_service" and any(one.get("assign_public_ip") for one in values["network_configuration"]):
        yield "tasks get public addresses"
    if kind == "aws_db_instance" and values.get("publicly_accessible"):
        yield "the database has a public address"
    if kind == "aws_s3_bucket_public_access_block" and not all(
        values.get(name)
        for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    ):
        yield "the bucket could be made public"


def task_rights(resource: Resource) -> Iterator[str]:
    """Containers run as a user, on a read-only root, without capabilities, with secrets by reference."""
    kind, _, values = resource
    if kind != "aws_ecs_task_definition":
        return
    if values.get("network_mode") != "awsvpc" or values.get("pid_mode") == "host" or values.get("ipc_mode") == "host":
        yield "the task shares its host's namespaces"
    for container in json.loads(values.get("container_definitions", "[]")):  # a plan does not know them yet
        name = container["name"]
        if container.get("privileged"):
            yield f"{name} is privileged"
        if str(container.get("user", "0")).split(":")[0] in {"0", "root", ""}:
            yield f"{name} runs as root"
        if not container.get("readonlyRootFilesystem"):
            yield f"{name} can write its root file system"
        capabilities = container.get("linuxParameters", {}).get("capabilities", {})
        if capabilities.get("add") or capabilities.get("drop") != ["ALL"]:
            yield f"{name} keeps capabilities"
        if not re.search(r"@sha256:[0-9a-f]{64}$", container["image"]):
            yield f"{name} runs an image that is not pinned by digest"
        for variable in container.get("environment", []):
            secret = re.search(r"(?i)password|secret|token|database|api_key", variable["name"])
            if secret or re.search(r"://[^/\s:]+:[^@\s]+@", variable["value"]):
                yield f"{name} has a secret in plain text: {variable['name']}"
    for volume in values.get("volume") or []:
        for efs in volume.get("efs_volume_configuration") or []:
            if efs.get("transit_encryption") != "ENABLED":
                yield f"volume {volume['name']} is mounted without TLS"


def wildcards(resource: Resource) -> Iterator[str]:
    """No statement allows every action, every resource or everyone."""
    kind, _, values = resource
    for field in ("policy", "assume_role_policy"):
        text = values.get(field)
        if not text or not isinstance(text, str) or '"Statement"' not in text:
            continue
        for statement in _listed(json.loads(text)["Statement"]):
            if statement["Effect"] != "Allow":
                continue
            actions = _listed(statement.get("Action", statement.get("NotAction", "*")))
            resources = _listed(statement.get("Resource", []))
            principal = statement.get("Principal", {})
            if "*" in resources and kind != "aws_kms_key" and not set(actions) <= UNNARROWED:
                yield f"{actions} are allowed on everything"
            if kind != "aws_kms_key" and any(one == "*" or one.endswith(":*") for one in actions):
                yield f"every action is allowed: {actions}"
            everyone = principal == "*" or "*" in [who for ids in dict(principal).values() for who in _listed(ids)]
            narrow = kind == "aws_vpc_endpoint" and "*" not in resources  # the resource tells whose it is
            if everyone and not narrow and not _ours(statement):
                yield "everyone is allowed"
            if "NotAction" in statement or "NotResource" in statement or "NotPrincipal" in statement:
                yield "what is allowed is told by what is not"
            if "sts:AssumeRoleWithWebIdentity" in actions and not any(
                name.endswith(":sub") and "*" not in json.dumps(value)
                for name, value in statement.get("Condition", {}).get("StringEquals", {}).items()
            ):
                yield "any repository can take this role"


def unencrypted(resource: Resource) -> Iterator[str]:
    """What is stored is encrypted, what is sent uses TLS."""
    kind, _, values = resource
    if kind == "aws_db_instance" and not values.get("storage_encrypted"):
        yield "the database's storage is not encrypted"
    if kind == "aws_db_parameter_group" and {"name": "rds.force_ssl", "value": "1"} not in [
        {"name": one["name"], "value": one["value"]} for one in values["parameter"]
    ]:
        yield "the database takes connections without TLS"
    if kind == "aws_efs_file_system" and not values.get("encrypted"):
        yield "the file system is not encrypted"
    if kind == "aws_ecr_repository" and values["encryption_configuration"][0]["encryption_type"] != "KMS":
        yield "images are not encrypted with a key of ours"
    if kind == "aws_kms_key" and not values.get("enable_key_rotation"):
        yield "the key is never rotated"
    if kind == "aws_lb_listener":
        actions = values["default_action"]
        redirects = all(one["type"] == "redirect" and one["redirect"][0]["protocol"] == "HTTPS" for one in actions)
        if values["protocol"] != "HTTPS" and not redirects:
            yield "requests are taken without TLS"
        if values["protocol"] == "HTTPS" and "TLS13" not in (values.get("ssl_policy") or ""):
            yield f"old TLS is accepted: {values.get('ssl_policy')}"


def unguarded(resource: Resource) -> Iterator[str]:
    """Images cannot be replaced under a tag, and are scanned; nobody opens a shell in a task; failures go back."""
    kind, _, values = resource
    if kind == "aws_ecr_repository":
        if values.get("image_tag_mutability") != "IMMUTABLE":
            yield "a tag can come to mean another image"
        if not values["image_scanning_configuration"][0]["scan_on_push"]:
            yield "images are not scanned"
    if kind == "aws_ecs_service":
        if values.get("enable_execute_command"):
            yield "a shell can be opened in tasks"
        breaker = values.get("deployment_circuit_breaker") or [{}]
        if not (breaker[0].get("enable") and breaker[0].get("rollback")):
            yield "a failed deployment stays"
    if kind == "aws_lb" and not values.get("drop_invalid_header_fields"):
        yield "invalid headers reach the service"


def _ours(statement: Mapping[str, Any]) -> bool:
    """Say whether a condition keeps a statement to this account."""
    equal = statement.get("Condition", {}).get("StringEquals", {})
    return bool({"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner"} & {name.lower() for name in equal})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


POLICIES: tuple[Policy, ...] = (world_open, public_address, task_rights, wildcards, unencrypted, unguarded)
