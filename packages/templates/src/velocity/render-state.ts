import { type ContextVariables, limits, type MappingSources } from '@sluice/contracts';
import type { CompiledJsonPath, PathBudget } from '../json-path/json-path.js';
import { type HandshakeParameters, handshakeParameters } from '../sources/handshake-parameters.js';
import { type JsonDocument, parseDocument } from '../values/json-document.js';
import { TemplateFault } from '../values/values.js';

/** How `#break` and `#stop` leave the blocks they stand in. */
export type Flow = 'break' | 'stop' | undefined;

/** One rendering: its output so far, its variables, and what it may still spend. */
export class RenderState implements PathBudget {
  out = '';
  /** Of the directive or reference that runs; for messages. */
  line = 1;
  flow: Flow;
  regexSteps: number = limits.templateRegexStepsMax;
  nodes: number = limits.jsonPathNodesMax;
  /** Set once a template has changed a value: parsed JSON may then hold other things than JSON. */
  changed = false;
  private steps: number = limits.templateStepsMax;
  private characters: number = limits.templateTextTotalMax;
  private depth = 0;
  private variableMap: Map<string, unknown> | undefined;
  private document: JsonDocument | undefined;
  private bodyText: string | undefined;
  private contextMap: Map<string, unknown> | undefined;
  private stageVariableMap: Map<string, unknown> | undefined;
  private contextValue: ContextVariables | undefined;
  private handshakeValue: HandshakeParameters | undefined;

  constructor(readonly sources: MappingSources) {}

  get variables(): Map<string, unknown> {
    this.variableMap ??= new Map();
    return this.variableMap;
  }

  step(line: number): void {
    this.line = line;
    this.spend(1);
  }

  spend(steps: number): void {
    this.steps -= steps;
    if (this.steps < 0) throw new TemplateFault(`it takes more than ${limits.templateStepsMax} steps`);
  }

  write(text: string): void {
    this.out += text;
    if (this.out.length > limits.templateOutputBytesMax) throw outputTooLong();
  }

  /** Counts a text that the template has made. */
  made(text: string): string {
    this.reserve(text.length);
    return text;
  }

  /** Counts a text before it is made. */
  reserve(length: number): void {
    this.characters -= length;
    if (length > limits.templateTextLengthMax || this.characters < 0) {
      throw new TemplateFault(
        `it makes a text of more than ${limits.templateTextLengthMax} characters, or more than ${limits.templateTextTotalMax} in all`,
      );
    }
  }

  /** Runs something that may contain itself: a macro, a `#define` block. */
  nested<Result>(run: () => Result): Result {
    this.depth += 1;
    if (this.depth > limits.templateDepthMax) {
      throw new TemplateFault(`macros, #define blocks and texts are more than ${limits.templateDepthMax} deep`);
    }
    const result = run();
    this.depth -= 1;
    return result;
  }

  /** What `run` writes, instead of writing it. */
  captured(run: () => void): string {
    const before = this.out;
    this.out = '';
    run();
    const text = this.out;
    this.out = before;
    return this.made(text);
  }

  get body(): string {
    if (this.bodyText === undefined) {
      const { body } = this.sources;
      this.bodyText = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    }
    return this.bodyText;
  }

  /** The message as JSON. None at all is `{}`; what is no JSON is a text, as AWS's lenient reader takes it. */
  get json(): JsonDocument {
    if (this.document === undefined) {
      const text = this.body;
      this.document =
        text === '' ? { root: {}, isPlain: true } : (parseDocument(text) ?? { root: text, isPlain: true });
    }
    return this.document;
  }

  evaluatePath(path: CompiledJsonPath): unknown {
    return path.evaluate(this.json.root, this);
  }

  /** `$context` as the caller gives it, asked for once. */
  get givenContext(): ContextVariables {
    this.contextValue ??= this.sources.context();
    return this.contextValue;
  }

  /** Header and query of the handshake, to look into: a template that may write to them gets its own. */
  get handshake(): HandshakeParameters {
    this.handshakeValue ??= handshakeParameters(this.sources);
    return this.handshakeValue;
  }

  /** Whether the template has its own copy of `$context`, so that what it has set there must be looked at. */
  get hasOwnContext(): boolean {
    return this.contextMap !== undefined;
  }

  /** A copy of `$context` that the template may write to, with the overrides in it. */
  get context(): Map<string, unknown> {
    if (this.contextMap === undefined) {
      this.contextMap = copyVariables(this.givenContext);
      for (const override of ['requestOverride', 'responseOverride']) {
        const names = ['header', 'querystring', 'path'];
        this.contextMap.set(override, new Map(names.map((name) => [name, new Map<string, unknown>()])));
      }
    }
    return this.contextMap;
  }

  /** One stage variable, without the copy. */
  stageVariable(name: string): unknown {
    if (this.stageVariableMap !== undefined) return this.stageVariableMap.get(name);
    const { stageVariables } = this.sources;
    return Object.hasOwn(stageVariables, name) ? stageVariables[name] : undefined;
  }

  /** A copy of the stage variables that the template may write to. */
  get stageVariables(): Map<string, unknown> {
    this.stageVariableMap ??= new Map(Object.entries(this.sources.stageVariables));
    return this.stageVariableMap;
  }
}

export function outputTooLong(): TemplateFault {
  return new TemplateFault(`it yields more than ${limits.templateOutputBytesMax} bytes`);
}

function copyVariables(variables: ContextVariables): Map<string, unknown> {
  return new Map(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'object' ? copyVariables(value) : value]),
  );
}
