// $connect and $disconnect. On AWS one would keep the connection id in a table.
export async function handler(event) {
  const { eventType, connectionId, authorizer, disconnectReason } = event.requestContext;
  console.log(`${eventType} ${connectionId} of ${authorizer.tenant}${disconnectReason ? `: ${disconnectReason}` : ''}`);
  return { statusCode: 200 };
}
