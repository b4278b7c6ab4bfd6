# The Fargate service: tasks as user 10001 on a read-only root, without capabilities, spread over two zones.

locals {
  port = 8080
  uid  = 10001

  environment = {
    NETTIDE_MODELS             = "/var/lib/nettide"
    NETTIDE_SERVICE__LOG_LEVEL = "info"
  }
}

resource "aws_ecs_cluster" "main" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "service" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "temporary"
  }

  volume {
    name = "models"

    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.models.id
      transit_encryption = "ENABLED"

      authorization_config {
        access_point_id = aws_efs_access_point.models.id
        iam             = "ENABLED"
      }
    }
  }

  container_definitions = jsonencode([
    {
      name                   = "service"
      image                  = var.image
      essential              = true
      user                   = "${local.uid}:${local.uid}"
      privileged             = false
      readonlyRootFilesystem = true
      stopTimeout            = 60 # longer than the service's own drain

      linuxParameters = {
        initProcessEnabled = true
        capabilities       = { add = [], drop = ["ALL"] }
      }

      portMappings = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]

      mountPoints = [
        { sourceVolume = "temporary", containerPath = "/tmp", readOnly = false },
        { sourceVolume = "models", containerPath = "/var/lib/nettide", readOnly = false },
      ]

      environment = [for name, value in local.environment : { name = name, value = value }]
      secrets     = [{ name = "NETTIDE_DATABASE", valueFrom = aws_secretsmanager_secret.database_url.arn }]

      healthCheck = {
        command     = ["CMD", "python", "/usr/local/bin/healthy", "http://127.0.0.1:${local.port}/healthz"]
        interval    = 15
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.service.name
          awslogs-region        = var.region
          awslogs-stream-prefix = "service"
          # a slow log must not stop the answers
          mode            = "non-blocking"
          max-buffer-size = "4m"
        }
      }
    },
  ])

  depends_on = [aws_secretsmanager_secret_version.database_url]
}

resource "aws_ecs_service" "main" {
  name                              = var.name
  cluster                           = aws_ecs_cluster.main.id
  task_definition                   = aws_ecs_task_definition.service.arn
  desired_count                     = var.min_tasks
  launch_type                       = "FARGATE"
  platform_version                  = "1.4.0"
  enable_execute_command            = false
  health_check_grace_period_seconds = 90
  propagate_tags                    = "SERVICE"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  # A deployment whose tasks do not come up, or that brings errors, goes back by itself.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.server_errors.alarm_name]
  }

  network_configuration {
    subnets          = aws_subnet.private[*].id
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.service.arn
    container_name   = "service"
    container_port   = local.port
  }

  # Releases change the image, auto-scaling the count: neither is drift.
  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }

  depends_on = [
    aws_lb_listener.https,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_efs_mount_target.models,
    aws_efs_file_system_policy.models,
    aws_vpc_endpoint.interface,
    aws_route.nat,
  ]
}
