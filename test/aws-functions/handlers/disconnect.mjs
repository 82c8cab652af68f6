import { table } from './connection-table.mjs';

// In the style of older runtimes, which many deployed functions still have.
export const handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  table.delete(event.requestContext.connectionId).then(
    () => callback(null, { statusCode: 200, body: 'Disconnected.' }),
    (error) => callback(error),
  );
};
