import { displayText } from '../values/value-text.js';
import {
  ExactNumber,
  HostObject,
  isIntegral,
  isMap,
  isNumeric,
  mapGet,
  numberOf,
  TemplateFault,
} from '../values/values.js';
import { isEqual } from './arithmetic.js';
import { listMethods, mapMethods } from './collection-methods.js';
import type { RenderState } from './render-state.js';
import { textMethods } from './text-methods.js';

/** `$value.name`. Only own members of maps, and what a host object shows; nothing that JavaScript would inherit. */
export function propertyOf(value: unknown, name: string, state: RenderState): unknown {
  if (value instanceof HostObject) return value.property(name);
  if (isMap(value)) return mapGet(value, name);
  if (name === 'empty' && (typeof value === 'string' || Array.isArray(value)))
    return callMethod(value, 'isEmpty', [], state);
  return undefined;
}

/** `$value[index]`. Throws `TemplateFault` outside a list, as Java does. */
export function itemOf(value: unknown, index: unknown, state: RenderState): unknown {
  if (value instanceof HostObject) return typeof index === 'string' ? value.property(index) : undefined;
  if (Array.isArray(value) || isMap(value)) return callMethod(value, 'get', [index], state);
  return undefined;
}

/** `$value.name(args)`; undefined where the value has no such method. Throws `TemplateFault` where Java would throw. */
export function callMethod(value: unknown, name: string, args: readonly unknown[], state: RenderState): unknown {
  if (value === undefined || value === null) return undefined;
  if (value instanceof HostObject) return value.call(name, args);
  if (typeof value === 'string') {
    // Methods of a text take the longer the longer it is.
    state.spend(1 + (value.length >> 10));
    const method = methodOf(textMethods, name);
    return method === undefined ? anyMethod(value, name, args, state) : method(value, args, state);
  }
  state.spend(1);
  if (Array.isArray(value)) {
    const method = methodOf(listMethods, name);
    return method === undefined ? anyMethod(value, name, args, state) : method(value, args, state);
  }
  if (isMap(value)) {
    const method = methodOf(mapMethods, name);
    return method === undefined ? anyMethod(value, name, args, state) : method(value, args, state);
  }
  if (isNumeric(value)) return numberMethod(value, name, args) ?? anyMethod(value, name, args, state);
  return anyMethod(value, name, args, state);
}

function methodOf<Method>(methods: Record<string, Method>, name: string): Method | undefined {
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}

function anyMethod(value: unknown, name: string, args: readonly unknown[], state: RenderState): unknown {
  if (name === 'toString' && args.length === 0) return state.made(displayText(value));
  if (name === 'equals' && args.length === 1) {
    return typeof value === typeof args[0] && isEqual(value, args[0], state);
  }
  if (name === 'booleanValue' && typeof value === 'boolean') return value;
  return undefined;
}

function numberMethod(value: number | ExactNumber, name: string, args: readonly unknown[]): unknown {
  const number = numberOf(value);
  switch (name) {
    case 'intValue':
    case 'longValue':
      if (value instanceof ExactNumber && value.isInteger) return value;
      return Math.trunc(number) + 0;
    case 'doubleValue':
    case 'floatValue':
      return isIntegral(value) ? new ExactNumber(number, `${number}.0`, false) : value;
    case 'parseInt':
    case 'valueOf':
    case 'parseDouble':
      return parseNumber(args[0]);
    case 'compareTo':
      return isNumeric(args[0]) ? Math.sign(number - numberOf(args[0])) : undefined;
    default:
      return undefined;
  }
}

/** `Integer.parseInt` and its like, which templates reach through any number (`$foreach.count.parseInt("7")`). */
function parseNumber(value: unknown): unknown {
  const text = value === undefined ? '' : displayText(value).trim();
  if (!/^[+-]?[0-9]{1,18}(\.[0-9]{1,18})?$/.test(text)) {
    throw new TemplateFault(`${JSON.stringify(text.slice(0, 40))} is no number`);
  }
  return Number(text);
}
