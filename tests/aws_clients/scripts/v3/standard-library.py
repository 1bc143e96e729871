"""Usage: python3 standard-library.py ENVIRONMENT DAG

As published clients for Apache Airflow v3 do it that know the endpoint: http.client, which follows no redirect.
"""

import base64
import http.client
import json
import sys

import boto3

environment, dag = sys.argv[1:]

token = boto3.client("mwaa").create_cli_token(Name=environment)
connection = http.client.HTTPSConnection(token["WebServerHostname"])
headers = {"Authorization": f"Bearer {token['CliToken']}", "Content-Type": "text/plain"}
connection.request("POST", "/aws_mwaa/cli/", f"dags trigger {dag}", headers)
response = connection.getresponse()
answer = json.loads(response.read())

print(response.status)
print(base64.b64decode(answer["stderr"]).decode())
print(base64.b64decode(answer["stdout"]).decode())
