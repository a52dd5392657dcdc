"""What the tests do through boto3. One JSON document comes in, one goes out."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REQUEST = json.load(sys.stdin)


def client(service):
    return boto3.client(
        service,
        endpoint_url=REQUEST["origin"],
        region_name=REQUEST["region"],
        config=Config(retries={"total_max_attempts": 1}),
        **REQUEST["key"],
    )


def calls(calls):
    answers = []
    for call in calls:
        method = getattr(client(call["service"]), call["method"])
        try:
            answers.append({"answer": method(**call["arguments"])})
        except ClientError as error:
            answers.append(
                {"error": {"code": error.response["Error"]["Code"], "message": str(error)}}
            )
    return answers


def seed(runner_id, client_id, client_secret):
    ec2, ecs, secrets = client("ec2"), client("ecs"), client("secretsmanager")
    secret_id = "matillion-oauth-credentials"
    secret = {
        "client_id": client_id,
        "db_password": 'päss "w" \\ ünï',
        "client_secret": client_secret,
        "port": 5432,
        "nested": {"z": [1, 2.5, None], "a": {"on": True}},
    }
    arn = secrets.create_secret(
        Name=secret_id, SecretString=json.dumps(secret, ensure_ascii=False)
    )["ARN"]
    ecs.create_cluster(clusterName="etl")
    environment = {"AGENT_ID": runner_id, "MATILLION_REGION": "eu1", "CLOUD_PROVIDER": "AWS"}
    keys = {"OAUTH_CLIENT_ID": "client_id", "OAUTH_CLIENT_SECRET": "client_secret"}
    definition = ecs.register_task_definition(
        family="etl-runner",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="1024",
        memory="4096",
        executionRoleArn="arn:aws:iam::123456789012:role/etl-execution",
        containerDefinitions=[
            {
                "name": "runner",
                "image": "public.ecr.aws/matillion/etl-agent:current",
                "essential": True,
                "environment": [{"name": n, "value": v} for n, v in environment.items()],
                "secrets": [{"name": n, "valueFrom": f"{arn}:{k}::"} for n, k in keys.items()],
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    ecs.create_service(
        cluster="etl",
        serviceName="runner",
        taskDefinition=definition,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}
        },
    )
    return {
        "cluster": "etl",
        "service": "runner",
        "secret_id": secret_id,
        "secret_arn": arn,
        "task_definition": definition,
    }


def rights(policy):
    iam = client("iam")
    everything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    keys = {}
    for user, document in (("admin", everything), ("limited", policy)):
        iam.create_user(UserName=user)
        iam.put_user_policy(
            UserName=user, PolicyName="rights", PolicyDocument=json.dumps(document)
        )
        key = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    return keys


FUNCTION = {"calls": calls, "seed": seed, "rights": rights}[REQUEST["function"]]
json.dump(FUNCTION(**REQUEST["input"]), sys.stdout, default=str)
