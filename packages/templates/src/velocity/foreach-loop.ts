import { limits } from '@sluice/contracts';
import { HostObject, isMap, mapEntries, TemplateFault } from '../values/values.js';
import type { RenderState } from './render-state.js';
import type { Render } from './scope.js';

/** `$foreach`: where a loop stands. */
class ForeachPosition extends HostObject {
  index = -1;

  constructor(
    private readonly length: number,
    private readonly parent: unknown,
  ) {
    super();
  }

  override property(name: string): unknown {
    switch (name) {
      case 'index':
        return this.index;
      case 'count':
        return this.index + 1;
      case 'hasNext':
        return this.index + 1 < this.length;
      case 'first':
        return this.index === 0;
      case 'last':
        return this.index + 1 === this.length;
      case 'parent':
        return this.parent;
      default:
        return undefined;
    }
  }

  override call(name: string): unknown {
    const getter = /^(?:get|is)([A-Z])([A-Za-z]*)$/.exec(name);
    if (getter?.[1] !== undefined) return this.property(getter[1].toLowerCase() + getter[2]);
    return name === 'hasNext' ? this.property(name) : undefined;
  }
}

/** A map gives its values, as in Velocity; what is no collection gives nothing. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.slice(0, limits.templateForeachTurnsMax + 1);
  return isMap(value) ? mapEntries(value).map(([, item]) => item) : [];
}

/** Runs a loop's body for each item. Throws `TemplateFault` over `templateForeachTurnsMax` turns. */
export function runLoop(items: readonly unknown[], name: string, render: Render, state: RenderState): void {
  const { variables } = state;
  const loopNames = [name, 'foreach', 'velocityCount', 'velocityHasNext'];
  const before = loopNames.map((each) => variables.get(each));
  const position = new ForeachPosition(items.length, variables.get('foreach'));
  for (const item of items) {
    state.spend(1);
    position.index += 1;
    if (position.index >= limits.templateForeachTurnsMax) {
      throw new TemplateFault(`#foreach has more than ${limits.templateForeachTurnsMax} turns`);
    }
    variables.set(name, item);
    variables.set('foreach', position);
    variables.set('velocityCount', position.index + 1);
    variables.set('velocityHasNext', position.index + 1 < items.length);
    render(state);
    if (state.flow !== undefined) break;
  }
  if (state.flow === 'break') state.flow = undefined;
  for (const [index, each] of loopNames.entries()) variables.set(each, before[index]);
}
