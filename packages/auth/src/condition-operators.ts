import { BlockList, isIP } from 'node:net';
import { PolicyFault } from './policy-fault.js';
import { matchesWildcard } from './wildcard.js';

/** Compares a value of the request with one value of the policy. */
type Test = (value: string) => boolean;

interface Operator {
  /** The condition is met when no value of the policy matches. */
  negated: boolean;
  /** Throws `PolicyFault` where the policy's value is none that the operator knows. */
  compile: (wanted: string) => Test;
}

type Compile = Operator['compile'];

const is = (compile: Compile): Operator => ({ negated: false, compile });
const isNot = (compile: Compile): Operator => ({ negated: true, compile });

const equals: Compile = (wanted) => (value) => value === wanted;
const equalsInAnyCase: Compile = (wanted) => {
  const lowerCase = wanted.toLowerCase();
  return (value) => value.toLowerCase() === lowerCase;
};
const like: Compile = (wanted) => (value) => matchesWildcard(wanted, value);

const isBoolean: Compile = (wanted) => {
  const lowerCase = wanted.toLowerCase();
  if (lowerCase !== 'true' && lowerCase !== 'false') throw new PolicyFault('Bool wants true or false');
  return (value) => value.toLowerCase() === lowerCase;
};

function comparing(read: (text: string) => number | undefined, holds: (value: number, wanted: number) => boolean) {
  return (wanted: string): Test => {
    const bound = read(wanted);
    if (bound === undefined) throw new PolicyFault('a numeric or date condition holds what is neither');
    return (text) => {
      const value = read(text);
      return value !== undefined && holds(value, bound);
    };
  };
}

/** The operators of one kind: `NumericEquals`, `NumericLessThan`, … */
function comparisons(read: (text: string) => number | undefined) {
  const equal = comparing(read, (value, wanted) => value === wanted);
  return {
    equals: is(equal),
    notEquals: isNot(equal),
    lessThan: is(comparing(read, (value, wanted) => value < wanted)),
    lessThanEquals: is(comparing(read, (value, wanted) => value <= wanted)),
    greaterThan: is(comparing(read, (value, wanted) => value > wanted)),
    greaterThanEquals: is(comparing(read, (value, wanted) => value >= wanted)),
  };
}

const numberForm = /^[+-]?\d+(\.\d+)?$/;
const dateForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

function readNumber(text: string): number | undefined {
  return numberForm.test(text) ? Number(text) : undefined;
}

/** ms since the epoch, of ISO 8601 or of whole seconds. */
function readDate(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  const timeMs = dateForm.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

const inRange: Compile = (wanted) => {
  const [address = '', length, ...rest] = wanted.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const prefix = length === undefined ? longest : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (family === 0 || !(prefix <= longest) || rest.length > 0) {
    throw new PolicyFault('IpAddress wants an address or a range such as 192.0.2.0/24');
  }
  const range = new BlockList();
  range.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  return (value) => isIP(value) !== 0 && range.check(value, isIP(value) === 6 ? 'ipv6' : 'ipv4');
};

/** Each of the six parts on its own, so that a wildcard in one does not reach into the next. */
const arnLike: Compile = (wanted) => {
  const patterns = arnParts(wanted);
  if (patterns === undefined) throw new PolicyFault('an ARN condition holds what is no ARN');
  return (value) =>
    arnParts(value)?.every((part, position) => matchesWildcard(patterns[position] as string, part)) ?? false;
};

function arnParts(text: string): string[] | undefined {
  const parts = text.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const numeric = comparisons(readNumber);
const date = comparisons(readDate);

/** The operators of IAM that have a meaning here, without `IfExists` and `Null`. */
export const operators = {
  StringEquals: is(equals),
  StringNotEquals: isNot(equals),
  StringEqualsIgnoreCase: is(equalsInAnyCase),
  StringNotEqualsIgnoreCase: isNot(equalsInAnyCase),
  StringLike: is(like),
  StringNotLike: isNot(like),
  Bool: is(isBoolean),
  NumericEquals: numeric.equals,
  NumericNotEquals: numeric.notEquals,
  NumericLessThan: numeric.lessThan,
  NumericLessThanEquals: numeric.lessThanEquals,
  NumericGreaterThan: numeric.greaterThan,
  NumericGreaterThanEquals: numeric.greaterThanEquals,
  DateEquals: date.equals,
  DateNotEquals: date.notEquals,
  DateLessThan: date.lessThan,
  DateLessThanEquals: date.lessThanEquals,
  DateGreaterThan: date.greaterThan,
  DateGreaterThanEquals: date.greaterThanEquals,
  IpAddress: is(inRange),
  NotIpAddress: isNot(inRange),
  ArnEquals: is(arnLike),
  ArnNotEquals: isNot(arnLike),
  ArnLike: is(arnLike),
  ArnNotLike: isNot(arnLike),
} as const satisfies Record<string, Operator>;

export function isOperator(name: string): name is keyof typeof operators {
  return Object.hasOwn(operators, name);
}
