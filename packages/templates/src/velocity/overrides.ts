import type { TemplateOverrides } from '@sluice/contracts';
import { isHeaderText } from '../sources/mapping-source.js';
import { displayText } from '../values/value-text.js';
import { isMap, isNothing, isNumeric, mapEntries, mapGet, numberOf, TemplateFault } from '../values/values.js';

/** Which template it is: only a request's may override the request, only a response's the response. */
export type TemplateKind = 'request' | 'response';

/**
 * What the template has set under `$context.requestOverride` and `.responseOverride`; undefined for nothing. Throws
 * `TemplateFault` for a header that no request may have, and for a status that is none.
 */
export function collectOverrides(
  context: ReadonlyMap<string, unknown>,
  kind: TemplateKind | undefined,
): TemplateOverrides | undefined {
  const request = kind === 'response' ? undefined : context.get('requestOverride');
  const response = kind === 'request' ? undefined : context.get('responseOverride');
  const overrides: TemplateOverrides = {
    header: [...pairs(request, 'header', checkHeader), ...pairs(response, 'header', checkHeader)],
    querystring: pairs(request, 'querystring', checkText),
    path: pairs(request, 'path', checkText),
    status: statusOf(isMap(response) ? mapGet(response, 'status') : undefined),
  };
  const { header, querystring, path, status } = overrides;
  return header.length + querystring.length + path.length > 0 || status !== undefined ? overrides : undefined;
}

function pairs(
  override: unknown,
  member: string,
  check: (name: string, value: string) => void,
): [name: string, value: string][] {
  const values = isMap(override) ? mapGet(override, member) : undefined;
  if (!isMap(values)) return [];
  return mapEntries(values)
    .filter(([, value]) => !isNothing(value))
    .map(([name, value]) => {
      const text = displayText(value);
      check(name, text);
      return [name, text];
    });
}

function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name)) {
    throw new TemplateFault(`an override's header name ${JSON.stringify(name.slice(0, 40))} is none`);
  }
  if (!isHeaderText(value)) throw new TemplateFault(`the override of header ${name} has control characters`);
}

function checkText(name: string): void {
  if (name === '' || name.length > 256) throw new TemplateFault("an override's name is empty or too long");
}

function statusOf(value: unknown): number | undefined {
  if (isNothing(value) || value === '') return undefined;
  const text = isNumeric(value) ? String(numberOf(value)) : displayText(value);
  if (!/^[1-5][0-9]{2}$/.test(text)) {
    throw new TemplateFault(`$context.responseOverride.status ${JSON.stringify(text.slice(0, 40))} is no status`);
  }
  return Number(text);
}
