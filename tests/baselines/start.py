"""The start of a function in Python that does what ours do: clients, the keyring, the first call for work."""

import http.client
import json
import os

import boto3

table = boto3.client("dynamodb")
secrets = boto3.client("secretsmanager")
keyring = json.loads(secrets.get_secret_value(SecretId=os.environ["PORTICO_KEYRING_SECRET"])["SecretString"])
runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
runtime.request("GET", "/2018-06-01/runtime/invocation/next")
runtime.getresponse()
