# Logs, alarms that reach a person, and one dashboard.

locals {
  load_balancer = aws_lb.main.arn_suffix
  targets       = aws_lb_target_group.service.arn_suffix

  alarms = {
    slow = {
      description = "The slowest hundredth of answers takes over a second"
      namespace   = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "p99"
      above       = true, threshold = 1, minutes = 5, missing = "notBreaching"
      dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = local.targets }
    }
    unhealthy = {
      description = "A task does not pass its health check"
      namespace   = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum"
      above       = true, threshold = 0, minutes = 5, missing = "notBreaching"
      dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = local.targets }
    }
    few-healthy = {
      description = "Fewer healthy tasks than the fewest that should run"
      namespace   = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Minimum"
      above       = false, threshold = var.min_tasks, minutes = 5, missing = "breaching"
      dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = local.targets }
    }
    busy = {
      description = "Processors stay busy although auto-scaling could add tasks"
      namespace   = "AWS/ECS", metric = "CPUUtilization", statistic = "Average"
      above       = true, threshold = 85, minutes = 15, missing = "notBreaching"
      dimensions  = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.main.name }
    }
    memory = {
      description = "A task is near the memory at which Fargate ends it"
      namespace   = "AWS/ECS", metric = "MemoryUtilization", statistic = "Maximum"
      above       = true, threshold = 90, minutes = 5, missing = "notBreaching"
      dimensions  = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.main.name }
    }
    database-full = {
      description = "The database has under 2 GB of free storage"
      namespace   = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum"
      above       = false, threshold = 2000000000, minutes = 5, missing = "notBreaching"
      dimensions  = { DBInstanceIdentifier = aws_db_instance.main.identifier }
    }
    database-busy = {
      description = "The database's processor stays busy"
      namespace   = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      above       = true, threshold = 80, minutes = 15, missing = "notBreaching"
      dimensions  = { DBInstanceIdentifier = aws_db_instance.main.identifier }
    }
  }
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/${var.name}/service"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.main.arn
}

data "aws_iam_policy_document" "alarms" {
  statement {
    sid       = "AlarmsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alarm_email == null ? 0 : 1
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# Apart from the others since the service's deployments watch it, and so it cannot depend on the service.
resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${var.name}-server-errors"
  alarm_description   = "More than one request in a hundred failed in the service"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "percent"
    label       = "Failed requests, percent"
    expression  = "IF(requests > 0, 100 * errors / requests, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      stat        = "Sum"
      period      = 60
      dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = local.targets }
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      stat        = "Sum"
      period      = 60
      dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = local.targets }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = each.value.missing
  dimensions          = each.value.dimensions
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for position, widget in [
      { title = "Requests a minute, and failed ones", stat = "Sum", metrics = [
        ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
        ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
      ] },
      { title = "Answer time in seconds: median, slowest hundredth", stat = "p50", metrics = [
        ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
        ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets, { stat = "p99" }],
      ] },
      { title = "Processor and memory of tasks in percent", stat = "Average", metrics = [
        ["AWS/ECS", "CPUUtilization", "ClusterName", aws_ecs_cluster.main.name, "ServiceName", aws_ecs_service.main.name],
        ["AWS/ECS", "MemoryUtilization", "ClusterName", aws_ecs_cluster.main.name, "ServiceName", aws_ecs_service.main.name],
      ] },
      { title = "Healthy and unhealthy tasks", stat = "Average", metrics = [
        ["AWS/ApplicationELB", "HealthyHostCount", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
        ["AWS/ApplicationELB", "UnHealthyHostCount", "LoadBalancer", local.load_balancer, "TargetGroup", local.targets],
      ] },
      { title = "Database: processor in percent, connections", stat = "Average", metrics = [
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", aws_db_instance.main.identifier],
        ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", aws_db_instance.main.identifier],
      ] },
      ] : {
      type   = "metric"
      x      = 12 * (position % 2)
      y      = 6 * floor(position / 2)
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = var.region
        view    = "timeSeries"
        period  = 60
        stat    = widget.stat
        metrics = widget.metrics
      }
    }]
  })
}
