import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicy, type PolicyRequest } from './policy-evaluation.js';

const arn = 'arn:aws:execute-api:us-east-1:123456789012:chat/dev/$connect';
const request: PolicyRequest = {
  action: 'execute-api:Invoke',
  resource: arn,
  sourceIp: '192.0.2.7',
  timeMs: Date.UTC(2026, 8, 25, 0, 22, 29),
  conditionValues: { 'aws:useragent': 'Mozilla/5.0', 'aws:referer': undefined, 'aws:securetransport': 'true' },
};
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' };
const decide = (...statements: unknown[]) => evaluatePolicy({ Version: '2012-10-17', Statement: statements }, request);
const withCondition = (Condition: unknown, Effect = 'Allow') => decide({ ...allowAll, Effect, Condition });

describe('policy evaluation', () => {
  it.each([
    ['the route itself', { Action: 'execute-api:Invoke', Resource: arn }],
    ['any action', { Action: '*', Resource: arn }],
    ['the action in another case', { Action: 'EXECUTE-API:invoke', Resource: arn }],
    ['a wildcard inside the action', { Action: 'execute-api:Inv?ke', Resource: arn }],
    ['lists', { Action: ['s3:*', 'execute-api:*'], Resource: ['arn:aws:s3:::x', `${arn.slice(0, -8)}*`] }],
    ['any stage and route', { Action: 'execute-api:Invoke', Resource: 'arn:aws:execute-api:*:*:chat/*' }],
    ['NotAction', { NotAction: 's3:*', Resource: arn }],
    ['NotResource', { Action: '*', NotResource: ['arn:aws:execute-api:*:*:chat/prod/*'] }],
  ])('[AU-5] %s allows', (_, statement) => {
    expect(decide({ Effect: 'Allow', ...statement })).toBe('allow');
    expect(decide({ Effect: 'Deny', ...statement }, allowAll)).toBe('explicit_deny');
    expect(decide(allowAll, { Effect: 'Deny', ...statement })).toBe('explicit_deny');
  });

  it.each([
    ['another action', { Action: 'execute-api:ManageConnections', Resource: '*' }],
    ['another route', { Action: '*', Resource: arn.replace('$connect', 'send') }],
    ['the resource in another case', { Action: '*', Resource: arn.replace('chat', 'Chat') }],
    ['a NotAction that has it', { NotAction: ['EXECUTE-API:*'], Resource: '*' }],
    ['a NotResource that has it', { Action: '*', NotResource: [arn] }],
  ])('[AU-5] %s does not', (_, statement) => {
    expect(decide({ Effect: 'Allow', ...statement })).toBe('no_allow');
    expect(decide({ Effect: 'Deny', ...statement }, allowAll)).toBe('allow');
  });

  it('[AU-5] a single statement may stand without a list', () => {
    expect(evaluatePolicy({ Statement: allowAll }, request)).toBe('allow');
    expect(evaluatePolicy({ Statement: [] }, request)).toBe('no_allow');
  });

  it.each<[condition: unknown, met: boolean]>([
    [{ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, true],
    [{ IpAddress: { 'AWS:sourceip': ['198.51.100.1', '192.0.2.7'] } }, true],
    [{ IpAddress: { 'aws:SourceIp': '192.0.2.8' } }, false],
    [{ NotIpAddress: { 'aws:SourceIp': ['192.0.2.8', '10.0.0.0/8'] } }, true],
    [{ NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '192.0.2.0/24'] } }, false],
    [{ IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }, false],
    [{ StringEquals: { 'aws:UserAgent': 'Mozilla/5.0' } }, true],
    [{ StringEquals: { 'aws:UserAgent': 'mozilla/5.0' } }, false],
    [{ StringNotEquals: { 'aws:UserAgent': ['curl', 'wget'] } }, true],
    [{ StringEqualsIgnoreCase: { 'aws:UserAgent': 'mozilla/5.0' } }, true],
    [{ StringNotEqualsIgnoreCase: { 'aws:UserAgent': 'mozilla/5.0' } }, false],
    [{ StringLike: { 'aws:UserAgent': 'Moz*/?.0' } }, true],
    [{ StringNotLike: { 'aws:UserAgent': 'Moz*' } }, false],
    [{ StringEquals: { 'aws:Referer': 'x' } }, false],
    [{ StringNotEquals: { 'aws:Referer': 'x' } }, true],
    [{ StringEqualsIfExists: { 'aws:Referer': 'x' } }, true],
    [{ StringEqualsIfExists: { 'aws:UserAgent': 'x' } }, false],
    [{ Null: { 'aws:Referer': 'true', 'aws:UserAgent': false } }, true],
    [{ Null: { 'aws:Referer': 'false' } }, false],
    [{ Bool: { 'aws:SecureTransport': true } }, true],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, false],
    [{ DateGreaterThan: { 'aws:CurrentTime': '2026-09-25T00:00:00Z' } }, true],
    [{ DateLessThan: { 'aws:CurrentTime': '2026-09-25' } }, false],
    [{ DateLessThanEquals: { 'aws:EpochTime': '2026-09-25T00:22:29Z' } }, true],
    [{ NumericGreaterThan: { 'aws:EpochTime': 1_700_000_000 } }, true],
    [{ NumericEquals: { 'aws:UserAgent': 5 } }, false],
    [{ ArnLike: { 'aws:UserAgent': 'arn:aws:iam::*:role/x' } }, false],
    [{ ArnNotEquals: { 'aws:UserAgent': 'arn:aws:iam::1:role/x' } }, true],
    [{ StringEquals: { 'aws:UserAgent': 'Mozilla/5.0' }, Bool: { 'aws:SecureTransport': 'false' } }, false],
    [{}, true],
  ])('[AU-5] condition %j: %s', (condition, met) => {
    expect(withCondition(condition)).toBe(met ? 'allow' : 'no_allow');
    expect(decide(allowAll, { ...allowAll, Effect: 'Deny', Condition: condition })).toBe(
      met ? 'explicit_deny' : 'allow',
    );
  });

  it('[AU-5] ARN conditions compare part by part', () => {
    const values = { 'aws:sourcearn': 'arn:aws:iam::1:role/a:b' };
    const decideWith = (pattern: string) =>
      evaluatePolicy(
        { Statement: { ...allowAll, Condition: { ArnLike: { 'aws:SourceArn': pattern } } } },
        { ...request, conditionValues: values },
      );
    expect(decideWith('arn:aws:iam::*:role/*')).toBe('allow');
    expect(decideWith('arn:*:role/*')).toHaveProperty('fault');
    expect(decideWith('arn:aws:*:1:role/a:*:x')).toBe('no_allow');
  });

  it.each([
    ['an operator that is not known', { BinaryEquals: { 'aws:UserAgent': 'x' } }],
    ['a set operator', { 'ForAllValues:StringEquals': { 'aws:UserAgent': 'Mozilla/5.0' } }],
    ['a key that is not known', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }],
    ['such a key IfExists', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } }],
    ['Null of such a key', { Null: { 'aws:PrincipalOrgID': 'true' } }],
  ])('[AU-5] %s never lets anybody in: no Allow rests on it and each Deny holds', (_, condition) => {
    expect(withCondition(condition)).toBe('no_allow');
    expect(decide(allowAll, { ...allowAll, Effect: 'Deny', Condition: condition })).toBe('explicit_deny');
    const notMet = { Bool: { 'aws:SecureTransport': 'false' } };
    for (const Condition of [
      { ...condition, ...notMet },
      { ...notMet, ...condition },
    ]) {
      expect(decide(allowAll, { ...allowAll, Effect: 'Deny', Condition })).toBe('allow');
    }
  });

  it.each<[what: string, document: unknown]>([
    ['no object', 'Allow'],
    ['a list', []],
    ['null', null],
    ['no Statement', { Version: '2012-10-17' }],
    ['another version', { Version: '2020-01-01', Statement: [allowAll] }],
    ['a statement that is a text', { Statement: ['Allow'] }],
    ['another effect', { Statement: [{ ...allowAll, Effect: 'allow' }] }],
    ['no effect', { Statement: [{ Action: '*', Resource: '*' }] }],
    ['no action', { Statement: [{ Effect: 'Allow', Resource: '*' }] }],
    ['no resource', { Statement: [{ Effect: 'Allow', Action: '*' }] }],
    ['both kinds of resource', { Statement: [{ ...allowAll, NotResource: 'x' }] }],
    ['an empty list', { Statement: [{ ...allowAll, Resource: [] }] }],
    ['a number', { Statement: [{ ...allowAll, Resource: [1] }] }],
    ['a misspelt element', { Statement: [{ ...allowAll, Conditions: {} }] }],
    ['a resource over 512 characters', { Statement: [{ ...allowAll, Resource: 'x'.repeat(513) }] }],
    ['a policy variable', { Statement: [{ ...allowAll, Resource: 'a/${aws:username}' }] }],
    ['a bad range', { Statement: [{ ...allowAll, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } }] }],
    ['a bad date', { Statement: [{ ...allowAll, Condition: { DateLessThan: { 'aws:CurrentTime': 'soon' } } }] }],
    ['a condition that is a list', { Statement: [{ ...allowAll, Condition: [] }] }],
    ['a condition without values', { Statement: [{ ...allowAll, Condition: { StringNotEquals: { 'aws:x': [] } } }] }],
  ])('[AU-5] is a fault: %s', (_, document) => {
    expect(evaluatePolicy(document, request)).toEqual({ fault: expect.any(String) });
  });

  it('[AU-8] there are no resource policies: a statement with a Principal is a fault', () => {
    expect(decide({ ...allowAll, Principal: '*' })).toEqual({ fault: expect.any(String) });
    expect(decide(allowAll, { ...allowAll, Effect: 'Deny', NotPrincipal: '*' })).toEqual({ fault: expect.any(String) });
  });

  it('[AU-5] agrees with the plain reading of a policy', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '*', '?'), minLength: 1, maxLength: 6 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/'), maxLength: 6 });
    const patterns = fc.oneof(letters, fc.array(letters, { minLength: 1, maxLength: 3 }));
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      actions: fc.tuple(fc.constantFrom('Action', 'NotAction'), patterns),
      resources: fc.tuple(fc.constantFrom('Resource', 'NotResource'), patterns),
    });
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 4 }), text, text, (plans, action, resource) => {
        const Statement = plans.map(({ Effect, actions, resources }) => ({
          Effect,
          [actions[0]]: actions[1],
          [resources[0]]: resources[1],
        }));
        const matching = plans.filter((plan) => covers(plan.actions, action) && covers(plan.resources, resource));
        const expected = matching.some(({ Effect }) => Effect === 'Deny')
          ? 'explicit_deny'
          : matching.length > 0
            ? 'allow'
            : 'no_allow';
        expect(evaluatePolicy({ Statement }, { ...request, action, resource })).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('never throws, whatever the document holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((value) => ({ Statement: value })),
        ),
        (document) => {
          expect(evaluatePolicy(document, request)).toBeDefined();
        },
      ),
    );
    const anything = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.jsonValue(),
      Resource: fc.jsonValue(),
      Condition: fc.dictionary(fc.constantFrom('StringLike', 'IpAddress', 'Null', 'x'), fc.jsonValue()),
    });
    fc.assert(
      fc.property(anything, (each) => {
        expect(evaluatePolicy({ Statement: each }, request)).toBeDefined();
      }),
    );
  });
});

/** A translated regular expression, which is plain to read; the patterns here are too short to make it slow. */
function covers([name, patterns]: [string, string | string[]], text: string): boolean {
  const matches = [patterns].flat().some((pattern) => {
    const source = pattern.replaceAll('*', '.*').replaceAll('?', '.');
    return new RegExp(`^${source}$`, 's').test(text);
  });
  return matches !== name.startsWith('Not');
}
