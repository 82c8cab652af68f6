import { type Script, scriptOf } from './script.js';

/** The parts of an event that a function of the suite looks at; everything else it only records or echoes. */
export interface FunctionEvent {
  type?: string;
  body?: string;
  queryStringParameters?: Record<string, string>;
  [member: string]: unknown;
}

/** What an invocation comes to: a result, or a failure as the Lambda service reports it. */
export type FunctionEnd = { payload: string; failed: boolean };

/**
 * The one function behind every name: it does what the event's script says. An authorizer looks for `auth` in the query instead
 * of `script`, so that one handshake can script both. Without a script it returns 200, or a policy that allows.
 */
export async function runScripted(event: FunctionEvent): Promise<FunctionEnd & { script: Script }> {
  const isAuthorizer = event.type === 'REQUEST';
  // A template makes payloads that are no events: their script is a member of their own.
  const body = event.body ?? JSON.stringify(event);
  const script = scriptOf(event.queryStringParameters, isAuthorizer ? 'auth' : 'script', body);
  if (script.sleepMs !== undefined) await new Promise((resolve) => setTimeout(resolve, script.sleepMs));
  if (script.fails !== undefined) {
    return { script, failed: true, payload: JSON.stringify({ errorType: 'Error', ...script.fails }) };
  }
  if (script.raw !== undefined) return { script, failed: false, payload: script.raw };
  const usual = isAuthorizer ? allowAll(event) : { statusCode: 200 };
  const result = script.echo === true ? { statusCode: 200, body: JSON.stringify(event) } : (script.result ?? usual);
  return { script, failed: false, payload: JSON.stringify(result) + ' '.repeat(script.padBytes ?? 0) };
}

function allowAll(event: FunctionEvent): object {
  const statement = { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: event['methodArn'] };
  return { principalId: 'user-1', policyDocument: { Version: '2012-10-17', Statement: [statement] } };
}
