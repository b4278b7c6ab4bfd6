"""An AWS of moto's on a loopback port, with the calls that Terraform's provider makes and moto lacks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.efs.responses import EFSResponse
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
ACCOUNT = "123456789012"

_BACKUPS: dict[str, str] = {}  # file system -> status of its backups


def _no_tags(_: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": {}})


def _put_backup_policy(response: EFSResponse) -> str:
    status = response._get_param("BackupPolicy")["Status"]
    _BACKUPS[_file_system(response)] = status
    return json.dumps({"BackupPolicy": {"Status": status}})


def _describe_backup_policy(response: EFSResponse) -> str:
    return json.dumps({"BackupPolicy": {"Status": _BACKUPS.get(_file_system(response), "DISABLED")}})


def _delete_file_system_policy(response: EFSResponse) -> str:
    response.efs_backend.file_systems_by_id[_file_system(response)].file_system_policy = None
    return "{}"


def _file_system(response: EFSResponse) -> str:
    return response.path.split("/file-systems/")[1].split("/")[0]


def _deploying(update: Callable[..., Service]) -> Callable[..., Service]:
    """Let the service's deployment tell of its new task definition, as AWS does."""

    def update_service(backend: EC2ContainerServiceBackend, properties: dict[str, Any]) -> Service:
        wanted = properties.get("task_definition")
        service = update(backend, properties)
        for deployment in service.deployments if wanted else []:
            deployment["taskDefinition"] = wanted
        return service

    return update_service


@contextmanager
def aws_double() -> Iterator[dict[str, str]]:
    """Serve AWS and give the variables that point clients at it."""
    ApplicationAutoScalingResponse.list_tags_for_resource = _no_tags
    EFSResponse.put_backup_policy = _put_backup_policy
    EFSResponse.describe_backup_policy = _describe_backup_policy
    EFSResponse.delete_file_system_policy = _delete_file_system_policy
    former = EC2ContainerServiceBackend.update_service
    EC2ContainerServiceBackend.update_service = _deploying(former)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_SESSION_TOKEN": "made-up",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",
        }
    finally:
        server.stop()
        EC2ContainerServiceBackend.update_service = former
