"""Usage: python3 create-cli-token.py ENVIRONMENT DAG

The page's Python script for Apache Airflow v2: a token with boto3, the command with requests.
"""

import base64
import sys

import boto3
import requests

environment, dag = sys.argv[1:]

token = boto3.client("mwaa").create_cli_token(Name=environment)
response = requests.post(
    f"https://{token['WebServerHostname']}/aws_mwaa/cli",
    headers={"Authorization": f"Bearer {token['CliToken']}", "Content-Type": "text/plain"},
    data=f"dags trigger {dag}",
)
answer = response.json()

print(response.status_code)
print(base64.b64decode(answer["stderr"]).decode())
print(base64.b64decode(answer["stdout"]).decode())
