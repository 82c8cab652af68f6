import { limits } from '@sluice/contracts';
import { type CompiledJsonPath, compileJsonPath } from '../json-path/json-path.js';
import { handshakeParameters } from '../sources/handshake-parameters.js';
import { displayText, jsonText } from '../values/value-text.js';
import { HostObject } from '../values/values.js';
import type { RenderState } from './render-state.js';

/** `$input` (spec 06 §6.4). */
export class InputObject extends HostObject {
  constructor(private readonly state: RenderState) {
    super();
  }

  override property(name: string): unknown {
    return name === 'body' ? this.state.body : undefined;
  }

  override call(name: string, args: readonly unknown[]): unknown {
    const [first] = args;
    if (name === 'json') return inputJson(this.state, keptPath(first === undefined ? '$' : displayText(first)));
    if (name === 'path') return inputPath(this.state, keptPath(first === undefined ? '$' : displayText(first)));
    if (name === 'params') return args.length === 0 ? this.allParameters() : this.parameter(displayText(first));
    return undefined;
  }

  private allParameters(): Map<string, unknown> {
    const { header, querystring } = handshakeParameters(this.state.sources);
    return new Map<string, unknown>([
      ['path', new Map()],
      ['querystring', new Map(querystring)],
      ['header', header],
    ]);
  }

  private parameter(name: string): string {
    const { header, querystring } = this.state.handshake;
    return querystring.get(name) ?? header.get(name) ?? '';
  }
}

/** `$input.json(path)`: JSON text, `""` where the path leads nowhere. */
export function inputJson(state: RenderState, path: CompiledJsonPath): string {
  const value = state.evaluatePath(path);
  if (value === undefined) return '""';
  // The engine's own writer is several times faster, and right as long as everything comes from JSON.parse.
  return state.made(state.json.isPlain && !state.changed ? (JSON.stringify(value) ?? '""') : jsonText(value));
}

/** `$input.path(path)`: the value itself, null where the path leads nowhere. */
export function inputPath(state: RenderState, path: CompiledJsonPath): unknown {
  return state.evaluatePath(path);
}

const kept = new Map<string, CompiledJsonPath>();

/** For paths that a template puts together at run time. Throws `InvalidJsonPathError`. */
function keptPath(path: string): CompiledJsonPath {
  let compiled = kept.get(path);
  if (compiled === undefined) {
    compiled = compileJsonPath(path);
    if (kept.size >= limits.jsonPathsKept) kept.clear();
    kept.set(path, compiled);
  }
  return compiled;
}
