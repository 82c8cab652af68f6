import {
  ApiGatewayManagementApiClient,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';

export const handler = async (event) => {
  const { connectionId, domainName, stage } = event.requestContext;
  const client = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const info = await client.send(new GetConnectionCommand({ ConnectionId: connectionId }));
  await client.send(
    new PostToConnectionCommand({
      ConnectionId: connectionId,
      Data: JSON.stringify({ help: 'Send {"action":"sendmessage","message":"…"}', yourIp: info.Identity.SourceIp }),
    }),
  );
  return { statusCode: 200 };
};
