# Versions this was written and tested with; .terraform.lock.hcl pins the provider's packages by hash.
terraform {
  required_version = ">= 1.11, < 2.0" # 1.11 brought write-only arguments: no password in the state

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Application = var.name
      ManagedBy   = "terraform"
    }
  }
}
