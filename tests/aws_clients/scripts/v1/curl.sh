#!/usr/bin/env bash
# Usage: curl.sh REGION ENVIRONMENT DAG
# The page's curl script for Apache Airflow v1: one statement, as it is pasted into a command shell.
CLI_JSON=$(aws mwaa --region "$1" create-cli-token --name "$2") \
    && CLI_TOKEN=$(echo "$CLI_JSON" | jq -r '.CliToken') \
    && WEB_SERVER_HOSTNAME=$(echo "$CLI_JSON" | jq -r '.WebServerHostname') \
    && CLI_RESULTS=$(curl --request POST "https://$WEB_SERVER_HOSTNAME/aws_mwaa/cli" \
        --header "Authorization: Bearer $CLI_TOKEN" \
        --header "Content-Type: text/plain" \
        --data-raw "trigger_dag $3") \
    && echo "Output:" \
    && echo "$CLI_RESULTS" | jq -r '.stdout' | base64 --decode \
    && echo "Errors:" \
    && echo "$CLI_RESULTS" | jq -r '.stderr' | base64 --decode
