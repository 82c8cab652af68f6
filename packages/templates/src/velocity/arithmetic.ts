import { displayText } from '../values/value-text.js';
import {
  doubleOf,
  isIntegral,
  isMap,
  isNothing,
  isNumeric,
  mapEntries,
  mapGet,
  mapHas,
  mapSize,
  numberOf,
} from '../values/values.js';
import type { RenderState } from './render-state.js';

/** `#if` as Velocity 1.7 has it: null and false are false, everything else is true, 0 and the empty text included. */
export function isTrue(value: unknown): boolean {
  return !isNothing(value) && value !== false;
}

/** `==`: numbers by value, values of one kind by what they hold, others by their text (`1 == "1"`). */
export function isEqual(left: unknown, right: unknown, state: RenderState): boolean {
  state.spend(1);
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (isNumeric(left) && isNumeric(right)) return numberOf(left) === numberOf(right);
  if (typeof left === 'string' && typeof right === 'string') {
    state.spend(left.length >> 10);
    return left === right;
  }
  if (typeof left === typeof right && typeof left !== 'object') return left === right;
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index], state));
  }
  if (isMap(left) && isMap(right)) {
    return (
      mapSize(left) === mapSize(right) &&
      mapEntries(left).every(([key, item]) => mapHas(right, key) && isEqual(item, mapGet(right, key), state))
    );
  }
  return state.made(displayText(left)) === state.made(displayText(right));
}

type Operation = (left: unknown, right: unknown, state: RenderState) => unknown;

/** Operators with two sides, both evaluated. What is no number makes arithmetic null and a comparison false, as in Velocity. */
export const operations: Record<string, Operation> = {
  '+': (left, right, state) => {
    if (typeof left === 'string' || typeof right === 'string') {
      return state.made(displayText(left) + displayText(right));
    }
    return calculate(left, right, (a, b) => a + b);
  },
  '-': (left, right) => calculate(left, right, (a, b) => a - b),
  '*': (left, right) => calculate(left, right, (a, b) => a * b),
  '/': (left, right) =>
    isZero(right) ? undefined : calculate(left, right, (a, b, integral) => (integral ? Math.trunc(a / b) : a / b)),
  '%': (left, right) => (isZero(right) ? undefined : calculate(left, right, (a, b) => a % b)),
  '<': (left, right) => compare(left, right, (a, b) => a < b),
  '<=': (left, right) => compare(left, right, (a, b) => a <= b),
  '>': (left, right) => compare(left, right, (a, b) => a > b),
  '>=': (left, right) => compare(left, right, (a, b) => a >= b),
  '==': isEqual,
  '!=': (left, right, state) => !isEqual(left, right, state),
};

function isZero(value: unknown): boolean {
  return isNumeric(value) && numberOf(value) === 0;
}

function calculate(
  left: unknown,
  right: unknown,
  compute: (a: number, b: number, integral: boolean) => number,
): unknown {
  if (!isNumeric(left) || !isNumeric(right)) return undefined;
  const integral = isIntegral(left) && isIntegral(right);
  const result = compute(numberOf(left), numberOf(right), integral);
  if (!Number.isFinite(result)) return undefined;
  // 0 - 0 * 1 must not print as -0.
  return integral ? result + 0 : doubleOf(result);
}

function compare(left: unknown, right: unknown, holds: (a: number, b: number) => boolean): boolean {
  return isNumeric(left) && isNumeric(right) && holds(numberOf(left), numberOf(right));
}
