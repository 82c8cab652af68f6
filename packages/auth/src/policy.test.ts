import { describe, expect, it } from 'vitest';
import { accessDenied, isAllowed, managementArn } from './policy.js';

const resource = { region: 'us-east-1', accountId: '123456789012', apiId: 'chat', stage: 'dev', method: 'POST' };
const arn = managementArn(resource);
const prefix = 'arn:aws:execute-api:us-east-1:123456789012:chat';

describe('policy', () => {
  it('[CB-17] the resource ends in the literal {connectionId}', () => {
    expect(arn).toBe(`${prefix}/dev/POST/@connections/{connectionId}`);
  });

  it.each([
    '*',
    `${prefix}/*`,
    `${prefix}/dev/*`,
    `${prefix}/dev/POST/@connections/*`,
    `${prefix}/*/*/@connections/*`,
    'arn:aws:execute-api:*:*:*/@connections/*',
    'arn:aws:execute-api:*:*:chat/dev/POST/@connections/*',
    `${prefix}/d?v/POST/@connections/{connectionId}`,
  ])('[CB-18] %s allows', (pattern) => {
    expect(isAllowed(['arn:aws:execute-api:*:*:other/*', pattern], arn)).toBe(true);
  });

  it.each([
    `${prefix}/dev/POST/@connections`,
    `${prefix}/dev/POST/@connections/gbgHN0-zjQAYKEjhgA==`,
    `${prefix}/dev/GET/@connections/*`,
    `${prefix}/prod/*`,
    'arn:aws:execute-api:us-east-1:123456789012:cha/*',
    'arn:aws:execute-api:eu-west-1:*:chat/*',
    '',
  ])('[CB-19] "%s" does not allow', (pattern) => {
    expect(isAllowed([pattern], arn)).toBe(false);
    expect(isAllowed([], arn)).toBe(false);
  });

  it('[CB-20] the refusal has a capital Message and masks the account of the resource', () => {
    const { errorType, body } = accessDenied('AKIDEXAMPLE', resource);
    expect(errorType).toBe('AccessDeniedException');
    expect(body).toBe(
      '{"Message":"User: arn:aws:iam::123456789012:user/AKIDEXAMPLE is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:us-east-1:********9012:chat/dev/POST/@connections/{connectionId} because no identity-based policy allows the execute-api:ManageConnections action"}',
    );
  });
});
