"""The two calls that store a secret and restart its reader, by boto3, with nothing around them."""

import os

import boto3

with open(os.environ["VALUE_FILE"]) as file:
    value = file.read()
boto3.client("secretsmanager").put_secret_value(
    SecretId=os.environ["SECRET_ID"], SecretString=value
)
boto3.client("ecs").update_service(
    cluster=os.environ["CLUSTER"], service=os.environ["SERVICE"], forceNewDeployment=True
)
