# What the next step needs: where to push, where to look, which roles the workflows take.

output "address" {
  description = "DNS name of the load balancer; point a CNAME or alias of the certificate's name at it."
  value       = aws_lb.main.dns_name
}

output "address_zone_id" {
  description = "Hosted zone of the load balancer, for a Route 53 alias."
  value       = aws_lb.main.zone_id
}

output "repository_url" {
  description = "Where images are pushed."
  value       = aws_ecr_repository.main.repository_url
}

output "cluster" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.main.name
}

output "service" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.main.name
}

output "log_group" {
  description = "Where tasks log to."
  value       = aws_cloudwatch_log_group.service.name
}

output "database_url_secret" {
  description = "ARN of the secret that holds the database's URL."
  value       = aws_secretsmanager_secret.database_url.arn
}

output "alarm_topic" {
  description = "ARN of the topic that alarms are published to."
  value       = aws_sns_topic.alarms.arn
}

output "push_role" {
  description = "Role that the build workflow takes (AWS_PUSH_ROLE); null without github_repository."
  value       = one(aws_iam_role.push[*].arn)
}

output "deploy_role" {
  description = "Role that the deploy workflow takes (AWS_DEPLOY_ROLE); null without github_repository."
  value       = one(aws_iam_role.deploy[*].arn)
}
