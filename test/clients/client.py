"""Speaks WebSocket with the websockets package. Reads one JSON object from standard input, prints one.

With credentials the handshake is signed by botocore, in the query (`sign: query`) or in headers (`sign: headers`).
"""
import asyncio
import json
import sys

import websockets
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

order = json.load(sys.stdin)


def handshake():
    url, headers = order["url"], dict(order.get("headers", {}))
    how = order.get("sign")
    if how is None:
        return url, headers
    request = AWSRequest(method="GET", url=url.replace("ws://", "http://", 1))
    region = order.get("region", "us-east-1")
    credentials = Credentials(order["accessKeyId"], order["secretAccessKey"])
    if how == "query":
        SigV4QueryAuth(credentials, "execute-api", region, expires=60).add_auth(request)
    else:
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        headers.update({name: value for name, value in request.headers.items()})
    return request.url.replace("http://", "ws://", 1), headers


async def main():
    url, headers = handshake()
    try:
        async with websockets.connect(
            url, additional_headers=headers, subprotocols=order.get("subprotocols"), proxy=None
        ) as socket:
            received = []
            for message in order.get("send", []):
                await socket.send(message)
                received.append(await asyncio.wait_for(socket.recv(), 10))
            return {"subprotocol": socket.subprotocol, "received": received}
    except websockets.exceptions.InvalidStatus as refused:
        body = (refused.response.body or b"").decode()
        return {"status": refused.response.status_code, "body": body}


print(json.dumps(asyncio.run(main())))
