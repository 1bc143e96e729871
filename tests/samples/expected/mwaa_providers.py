"""The providers that the recordings with MWAA's set-up have installed, by Airflow version."""

from mwaa_async import Hook, Provider, Widget


def provider(name: str, version: str, description: str) -> Provider:
    """Return a provider of Airflow's own."""
    return Provider(package_name=f"apache-airflow-providers-{name}", version=version, description=description)


def hook(connection_type: str, hook_class: str, package_name: str, hook_name: str, conn_id: str = "") -> Hook:
    """Return a connection type with its hook."""
    return Hook(
        connection_type=connection_type,
        hook_class=hook_class,
        conn_id_attribute_name=f"{conn_id or connection_type}_conn_id",
        package_name=package_name,
        hook_name=hook_name,
    )


def widget(name: str, hook_class: str, package_name: str, field_type: object) -> Widget:
    """Return a field of a form for connections."""
    return Widget(
        connection_parameter_name=name, hook_class=hook_class, package_name=package_name, field_type=field_type
    )


BUILT_IN = [Hook(connection_type="generic", hook_name="Generic"), Hook(connection_type="email", hook_name="Email")]

PROVIDERS_2_10_3 = [
    provider("amazon", "9.0.0", "Amazon integration (including Amazon Web Services (AWS) https://aws.amazon.com/)"),
    provider("celery", "3.8.3", "Celery https://docs.celeryq.dev/en/stable/"),
    provider(
        "common-compat",
        "1.2.1",
        "Common Compatibility Provider - providing compatibility code for previous Airflow versions.",
    ),
    provider("common-io", "1.4.2", "Common IO Provider"),
    provider("common-sql", "1.19.0", "Common SQL Provider https://en.wikipedia.org/wiki/SQL"),
    provider("fab", "1.5.0", "Flask App Builder https://flask-appbuilder.readthedocs.io/"),
    provider("ftp", "3.11.1", "File Transfer Protocol (FTP) https://tools.ietf.org/html/rfc114"),
    provider("http", "4.13.2", "Hypertext Transfer Protocol (HTTP) https://www.w3.org/Protocols/"),
    provider("imap", "3.7.0", "Internet Message Access Protocol (IMAP) https://tools.ietf.org/html/rfc3501"),
    provider("postgres", "5.13.1", "PostgreSQL https://www.postgresql.org/"),
    provider("smtp", "1.8.0", "Simple Mail Transfer Protocol (SMTP) https://tools.ietf.org/html/rfc5321"),
    provider("sqlite", "3.9.0", "SQLite https://www.sqlite.org/"),
]
HOOKS_2_10_3 = [
    *BUILT_IN,
    hook("fs", "airflow.hooks.filesystem.FSHook", "airflow.hooks.filesystem", "File (path)"),
    hook(
        "package_index",
        "airflow.hooks.package_index.PackageIndexHook",
        "airflow.hooks.package_index",
        "Package Index (Python)",
        "pi",
    ),
    hook(
        "aws",
        "airflow.providers.amazon.aws.hooks.base_aws.AwsGenericHook",
        "apache-airflow-providers-amazon",
        "Amazon Web Services",
    ),
    hook(
        "chime",
        "airflow.providers.amazon.aws.hooks.chime.ChimeWebhookHook",
        "apache-airflow-providers-amazon",
        "Amazon Chime Webhook",
    ),
    hook(
        "emr",
        "airflow.providers.amazon.aws.hooks.emr.EmrHook",
        "apache-airflow-providers-amazon",
        "Amazon Elastic MapReduce",
    ),
    hook(
        "redshift",
        "airflow.providers.amazon.aws.hooks.redshift_sql.RedshiftSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Redshift",
    ),
    hook(
        "athena",
        "airflow.providers.amazon.aws.hooks.athena_sql.AthenaSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Athena",
    ),
    hook("ftp", "airflow.providers.ftp.hooks.ftp.FTPHook", "apache-airflow-providers-ftp", "FTP"),
    hook("http", "airflow.providers.http.hooks.http.HttpHook", "apache-airflow-providers-http", "HTTP"),
    hook("imap", "airflow.providers.imap.hooks.imap.ImapHook", "apache-airflow-providers-imap", "IMAP"),
    hook(
        "postgres",
        "airflow.providers.postgres.hooks.postgres.PostgresHook",
        "apache-airflow-providers-postgres",
        "Postgres",
    ),
    hook("smtp", "airflow.providers.smtp.hooks.smtp.SmtpHook", "apache-airflow-providers-smtp", "SMTP"),
    hook("sqlite", "airflow.providers.sqlite.hooks.sqlite.SqliteHook", "apache-airflow-providers-sqlite", "Sqlite"),
]
WIDGETS_2_10_3 = [
    widget("extra__fs__path", "FSHook", "airflow.hooks.filesystem", "StringField"),
    widget("extra__smtp__disable_ssl", "SmtpHook", "apache-airflow-providers-smtp", "BooleanField"),
    widget("extra__smtp__disable_tls", "SmtpHook", "apache-airflow-providers-smtp", "BooleanField"),
    widget("extra__smtp__from_email", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__retry_limit", "SmtpHook", "apache-airflow-providers-smtp", "IntegerField"),
    widget("extra__smtp__timeout", "SmtpHook", "apache-airflow-providers-smtp", "IntegerField"),
]
BEHAVIOURS_2_10_3: list[str,] = [
    "athena",
    "aws",
    "chime",
    "emr",
    "fs",
    "package_index",
    "postgres",
    "redshift",
    "smtp",
]
LINKS_2_10_3: list[str,] = [
    "airflow.providers.amazon.aws.links.athena.AthenaQueryResultsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDefinitionLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDetailsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobQueueLink",
    "airflow.providers.amazon.aws.links.emr.EmrClusterLink",
    "airflow.providers.amazon.aws.links.emr.EmrLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessCloudWatchLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessDashboardLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessS3LogsLink",
    "airflow.providers.amazon.aws.links.glue.GlueJobRunDetailsLink",
    "airflow.providers.amazon.aws.links.logs.CloudWatchEventsLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineDetailsLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineExecutionsDetailsLink",
]
NOTIFICATIONS_2_10_3: list[str,] = [
    "airflow.providers.amazon.aws.notifications.chime.ChimeNotifier",
    "airflow.providers.amazon.aws.notifications.sns.SnsNotifier",
    "airflow.providers.amazon.aws.notifications.sqs.SqsNotifier",
    "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
]
SECRETS_2_10_3: list[str,] = [
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
]
PROVIDERS_3_0_6 = [
    provider("amazon", "9.12.0", "Amazon integration (including Amazon Web Services (AWS) https://aws.amazon.com/)"),
    provider("celery", "3.12.2", "Celery https://docs.celeryq.dev/en/stable/"),
    provider(
        "common-compat",
        "1.7.3",
        "Common Compatibility Provider - providing compatibility code for previous Airflow versions",
    ),
    provider("common-io", "1.6.2", "Common IO Provider"),
    provider("common-sql", "1.27.5", "Common SQL Provider https://en.wikipedia.org/wiki/SQL"),
    provider("fab", "2.4.1", "Flask App Builder https://flask-appbuilder.readthedocs.io/"),
    provider("http", "5.3.3", "Hypertext Transfer Protocol (HTTP) https://www.w3.org/Protocols/"),
    provider("postgres", "6.2.3", "PostgreSQL https://www.postgresql.org/"),
    provider("smtp", "2.2.0", "Simple Mail Transfer Protocol (SMTP) https://tools.ietf.org/html/rfc5321"),
    provider("standard", "1.6.0", "Airflow Standard Provider"),
]
HOOKS_3_0_6 = [
    *BUILT_IN,
    hook(
        "fs",
        "airflow.providers.standard.hooks.filesystem.FSHook",
        "airflow.providers.standard.hooks.filesystem",
        "File (path)",
    ),
    hook(
        "package_index",
        "airflow.providers.standard.hooks.package_index.PackageIndexHook",
        "airflow.providers.standard.hooks.package_index",
        "Package Index (Python)",
        "pi",
    ),
    hook(
        "aws",
        "airflow.providers.amazon.aws.hooks.base_aws.AwsGenericHook",
        "apache-airflow-providers-amazon",
        "Amazon Web Services",
    ),
    hook(
        "chime",
        "airflow.providers.amazon.aws.hooks.chime.ChimeWebhookHook",
        "apache-airflow-providers-amazon",
        "Amazon Chime Webhook",
    ),
    hook(
        "emr",
        "airflow.providers.amazon.aws.hooks.emr.EmrHook",
        "apache-airflow-providers-amazon",
        "Amazon Elastic MapReduce",
    ),
    hook(
        "redshift",
        "airflow.providers.amazon.aws.hooks.redshift_sql.RedshiftSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Redshift",
    ),
    hook(
        "athena",
        "airflow.providers.amazon.aws.hooks.athena_sql.AthenaSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Athena",
    ),
    hook("http", "airflow.providers.http.hooks.http.HttpHook", "apache-airflow-providers-http", "HTTP"),
    hook(
        "postgres",
        "airflow.providers.postgres.hooks.postgres.PostgresHook",
        "apache-airflow-providers-postgres",
        "Postgres",
    ),
    hook("smtp", "airflow.providers.smtp.hooks.smtp.SmtpHook", "apache-airflow-providers-smtp", "SMTP"),
]
WIDGETS_3_0_6 = [
    widget("extra__fs__path", "FSHook", "airflow.providers.standard.hooks.filesystem", "StringField"),
    widget("extra__smtp__access_token", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__auth_type", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__client_id", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__client_secret", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__disable_ssl", "SmtpHook", "apache-airflow-providers-smtp", "BooleanField"),
    widget("extra__smtp__disable_tls", "SmtpHook", "apache-airflow-providers-smtp", "BooleanField"),
    widget("extra__smtp__from_email", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__html_content_template", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__retry_limit", "SmtpHook", "apache-airflow-providers-smtp", "IntegerField"),
    widget("extra__smtp__scope", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__subject_template", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__tenant_id", "SmtpHook", "apache-airflow-providers-smtp", "StringField"),
    widget("extra__smtp__timeout", "SmtpHook", "apache-airflow-providers-smtp", "IntegerField"),
]
BEHAVIOURS_3_0_6: list[str,] = [
    "athena",
    "aws",
    "chime",
    "emr",
    "fs",
    "package_index",
    "postgres",
    "redshift",
    "smtp",
]
LINKS_3_0_6: list[str,] = [
    "airflow.providers.amazon.aws.links.athena.AthenaQueryResultsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDefinitionLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDetailsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobQueueLink",
    "airflow.providers.amazon.aws.links.comprehend.ComprehendDocumentClassifierLink",
    "airflow.providers.amazon.aws.links.comprehend.ComprehendPiiEntitiesDetectionLink",
    "airflow.providers.amazon.aws.links.datasync.DataSyncTaskExecutionLink",
    "airflow.providers.amazon.aws.links.datasync.DataSyncTaskLink",
    "airflow.providers.amazon.aws.links.ec2.EC2InstanceDashboardLink",
    "airflow.providers.amazon.aws.links.ec2.EC2InstanceLink",
    "airflow.providers.amazon.aws.links.emr.EmrClusterLink",
    "airflow.providers.amazon.aws.links.emr.EmrLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessCloudWatchLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessDashboardLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessS3LogsLink",
    "airflow.providers.amazon.aws.links.glue.GlueJobRunDetailsLink",
    "airflow.providers.amazon.aws.links.logs.CloudWatchEventsLink",
    "airflow.providers.amazon.aws.links.sagemaker.SageMakerTransformJobLink",
    "airflow.providers.amazon.aws.links.sagemaker_unified_studio.SageMakerUnifiedStudioLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineDetailsLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineExecutionsDetailsLink",
    "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunLink",
    "airflow.providers.standard.sensors.external_task.ExternalDagLink",
]
NOTIFICATIONS_3_0_6: list[str,] = [
    "airflow.providers.amazon.aws.notifications.chime.ChimeNotifier",
    "airflow.providers.amazon.aws.notifications.sns.SnsNotifier",
    "airflow.providers.amazon.aws.notifications.sqs.SqsNotifier",
    "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
]
SECRETS_3_0_6: list[str,] = [
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
]
PROVIDERS_3_3_1 = [
    provider("amazon", "9.34.0", "Amazon integration (including Amazon Web Services (AWS) https://aws.amazon.com/)"),
    provider("celery", "3.23.1", "Celery https://docs.celeryq.dev/en/stable/"),
    provider(
        "common-compat",
        "1.18.0",
        "Common Compatibility Provider - providing compatibility code for previous Airflow versions",
    ),
    provider("common-io", "1.8.0", "Common IO Provider"),
    provider("common-sql", "2.1.0", "Common SQL Provider https://en.wikipedia.org/wiki/SQL"),
    provider("fab", "3.8.0", "Flask App Builder https://flask-appbuilder.readthedocs.io/"),
    provider("http", "6.0.5", "Hypertext Transfer Protocol (HTTP) https://www.w3.org/Protocols/"),
    provider("postgres", "7.0.1", "PostgreSQL https://www.postgresql.org/"),
    provider("smtp", "3.0.3", "Simple Mail Transfer Protocol (SMTP) https://tools.ietf.org/html/rfc5321"),
    provider("standard", "1.17.0", "Airflow Standard Provider"),
]
HOOKS_3_3_1 = [
    *BUILT_IN,
    hook(
        "fs", "airflow.providers.standard.hooks.filesystem.FSHook", "apache-airflow-providers-standard", "File (path)"
    ),
    hook(
        "package_index",
        "airflow.providers.standard.hooks.package_index.PackageIndexHook",
        "apache-airflow-providers-standard",
        "Package Index (Python)",
        "pi",
    ),
    hook(
        "aws",
        "airflow.providers.amazon.aws.hooks.base_aws.AwsGenericHook",
        "apache-airflow-providers-amazon",
        "Amazon Web Services",
    ),
    hook(
        "chime",
        "airflow.providers.amazon.aws.hooks.chime.ChimeWebhookHook",
        "apache-airflow-providers-amazon",
        "Amazon Chime Webhook",
    ),
    hook(
        "emr",
        "airflow.providers.amazon.aws.hooks.emr.EmrHook",
        "apache-airflow-providers-amazon",
        "Amazon Elastic MapReduce",
    ),
    hook(
        "redshift",
        "airflow.providers.amazon.aws.hooks.redshift_sql.RedshiftSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Redshift",
    ),
    hook(
        "athena",
        "airflow.providers.amazon.aws.hooks.athena_sql.AthenaSQLHook",
        "apache-airflow-providers-amazon",
        "Amazon Athena",
    ),
    hook("http", "airflow.providers.http.hooks.http.HttpHook", "apache-airflow-providers-http", "HTTP"),
    hook(
        "postgres",
        "airflow.providers.postgres.hooks.postgres.PostgresHook",
        "apache-airflow-providers-postgres",
        "Postgres",
    ),
    hook("smtp", "airflow.providers.smtp.hooks.smtp.SmtpHook", "apache-airflow-providers-smtp", "SMTP"),
]
WIDGETS_3_3_1 = [
    widget(
        "extra__fs__path",
        "airflow.providers.standard.hooks.filesystem.FSHook",
        "apache-airflow-providers-standard",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__access_token",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__auth_type",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__client_id",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__client_secret",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__disable_ssl",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["boolean", "null"],
    ),
    widget(
        "extra__smtp__disable_tls",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["boolean", "null"],
    ),
    widget(
        "extra__smtp__from_email",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__html_content_template",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__retry_limit",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["integer", "null"],
    ),
    widget(
        "extra__smtp__scope",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__subject_template",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__tenant_id",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["string", "null"],
    ),
    widget(
        "extra__smtp__timeout",
        "airflow.providers.smtp.hooks.smtp.SmtpHook",
        "apache-airflow-providers-smtp",
        ["integer", "null"],
    ),
]
BEHAVIOURS_3_3_1: list[str,] = [
    "athena",
    "aws",
    "chime",
    "emr",
    "fs",
    "http",
    "package_index",
    "postgres",
    "redshift",
    "smtp",
]
LINKS_3_3_1: list[str,] = [
    "airflow.providers.amazon.aws.links.athena.AthenaQueryResultsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDefinitionLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobDetailsLink",
    "airflow.providers.amazon.aws.links.batch.BatchJobQueueLink",
    "airflow.providers.amazon.aws.links.comprehend.ComprehendDocumentClassifierLink",
    "airflow.providers.amazon.aws.links.comprehend.ComprehendPiiEntitiesDetectionLink",
    "airflow.providers.amazon.aws.links.datasync.DataSyncTaskExecutionLink",
    "airflow.providers.amazon.aws.links.datasync.DataSyncTaskLink",
    "airflow.providers.amazon.aws.links.ec2.EC2InstanceDashboardLink",
    "airflow.providers.amazon.aws.links.ec2.EC2InstanceLink",
    "airflow.providers.amazon.aws.links.ec2.VpcEndpointLink",
    "airflow.providers.amazon.aws.links.emr.EmrClusterLink",
    "airflow.providers.amazon.aws.links.emr.EmrLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessCloudWatchLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessDashboardLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessLogsLink",
    "airflow.providers.amazon.aws.links.emr.EmrServerlessS3LogsLink",
    "airflow.providers.amazon.aws.links.glue.GlueJobRunDetailsLink",
    "airflow.providers.amazon.aws.links.logs.CloudWatchEventsLink",
    "airflow.providers.amazon.aws.links.neptune_analytics.NeptuneGraphLink",
    "airflow.providers.amazon.aws.links.neptune_analytics.NeptuneImportTaskLink",
    "airflow.providers.amazon.aws.links.sagemaker.SageMakerTransformJobLink",
    "airflow.providers.amazon.aws.links.sagemaker_unified_studio.SageMakerUnifiedStudioLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineDetailsLink",
    "airflow.providers.amazon.aws.links.step_function.StateMachineExecutionsDetailsLink",
    "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunLink",
    "airflow.providers.standard.sensors.external_task.ExternalDagLink",
]
NOTIFICATIONS_3_3_1: list[str,] = [
    "airflow.providers.amazon.aws.notifications.chime.ChimeNotifier",
    "airflow.providers.amazon.aws.notifications.ses.SesNotifier",
    "airflow.providers.amazon.aws.notifications.sns.SnsNotifier",
    "airflow.providers.amazon.aws.notifications.sqs.SqsNotifier",
    "airflow.providers.http.notifications.HttpNotifier",
    "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
]
SECRETS_3_3_1: list[str,] = [
    "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
]
