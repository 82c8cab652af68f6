"""Calls @connections with boto3 as a Python back end does. Reads one JSON object from standard input, prints one."""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

order = json.load(sys.stdin)
client = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=order["endpoint"],
    region_name="us-east-1",
    aws_access_key_id=order["accessKeyId"],
    aws_secret_access_key=order["secretAccessKey"],
    config=Config(retries={"total_max_attempts": 1}),
)


def run(call):
    operation = call["operation"]
    arguments = {"ConnectionId": call["connectionId"]}
    if operation == "post_to_connection":
        arguments["Data"] = ("x" * call["bytes"]).encode() if "bytes" in call else call["data"].encode()
    try:
        answer = getattr(client, operation)(**arguments)
    except ClientError as error:
        return {
            "error": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    metadata = answer.pop("ResponseMetadata")
    return {"status": metadata["HTTPStatusCode"], "answer": json.loads(json.dumps(answer, default=str))}


print(json.dumps([run(call) for call in order["calls"]]))
