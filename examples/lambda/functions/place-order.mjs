// Answers the message, and pushes to the same connection a moment later: the two ways to talk to a client.
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';

let orders = 0;

export async function handler(event) {
  const { item, count } = JSON.parse(event.body);
  const { domainName, stage, connectionId, authorizer } = event.requestContext;
  const id = ++orders;
  // On AWS always https, as the gateway is behind TLS.
  const endpoint = `${process.env.CALLBACK_SCHEME ?? 'https'}://${domainName}/${stage}`;
  const pushed = push(endpoint, connectionId, { type: 'shipped', order: id });
  pushed.catch((error) => console.log(`order ${id}: ${error.name}`));
  return {
    statusCode: 200,
    body: JSON.stringify({ type: 'ordered', order: id, item, count, tenant: authorizer.tenant }),
  };
}

async function push(endpoint, connectionId, message) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'change-me' },
  });
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: JSON.stringify(message) }));
}
