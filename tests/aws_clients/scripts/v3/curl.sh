#!/usr/bin/env bash
# Usage: curl.sh REGION ENVIRONMENT DAG
# The page's curl script for Apache Airflow v3: one statement, as it is pasted into a command shell.
# It is the one for v2 with -L: the web server redirects to the address with a slash at its end.
CLI_JSON=$(aws mwaa --region "$1" create-cli-token --name "$2") \
    && CLI_TOKEN=$(echo "$CLI_JSON" | jq -r '.CliToken') \
    && WEB_SERVER_HOSTNAME=$(echo "$CLI_JSON" | jq -r '.WebServerHostname') \
    && CLI_RESULTS=$(curl -L --request POST "https://$WEB_SERVER_HOSTNAME/aws_mwaa/cli" \
        --header "Authorization: Bearer $CLI_TOKEN" \
        --header "Content-Type: text/plain" \
        --data-raw "dags trigger $3") \
    && echo "Output:" \
    && echo "$CLI_RESULTS" | jq -r '.stdout' | base64 --decode \
    && echo "Errors:" \
    && echo "$CLI_RESULTS" | jq -r '.stderr' | base64 --decode
