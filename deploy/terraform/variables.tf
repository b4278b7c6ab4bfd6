# What a deployment chooses. Variables without a default are those where a guess would be wrong in silence.

variable "region" {
  description = "AWS region that holds everything, for example eu-central-1."
  type        = string
}

variable "name" {
  description = "Prefix of every resource's name; two deployments in one account need two names."
  type        = string
  default     = "nettide"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter and not ending in a hyphen."
  }
}

variable "image" {
  description = "Image of the first deployment, by digest: REPOSITORY@sha256:... . Later ones are rolled out by deploy/rollout.py, which Terraform leaves alone."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must end in a digest (@sha256: and 64 hexadecimal digits): a tag can come to mean another image."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of the load balancer, in the same region."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate."
  }
}

variable "allowed_cidrs" {
  description = "Networks that may reach the load balancer; [\"0.0.0.0/0\"] is the whole world."
  type        = list(string)

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "allowed_cidrs must name at least one network in CIDR form, for example 203.0.113.0/24."
  }
}

variable "internal" {
  description = "Whether the load balancer has only private addresses, reached through a VPN or peering."
  type        = bool
  default     = false
}

variable "vpc_cidr" {
  description = "Network of the VPC, a /16 to /22."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 22, false)
    error_message = "vpc_cidr must be a network from /16 to /22."
  }
}

variable "egress" {
  description = "How tasks reach AWS: \"endpoints\" (private, no way to the internet) or \"nat\" (one NAT gateway, cheaper, and the whole internet)."
  type        = string
  default     = "endpoints"

  validation {
    condition     = contains(["endpoints", "nat"], var.egress)
    error_message = "egress must be \"endpoints\" or \"nat\"."
  }
}

variable "task_cpu" {
  description = "CPU units of a task; 1024 are one virtual CPU."
  type        = number
  default     = 1024
}

variable "task_memory" {
  description = "Memory of a task in MiB; Fargate offers 2048 to 8192 for 1024 CPU units."
  type        = number
  default     = 3072
}

variable "min_tasks" {
  description = "Fewest tasks that run; two stand in two availability zones."
  type        = number
  default     = 2

  validation {
    condition     = var.min_tasks >= 1
    error_message = "min_tasks must be at least 1."
  }
}

variable "max_tasks" {
  description = "Most tasks that auto-scaling may start."
  type        = number
  default     = 6

  validation {
    condition     = var.max_tasks >= var.min_tasks
    error_message = "max_tasks must not be below min_tasks."
  }
}

variable "requests_per_task" {
  description = "Requests a minute and task at which another task is added."
  type        = number
  default     = 6000
}

variable "database_class" {
  description = "Instance class of PostgreSQL."
  type        = string
  default     = "db.t4g.micro"
}

variable "database_multi_az" {
  description = "Whether PostgreSQL has a standby in the other availability zone (twice the price)."
  type        = bool
  default     = false
}

variable "log_days" {
  description = "Days that logs are kept; one of the values that CloudWatch knows."
  type        = number
  default     = 30
}

variable "alarm_email" {
  description = "Who hears of alarms; null creates the topic without a subscriber."
  type        = string
  default     = null
}

variable "protect" {
  description = "Whether the load balancer, the database and the images are protected from deletion. Set false and apply before terraform destroy."
  type        = bool
  default     = true
}

variable "github_repository" {
  description = "OWNER/NAME whose workflows may push images and deploy through OIDC; null creates no roles for GitHub."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "github_repository must be OWNER/NAME."
  }
}

variable "github_oidc_provider_arn" {
  description = "ARN of the account's GitHub OIDC provider where it has one already (an account can have only one); null creates it."
  type        = string
  default     = null
}
