/**
 * The values of a template: texts, booleans, lists (arrays), maps, numbers and the host's own objects. A map is a `Map`, or
 * an object that JSON.parse made and of which only own members count. A whole JavaScript number is a Java integer, any
 * other a double; `ExactNumber` is what would lose its kind or its digits otherwise.
 */
export class ExactNumber {
  constructor(
    readonly value: number,
    readonly text: string,
    readonly isInteger: boolean,
  ) {}
}

/** An object of the host with the members that it chooses to show: `$input`, `$util`, an entry of a map. */
export abstract class HostObject {
  /** Undefined where there is no such property. */
  property(_name: string): unknown {
    return undefined;
  }

  /** Undefined where there is no such method. */
  call(_name: string, _args: readonly unknown[]): unknown {
    return undefined;
  }

  /** What it prints as; undefined is the reference's own text. */
  text(): string | undefined {
    return undefined;
  }
}

/** Why a rendering or an evaluation ends early. The caller knows place and line. */
export class TemplateFault extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TemplateFault';
  }
}

type PlainMap = Record<string, unknown>;
export type ValueMap = Map<string, unknown> | PlainMap;

export function isMap(value: unknown): value is ValueMap {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

export function mapGet(map: ValueMap, key: string): unknown {
  if (map instanceof Map) return map.get(key);
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

export function mapHas(map: ValueMap, key: string): boolean {
  return map instanceof Map ? map.has(key) : Object.hasOwn(map, key);
}

export function mapPut(map: ValueMap, key: string, value: unknown): void {
  if (map instanceof Map) map.set(key, value);
  // Assigning `__proto__` would change what the object inherits.
  else Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}

export function mapRemove(map: ValueMap, key: string): unknown {
  const value = mapGet(map, key);
  if (map instanceof Map) map.delete(key);
  else delete map[key];
  return value;
}

export function mapKeys(map: ValueMap): string[] {
  return map instanceof Map ? [...map.keys()] : Object.keys(map);
}

export function mapEntries(map: ValueMap): [string, unknown][] {
  return map instanceof Map ? [...map] : Object.entries(map);
}

export function mapSize(map: ValueMap): number {
  return map instanceof Map ? map.size : Object.keys(map).length;
}

export function isNumeric(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber;
}

export function numberOf(value: number | ExactNumber): number {
  return typeof value === 'number' ? value : value.value;
}

export function isIntegral(value: number | ExactNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.isInteger;
}

/** A double: keeps the `.0` of a whole one, as Java prints it. */
export function doubleOf(value: number): number | ExactNumber {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? new ExactNumber(value, `${value}.0`, false) : value;
}
