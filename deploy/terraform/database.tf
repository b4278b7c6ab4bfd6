# PostgreSQL for keys, jobs and results. Its password is made by Secrets Manager and never enters Terraform's state.

ephemeral "aws_secretsmanager_random_password" "database" {
  password_length     = 40
  exclude_punctuation = true # it becomes part of a URL
}

resource "aws_secretsmanager_secret" "database_password" {
  name                    = "${var.name}/database-password"
  description             = "Password of the database's owner"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.protect ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "database_password" {
  secret_id                = aws_secretsmanager_secret.database_password.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.database.random_password
  secret_string_wo_version = 1
}

# Read back, so that an apply that broke off half-way goes on with the password that was stored.
ephemeral "aws_secretsmanager_secret_version" "database_password" {
  secret_id = aws_secretsmanager_secret_version.database_password.secret_id
}

resource "aws_db_subnet_group" "main" {
  name       = var.name
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_db_parameter_group" "main" {
  name   = "${var.name}-postgres16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "main" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = "16"
  instance_class = var.database_class
  multi_az       = var.database_multi_az

  db_name             = "nettide"
  username            = "nettide"
  password_wo         = ephemeral.aws_secretsmanager_secret_version.database_password.secret_string
  password_wo_version = 1

  storage_type          = "gp3"
  allocated_storage     = 20
  max_allocated_storage = 100
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.main.arn

  db_subnet_group_name   = aws_db_subnet_group.main.name
  parameter_group_name   = aws_db_parameter_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false

  backup_retention_period    = 7
  copy_tags_to_snapshot      = true
  auto_minor_version_upgrade = true
  deletion_protection        = var.protect
  skip_final_snapshot        = !var.protect
  final_snapshot_identifier  = var.protect ? "${var.name}-final" : null
}

resource "aws_secretsmanager_secret" "database_url" {
  name                    = "${var.name}/database-url"
  description             = "NETTIDE_DATABASE of the service's tasks"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.protect ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "database_url" {
  secret_id = aws_secretsmanager_secret.database_url.id
  secret_string_wo = format(
    "postgresql+psycopg://%s:%s@%s:5432/%s?sslmode=require",
    aws_db_instance.main.username,
    ephemeral.aws_secretsmanager_secret_version.database_password.secret_string,
    aws_db_instance.main.address,
    aws_db_instance.main.db_name,
  )
  secret_string_wo_version = 1
}
