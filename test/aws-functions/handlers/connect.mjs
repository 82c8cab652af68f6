import { table } from './connection-table.mjs';

export const handler = async (event) => {
  if (event.queryStringParameters?.name === 'nobody') return { statusCode: 403, body: 'Nobody may not enter' };
  await table.put(event.requestContext.connectionId);
  return { statusCode: 200, body: 'Connected.' };
};
