// A REQUEST authorizer as on AWS. A real one would look the ticket up.
const tenants = new Map([
  ['gold', 'acme'],
  ['silver', 'globex'],
]);

export async function handler(event) {
  const ticket = event.queryStringParameters.ticket;
  const tenant = tenants.get(ticket);
  // The one error that AWS turns into 401.
  if (tenant === undefined) throw new Error('Unauthorized');
  return {
    principalId: `ticket-${ticket}`,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: event.methodArn }],
    },
    context: { tenant },
  };
}
