import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { table } from './connection-table.mjs';

export const handler = async (event) => {
  const { connectionId, domainName, stage } = event.requestContext;
  const { message } = JSON.parse(event.body);
  if (typeof message !== 'string') throw new TypeError('message is no text');
  const client = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  const others = (await table.scan()).filter((each) => each !== connectionId);
  await Promise.all(
    others.map(async (each) => {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: each, Data: message }));
      } catch (error) {
        if (!(error instanceof GoneException)) throw error;
        await table.delete(each);
      }
    }),
  );
  return { statusCode: 200, body: 'Data sent.' };
};
