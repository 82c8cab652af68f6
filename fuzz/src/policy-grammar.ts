import type { Random } from './random.js';
import { anyJson, anyName, anyText } from './texts.js';

export const methodArn = 'arn:aws:execute-api:us-east-1:123456789012:chat/dev/$connect';

const actions = ['*', 'execute-api:Invoke', 'execute-api:*', 's3:Get?', 'EXECUTE-API:invoke'];
const resources = [
  '*',
  methodArn,
  'arn:aws:execute-api:*:*:chat/*',
  `${'*'.repeat(200)}x`,
  `${'?*'.repeat(100)}`,
  'arn:*',
];
const operators = [
  ...['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase', 'NumericLessThan'],
  ...[
    'DateGreaterThan',
    'Bool',
    'IpAddress',
    'NotIpAddress',
    'Null',
    'ArnLike',
    'BinaryEquals',
    'StringEqualsIfExists',
  ],
  ...['ForAnyValue:StringEquals', 'ForAllValues:StringLike', 'Nonsense', '__proto__'],
];
const keys = [
  'aws:SourceIp',
  'aws:CurrentTime',
  'aws:EpochTime',
  'aws:UserAgent',
  'aws:SecureTransport',
  'aws:unknown',
];
const values = [
  '192.0.2.0/24',
  '::1',
  '0.0.0.0/0',
  '2026-01-01T00:00:00Z',
  'true',
  '1700000000',
  '*',
  'not an address',
];

/** Policy documents as JSON values: mostly well-formed, sometimes with what does not belong there. */
export function anyPolicy(random: Random): unknown {
  if (random.chance(0.05)) return JSON.parse(anyJson(random));
  const statements = random.list(4, () => statement(random));
  return {
    ...(random.chance(0.8) ? { Version: '2012-10-17' } : {}),
    Statement: statements.length === 1 && random.chance(0.5) ? statements[0] : statements,
    ...(random.chance(0.05) ? { [anyName(random)]: 1 } : {}),
  };
}

function statement(random: Random): unknown {
  if (random.chance(0.02)) return JSON.parse(anyJson(random));
  return {
    Effect: random.pick(['Allow', 'Allow', 'Deny', random.chance(0.1) ? anyName(random) : 'Allow']),
    [random.chance(0.9) ? 'Action' : 'NotAction']: oneOrMore(random, () =>
      random.chance(0.03) ? '${aws:username}' : random.pick(actions),
    ),
    [random.chance(0.9) ? 'Resource' : 'NotResource']: oneOrMore(random, () => random.pick(resources)),
    ...(random.chance(0.3) ? { Condition: condition(random) } : {}),
    ...(random.chance(0.03) ? { [anyName(random)]: anyText(random) } : {}),
  };
}

function condition(random: Random): unknown {
  if (random.chance(0.1)) return JSON.parse(anyJson(random));
  const value = () => random.pick([random.pick(values), anyText(random), random.below(10), random.chance(0.5)]);
  const named = () => [random.pick(keys), oneOrMore(random, value)] as const;
  return Object.fromEntries(random.list(2, () => [random.pick(operators), Object.fromEntries(random.list(2, named))]));
}

function oneOrMore<T>(random: Random, make: () => T): T | T[] {
  return random.chance(0.5) ? make() : [make(), ...random.list(2, make)];
}
