"""Each policy sees what it forbids, and lets pass what is meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policies import POLICIES, broken

RULE = "aws_vpc_security_group_ingress_rule"


def container(**changed: Any) -> dict[str, Any]:
    good = {
        "name": "service",
        "image": "r@sha256:" + "a" * 64,
        "user": "10001:10001",
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"add": [], "drop": ["ALL"]}},
        "environment": [{"name": "NETTIDE_MODELS", "value": "/var/lib/nettide"}],
    }
    return {**good, **changed}


def task(**changed: Any) -> tuple[str, str, dict[str, Any]]:
    values = {"network_mode": "awsvpc", "container_definitions": json.dumps([container(**changed)])}
    return ("aws_ecs_task_definition", "aws_ecs_task_definition.service", values)


def allowing(kind: str = "aws_iam_role_policy", **statement: Any) -> tuple[str, str, dict[str, Any]]:
    return (kind, f"{kind}.x", {"policy": json.dumps({"Statement": [{"Effect": "Allow", **statement}]})})


def trusting(**condition: Any) -> tuple[str, str, dict[str, Any]]:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn"},
        "Condition": condition,
    }
    return ("aws_iam_role", "aws_iam_role.x", {"assume_role_policy": json.dumps({"Statement": statement})})


def rule(address: str, port: int, cidr: str = "0.0.0.0/0") -> tuple[str, str, dict[str, Any]]:
    return (RULE, f"{RULE}.{address}", {"cidr_ipv4": cidr, "from_port": port, "to_port": port, "ip_protocol": "tcp"})


FORBIDDEN = [
    (rule('https["0.0.0.0/0"]', 22), "open to the world"),
    (rule("task", 443), "open to the world"),
    ((RULE, f"{RULE}.x", {"cidr_ipv6": "::/0", "from_port": 5432, "to_port": 5432}), "open to the world"),
    (("aws_security_group", "x", {"ingress": [{"from_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]}), "inline"),
    (("aws_subnet", "x", {"map_public_ip_on_launch": True}), "public address"),
    (("aws_db_instance", "x", {"publicly_accessible": True, "storage_encrypted": True}), "public address"),
    (("aws_db_instance", "x", {"storage_encrypted": False}), "not encrypted"),
    (("aws_efs_file_system", "x", {"encrypted": False}), "not encrypted"),
    (("aws_kms_key", "x", {"enable_key_rotation": False}), "never rotated"),
    (("aws_db_parameter_group", "x", {"parameter": []}), "without TLS"),
    (("aws_s3_bucket_public_access_block", "x", {"block_public_acls": True}), "could be made public"),
    (("aws_lb", "x", {"drop_invalid_header_fields": False}), "invalid headers"),
    (("aws_lb_listener", "x", {"protocol": "HTTP", "default_action": [{"type": "forward"}]}), "without TLS"),
    (
        (
            "aws_lb_listener",
            "x",
            {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-2016-08", "default_action": []},
        ),
        "old TLS",
    ),
    (task(privileged=True), "privileged"),
    (task(user="root"), "runs as root"),
    (task(user="0:0"), "runs as root"),
    (task(readonlyRootFilesystem=False), "can write its root"),
    (task(linuxParameters={}), "keeps capabilities"),
    (task(linuxParameters={"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}}), "keeps capabilities"),
    (task(image="nettide:latest"), "not pinned by digest"),
    (task(environment=[{"name": "NETTIDE_DATABASE", "value": "x"}]), "in plain text"),
    (task(environment=[{"name": "A", "value": "postgresql://u:p@host/d"}]), "in plain text"),
    (allowing(Action="s3:*", Resource="arn:aws:s3:::x"), "every action"),
    (allowing(Action="s3:GetObject", Resource="*"), "on everything"),
    (allowing(Action=["ecr:GetAuthorizationToken", "ecr:PutImage"], Resource="*"), "on everything"),
    (allowing(NotAction="iam:*", Resource="arn:aws:s3:::x"), "by what is not"),
    (allowing("aws_s3_bucket_policy", Action="s3:GetObject", Resource="arn:x", Principal="*"), "everyone"),
    (allowing("aws_s3_bucket_policy", Action="s3:GetObject", Resource="arn:x", Principal={"AWS": "*"}), "everyone"),
    (allowing("aws_vpc_endpoint", Action="*", Resource="*", Principal="*"), "everyone"),
    (trusting(StringEquals={"t:aud": "sts.amazonaws.com"}), "any repository"),
    (trusting(StringEquals={"t:sub": "repo:example/*"}), "any repository"),
    (trusting(StringLike={"t:sub": "repo:example/nettide:*"}), "any repository"),
]


@pytest.mark.parametrize(("resource", "told"), FORBIDDEN)
def test_what_is_forbidden_is_told(resource: tuple[str, str, dict[str, Any]], told: str) -> None:
    assert any(told in sentence for sentence in broken([resource])), broken([resource])


def test_what_is_meant_is_let_pass() -> None:
    meant = [
        rule('https["0.0.0.0/0"]', 443),
        rule('http["0.0.0.0/0"]', 80),
        task(),
        allowing(Action="ecr:GetAuthorizationToken", Resource="*"),
        allowing(Action="s3:GetObject", Resource="arn:aws:s3:::x/*"),
        trusting(StringEquals={"t:sub": "repo:example/nettide:environment:production"}),
        allowing("aws_vpc_endpoint", Action="s3:GetObject", Resource="arn:aws:s3:::layers/*", Principal="*"),
        allowing(
            "aws_sns_topic_policy",
            Action="sns:Publish",
            Resource="arn:aws:sns:::x",
            Principal={"AWS": "*"},
            Condition={"StringEquals": {"AWS:SourceOwner": "1"}},
        ),
        (
            "aws_lb_listener",
            "x",
            {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": [{"protocol": "HTTPS"}]}]},
        ),
    ]
    assert broken(meant) == []


def test_every_policy_is_seen_to_bite() -> None:
    bitten = {policy for resource, _ in FORBIDDEN for policy in POLICIES if list(policy(resource))}
    assert {policy.__name__ for policy in POLICIES} == {policy.__name__ for policy in bitten}
