import { limits } from '@sluice/contracts';
import { ExactNumber, HostObject, isMap, mapEntries, TemplateFault } from './values.js';

/** A value as Java prints it: `[a, b]`, `{k=v}`. Throws `TemplateFault` for what is nested or grows beyond the limits. */
export function displayText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return new ValueWriter().display(value, 0);
}

/** A value as JSON without blanks; numbers as they were written. Throws `TemplateFault` as `displayText` does. */
export function jsonText(value: unknown): string {
  return new ValueWriter().json(value, 0);
}

// Lists that hold one list twice double with every level, so the length is counted while it grows.
class ValueWriter {
  private length = 0;

  display(value: unknown, depth: number): string {
    if (value === undefined || value === null) return this.count('null');
    if (Array.isArray(value)) {
      this.enter(depth);
      return `[${value.map((item) => this.display(item, depth + 1)).join(', ')}]`;
    }
    if (isMap(value)) {
      this.enter(depth);
      return `{${mapEntries(value)
        .map(([name, item]) => `${this.count(name)}=${this.display(item, depth + 1)}`)
        .join(', ')}}`;
    }
    if (value instanceof ExactNumber) return this.count(value.text);
    if (value instanceof HostObject) return this.count(value.text() ?? '');
    return this.count(String(value));
  }

  json(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return this.count(JSON.stringify(value));
      case 'number':
        return this.count(Number.isFinite(value) ? String(value) : 'null');
      case 'boolean':
        return this.count(String(value));
      case 'object':
        break;
      default:
        return this.count('null');
    }
    if (value instanceof ExactNumber) return this.count(value.text);
    if (Array.isArray(value)) {
      this.enter(depth);
      return `[${value.map((item) => this.json(item, depth + 1)).join(',')}]`;
    }
    if (isMap(value)) {
      this.enter(depth);
      return `{${mapEntries(value)
        .map(([name, item]) => `${this.count(JSON.stringify(name))}:${this.json(item, depth + 1)}`)
        .join(',')}}`;
    }
    return value instanceof HostObject ? this.count(JSON.stringify(value.text() ?? '')) : this.count('null');
  }

  private enter(depth: number): void {
    if (depth >= limits.templateValueDepthMax) {
      throw new TemplateFault(`a value has more than ${limits.templateValueDepthMax} levels`);
    }
    this.count('[]');
  }

  private count(text: string): string {
    this.length += text.length + 1;
    if (this.length > limits.templateTextLengthMax) {
      throw new TemplateFault(`a text is longer than ${limits.templateTextLengthMax} characters`);
    }
    return text;
  }
}
