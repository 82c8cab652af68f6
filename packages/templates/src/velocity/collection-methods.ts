import { displayText } from '../values/value-text.js';
import {
  HostObject,
  isMap,
  isNumeric,
  mapEntries,
  mapGet,
  mapHas,
  mapKeys,
  mapPut,
  mapRemove,
  mapSize,
  numberOf,
  TemplateFault,
  type ValueMap,
} from '../values/values.js';
import { isEqual } from './arithmetic.js';
import type { RenderState } from './render-state.js';

type ListMethod = (list: unknown[], args: readonly unknown[], state: RenderState) => unknown;
type MapMethod = (map: ValueMap, args: readonly unknown[], state: RenderState) => unknown;

/** `java.util.List`, as far as spec 06 §6.3 and real templates use it. */
export const listMethods: Record<string, ListMethod> = {
  size: (list) => list.length,
  isEmpty: (list) => list.length === 0,
  get: (list, args) => list[position(list, args[0], list.length - 1)],
  add: (list, args, state) => {
    state.changed = true;
    if (args.length < 2) return list.push(args[0]) > 0;
    state.spend(list.length >> 6);
    list.splice(position(list, args[0], list.length), 0, args[1]);
    return undefined;
  },
  addAll: (list, args, state) => {
    const [items] = args;
    if (!Array.isArray(items)) throw new TemplateFault('addAll() needs a list');
    state.spend(items.length);
    state.changed = true;
    for (const item of items.slice()) list.push(item);
    return items.length > 0;
  },
  set: (list, args, state) => {
    const index = position(list, args[0], list.length - 1);
    const before = list[index];
    state.changed = true;
    list[index] = args[1];
    return before;
  },
  remove: (list, args, state) => {
    state.changed = true;
    state.spend(list.length >> 6);
    if (isNumeric(args[0])) return list.splice(position(list, args[0], list.length - 1), 1)[0];
    const index = indexOf(list, args[0], state);
    if (index >= 0) list.splice(index, 1);
    return index >= 0;
  },
  clear: (list, _, state) => {
    state.changed = true;
    list.length = 0;
    return undefined;
  },
  contains: (list, args, state) => indexOf(list, args[0], state) >= 0,
  indexOf: (list, args, state) => indexOf(list, args[0], state),
  subList: (list, args, state) => {
    const [start, end] = [position(list, args[0], list.length), position(list, args[1], list.length)];
    if (start > end) throw new TemplateFault(`subList(${start}, ${end})`);
    state.spend(end - start);
    return list.slice(start, end);
  },
};

/** `java.util.Map`. Keys are texts, as in JSON; others become their text. */
export const mapMethods: Record<string, MapMethod> = {
  size: (map, _, state) => charged(mapSize(map), state),
  isEmpty: (map, _, state) => charged(mapSize(map), state) === 0,
  get: (map, args) => mapGet(map, keyOf(args[0])),
  getOrDefault: (map, args) => (mapHas(map, keyOf(args[0])) ? mapGet(map, keyOf(args[0])) : args[1]),
  put: (map, args, state) => {
    if (args.length < 2) throw new TemplateFault('put() needs a key and a value');
    const before = mapGet(map, keyOf(args[0]));
    state.changed = true;
    mapPut(map, keyOf(args[0]), args[1]);
    return before;
  },
  putAll: (map, args, state) => {
    const [other] = args;
    if (!isMap(other)) throw new TemplateFault('putAll() needs a map');
    state.changed = true;
    state.spend(mapSize(other));
    for (const [key, value] of mapEntries(other)) mapPut(map, key, value);
    return undefined;
  },
  remove: (map, args, state) => {
    state.changed = true;
    return mapRemove(map, keyOf(args[0]));
  },
  containsKey: (map, args) => mapHas(map, keyOf(args[0])),
  containsValue: (map, args, state) => {
    state.spend(mapSize(map));
    return mapEntries(map).some(([, value]) => isEqual(value, args[0], state));
  },
  keySet: (map, _, state) => copied(mapKeys(map), state),
  values: (map, _, state) => copied(mapEntries(map), state).map(([, value]) => value),
  entrySet: (map, _, state) => copied(mapEntries(map), state).map(([key, value]) => new MapEntry(key, value)),
};

/** An item of `entrySet()`: `$entry.key`, `$entry.getValue()`. */
export class MapEntry extends HostObject {
  constructor(
    private readonly key: string,
    private readonly value: unknown,
  ) {
    super();
  }

  override property(name: string): unknown {
    return name === 'key' ? this.key : name === 'value' ? this.value : undefined;
  }

  override call(name: string): unknown {
    return name === 'getKey' ? this.key : name === 'getValue' ? this.value : undefined;
  }

  override text(): string {
    return `${this.key}=${displayText(this.value)}`;
  }
}

function keyOf(value: unknown): string {
  return displayText(value);
}

function position(list: readonly unknown[], value: unknown, last: number): number {
  const index = isNumeric(value) ? numberOf(value) : Number.NaN;
  if (!Number.isInteger(index) || index < 0 || index > last) {
    throw new TemplateFault(`${displayText(value).slice(0, 40)} is no index of a list of ${list.length}`);
  }
  return index;
}

function indexOf(list: readonly unknown[], value: unknown, state: RenderState): number {
  return list.findIndex((item) => isEqual(item, value, state));
}

function charged(size: number, state: RenderState): number {
  state.spend(size >> 6);
  return size;
}

function copied<Item>(items: Item[], state: RenderState): Item[] {
  state.spend(items.length >> 3);
  return items;
}
