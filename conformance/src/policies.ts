import type { Target } from './target.js';

/** ARN of a route as policies name it (spec 08 §8.2). */
export function routeArn(target: Target, api: string, { stage = 'dev', routeKey = '$connect' } = {}): string {
  const { region, accountId } = target.options;
  return `arn:aws:execute-api:${region}:${accountId}:${api}/${stage}/${routeKey}`;
}

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  [member: string]: unknown;
}

/** What an authorizer returns. */
export function policyOf(statements: readonly Statement[], more: object = {}): object {
  return { principalId: 'user-1', policyDocument: { Version: '2012-10-17', Statement: statements }, ...more };
}

/** A statement about every route of everything. */
export function statement(Effect: 'Allow' | 'Deny', more: Partial<Statement> = {}): Statement {
  return { Effect, Action: 'execute-api:Invoke', Resource: '*', ...more };
}

export const unauthorized = 'Unauthorized';
export const deniedExplicitly =
  'User is not authorized to access this resource with an explicit deny in an identity-based policy';
export const notAllowed =
  'User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action';
