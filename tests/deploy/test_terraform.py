"""The Terraform configuration: valid, formatted, locked; planned within our policies; applied to a made-up AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_double import ACCOUNT, REGION
from policies import broken
from terraform_runs import SOURCE, VARIABLES, Workspace, initialised, options, resources
from tools import checked, tool


def test_the_configuration_is_formatted() -> None:
    terraform = tool("terraform", package="https://developer.hashicorp.com/terraform/install")
    checked(terraform, "fmt", "-check", "-diff", folder=SOURCE)


def test_the_configuration_is_valid(workspace: Workspace) -> None:
    assert json.loads(workspace.run("validate", "-json")) | {"format_version": ""} == {
        "format_version": "",
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }


def test_the_provider_is_locked_by_hashes_of_every_platform() -> None:
    lock = (SOURCE / ".terraform.lock.hcl").read_text()
    assert len(re.findall(r'"zh:[0-9a-f]{64}"', lock)) == 15
    assert re.search(r'"h1:[^"]+"', lock)


def test_every_variable_and_output_is_described() -> None:
    for file in ("variables.tf", "outputs.tf"):
        text = (SOURCE / file).read_text()
        blocks = re.findall(r'^(?:variable|output) "([a-z_]+)" \{\n(.*?)^\}', text, flags=re.S | re.M)
        assert blocks
        assert [name for name, body in blocks if "description" not in body] == []


@pytest.mark.slow
def test_with_a_nat_gateway_there_are_no_paid_endpoints_and_no_policy_is_broken(workspace: Workspace) -> None:
    planned = resources(workspace.planned({**VARIABLES, "egress": "nat", "internal": True}))
    kinds = [kind for kind, _, _ in planned]
    assert kinds.count("aws_nat_gateway") == 1
    assert [values["vpc_endpoint_type"] for kind, _, values in planned if kind == "aws_vpc_endpoint"] == ["Gateway"]
    assert broken(planned) == []


@pytest.mark.slow
def test_impossible_variables_are_refused(workspace: Workspace) -> None:
    wrong = {"image": "nettide:latest", "allowed_cidrs": [], "egress": "open", "max_tasks": 1, "name": "Net"}
    said = workspace.run("plan", "-input=false", "-json", *options({**VARIABLES, **wrong}), expect=1)
    for told in (
        "image must end in a digest",
        "allowed_cidrs must name at least one network",
        "egress must be",
        "max_tasks must not be below min_tasks",
        "name must be 3 to 20",
    ):
        assert told in said


@pytest.fixture(scope="session")
def applied(aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """Everything created in the made-up AWS; destroyed at the end, which is a test of its own."""
    workspace = initialised(tmp_path_factory.mktemp("applied"), aws)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.items():
            patch.setenv(name, value)
        certificate = boto3.client("acm").request_certificate(DomainName="nettide.example.com")["CertificateArn"]
        variables = {**VARIABLES, "certificate_arn": certificate, "protect": False, "alarm_email": "ops@example.com"}
        workspace.run("apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=30", *options(variables))
        yield Applied(workspace, variables)


class Applied:
    def __init__(self, workspace: Workspace, variables: dict[str, Any]) -> None:
        self.workspace = workspace
        self.variables = variables
        self.outputs = {
            name: one["value"] for name, one in json.loads(workspace.run("output", "-json", "-no-color")).items()
        }

    def destroy(self) -> None:
        self.workspace.run(
            "destroy", "-auto-approve", "-input=false", "-no-color", "-parallelism=30", *options(self.variables)
        )


@pytest.mark.slow
def test_what_is_applied_is_what_was_meant(applied: Applied) -> None:
    """One test, since applying takes minutes of waiting and xdist would repeat it in every worker."""
    _is_a_hardened_service_behind_the_load_balancer(applied)
    _is_reached_only_through_the_load_balancer(applied)
    _has_no_way_to_the_internet_for_tasks()
    _keeps_the_password_out_of_the_state(applied)
    _scales_warns_and_shows(applied)
    _lets_github_push_and_deploy_without_keys(applied)
    assert broken(resources(applied.workspace.state())) == []
    _is_stable_and_leaves_nothing(applied)


def _is_a_hardened_service_behind_the_load_balancer(applied: Applied) -> None:
    ecs = boto3.client("ecs")
    service = ecs.describe_services(cluster=applied.outputs["cluster"], services=[applied.outputs["service"]])[
        "services"
    ][0]
    assert (service["launchType"], service["desiredCount"]) == ("FARGATE", 2)
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    container = task["containerDefinitions"][0]
    assert container["user"] == "10001:10001"
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"]["capabilities"] == {"add": [], "drop": ["ALL"]}
    assert container["secrets"] == [
        {"name": "NETTIDE_DATABASE", "valueFrom": applied.outputs["database_url_secret"]},
    ]
    target = boto3.client("elbv2").describe_target_groups()["TargetGroups"][0]
    assert (target["HealthCheckPath"], target["TargetType"], target["Port"]) == ("/readyz", "ip", 8080)
    assert service["loadBalancers"][0]["targetGroupArn"] == target["TargetGroupArn"]
    image = boto3.client("ecr").describe_repositories(repositoryNames=["nettide"])["repositories"][0]
    assert image["imageTagMutability"] == "IMMUTABLE"
    assert image["imageScanningConfiguration"] == {"scanOnPush": True}


def _is_reached_only_through_the_load_balancer(applied: Applied) -> None:
    balancing = boto3.client("elbv2")
    balancer = balancing.describe_load_balancers()["LoadBalancers"][0]
    assert balancer["DNSName"] == applied.outputs["address"]
    listeners = {
        one["Port"]: one
        for one in balancing.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert sorted(listeners) == [80, 443]
    assert listeners[80]["DefaultActions"][0]["Type"] == "redirect"
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    groups = {one["GroupName"]: one for one in boto3.client("ec2").describe_security_groups()["SecurityGroups"]}
    front = groups["nettide-load-balancer"]
    assert {(rule["FromPort"], rule["IpRanges"][0]["CidrIp"]) for rule in front["IpPermissions"]} == {
        (80, "203.0.113.0/24"),
        (443, "203.0.113.0/24"),
    }
    for name, port, source in (
        ("nettide-task", 8080, "nettide-load-balancer"),
        ("nettide-database", 5432, "nettide-task"),
        ("nettide-models", 2049, "nettide-task"),
        ("nettide-endpoints", 443, "nettide-task"),
    ):
        (rule,) = groups[name]["IpPermissions"]
        assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (port, port, []), name
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [groups[source]["GroupId"]], name


def _has_no_way_to_the_internet_for_tasks() -> None:
    ec2 = boto3.client("ec2")
    tables = {
        next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"): one
        for one in ec2.describe_route_tables(Filters=[{"Name": "tag-key", "Values": ["Name"]}])["RouteTables"]
    }
    assert "0.0.0.0/0" in {route.get("DestinationCidrBlock") for route in tables["nettide-public"]["Routes"]}
    assert "0.0.0.0/0" not in {route.get("DestinationCidrBlock") for route in tables["nettide-private"]["Routes"]}
    services = {one["ServiceName"].split(f"{REGION}.")[1] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert services == {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"}


def _keeps_the_password_out_of_the_state(applied: Applied) -> None:
    secrets = boto3.client("secretsmanager")
    password = secrets.get_secret_value(SecretId="nettide/database-password")["SecretString"]
    url = secrets.get_secret_value(SecretId="nettide/database-url")["SecretString"]
    assert len(password) == 40
    database = boto3.client("rds").describe_db_instances()["DBInstances"][0]
    assert (
        url == f"postgresql+psycopg://nettide:{password}@{database['Endpoint']['Address']}:5432/nettide?sslmode=require"
    )
    assert (database["StorageEncrypted"], database["PubliclyAccessible"]) == (True, False)
    for file in applied.workspace.folder.glob("*.tfstate*"):
        assert password not in file.read_text(), f"the password is in {file.name}"


def _scales_warns_and_shows(applied: Applied) -> None:
    scaling = boto3.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    measured = {
        policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]
        for policy in scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    }
    assert measured == {"ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"}
    watch = boto3.client("cloudwatch")
    alarms = watch.describe_alarms(AlarmNamePrefix="nettide-")["MetricAlarms"]  # scaling adds its own beside them
    assert len(alarms) == 8
    assert all(alarm["AlarmActions"] == [applied.outputs["alarm_topic"]] for alarm in alarms)
    widgets = json.loads(watch.get_dashboard(DashboardName="nettide")["DashboardBody"])["widgets"]
    assert len(widgets) == 5
    (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=applied.outputs["log_group"])["logGroups"]
    assert group["retentionInDays"] == 30
    assert "kmsKeyId" in group
    (told,) = boto3.client("sns").list_subscriptions()["Subscriptions"]
    assert told["Endpoint"] == "ops@example.com"


def _lets_github_push_and_deploy_without_keys(applied: Applied) -> None:
    iam = boto3.client("iam")
    for output, subject in (
        ("push_role", "repo:example/nettide:ref:refs/heads/main"),
        ("deploy_role", "repo:example/nettide:environment:production"),
    ):
        name = applied.outputs[output].split("/")[-1]
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        condition = (trust if isinstance(trust, dict) else trust[0])["Condition"]["StringEquals"]
        assert condition["token.actions.githubusercontent.com:sub"] == subject
    document = iam.get_role_policy(RoleName="nettide-github-deploy", PolicyName="deploy")["PolicyDocument"]
    passed = next(one for one in document["Statement"] if one["Action"] == "iam:PassRole")
    assert passed["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/nettide-{name}" for name in ("task", "execution")]
    assert iam.list_users()["Users"] == []


def _is_stable_and_leaves_nothing(applied: Applied) -> None:
    applied.destroy()
    clusters = boto3.client("ecs").describe_clusters(clusters=["nettide"])["clusters"]
    assert [one for one in clusters if one["status"] == "ACTIVE"] == []
    assert boto3.client("rds").describe_db_instances()["DBInstances"] == []
    assert boto3.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert [one for one in boto3.client("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]] == []
    assert resources_left(applied.workspace.folder) == []


def resources_left(folder: Path) -> list[str]:
    state = json.loads((folder / "terraform.tfstate").read_text())
    return [one["type"] for one in state["resources"] if one["mode"] == "managed"]
