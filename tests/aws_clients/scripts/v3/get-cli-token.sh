#!/usr/bin/env bash
# Usage: get-cli-token.sh ENVIRONMENT HOST_NAME DAG
# The page's bash script for Apache Airflow v2, with the -L of its curl script for v3.

# Without this line, which the page lacks, bash runs every part of a pipeline in a subshell: the token is exported
# there and gone before curl is called, and the web server refuses the empty one. zsh, the shell of macOS, runs the last
# part in the shell itself, which is what `lastpipe` makes bash do (from 4.2, in scripts).
shopt -s lastpipe

aws mwaa create-cli-token --name "$1" | export CLI_TOKEN=$(jq -r .CliToken) \
    && curl -L --request POST "https://$2/aws_mwaa/cli" \
        --header "Authorization: Bearer $CLI_TOKEN" \
        --header "Content-Type: text/plain" \
        --data-raw "dags trigger $3"
