import type { IntegrationDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';
import { type CallSettings, checkCallSettings, type IntegrationTarget, parseTarget } from './integration-target.js';
import { fillStageVariables } from './stage-variables.js';

/** Where an integration is called, with what only a request can fill in (`{name}`, spec 04 §4.3). */
export interface CompiledTarget {
  method: string;
  timeoutMs: number;
  /** Undefined where the host has placeholders. Where only path and query have some, its `path` is no path yet. */
  fixed: IntegrationTarget | undefined;
  /** The target for one request's values; undefined where there are no placeholders. Throws `MisconfiguredIntegrationError`. */
  fill: ((values: Readonly<Record<string, string>>) => IntegrationTarget) | undefined;
}

interface Placeholder {
  name: string;
  /** `{name+}`: the rest of a path, whose slashes stay. */
  isGreedy: boolean;
}

const placeholderForm = /\{([a-zA-Z0-9._$-]+)(\+?)\}/g;
const anyBraces = /\{[^}]*\}/;
const hostValueForm = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/**
 * Compiles `integrationUri`: stage variables are put in, placeholders stay open. `pathNames` are the names that requests can fill;
 * undefined where only a request can tell. Throws `MisconfiguredIntegrationError`.
 */
export function compileTarget(
  definition: IntegrationDefinition,
  stageVariables: Readonly<Record<string, string>>,
  pathNames: ReadonlySet<string> | undefined,
): CompiledTarget {
  const written = definition.integrationUri ?? '';
  const uri = fillStageVariables(written, stageVariables);
  const placeholders = placeholdersOf(uri, pathNames);
  const settings = checkCallSettings(definition);
  if (placeholders.length === 0) {
    return { ...settings, fixed: parseTarget(uri, written, settings), fill: undefined };
  }
  if (/^https?:\/\/[^/?#]*\{/i.test(uri)) {
    const fill = (values: Readonly<Record<string, string>>) => fillHost(uri, written, values, settings);
    return { ...settings, fixed: undefined, fill };
  }
  return { ...settings, ...compilePath(uri, written, placeholders, settings) };
}

function placeholdersOf(uri: string, pathNames: ReadonlySet<string> | undefined): Placeholder[] {
  const rest = anyBraces.exec(uri.replace(placeholderForm, ''));
  if (rest !== null) throw new MisconfiguredIntegrationError(`nothing fills ${rest[0]} in integrationUri`);
  const placeholders = [...uri.matchAll(placeholderForm)].map(([, name = '', plus]) => ({
    name,
    isGreedy: plus === '+',
  }));
  const unfilled = placeholders.find(({ name }) => pathNames !== undefined && !pathNames.has(name));
  if (unfilled === undefined) return placeholders;
  throw new MisconfiguredIntegrationError(
    `nothing fills {${unfilled.name}} in integrationUri: requestParameters has no integration.request.path.${unfilled.name}`,
  );
}

/** Only path and query are open: the rest is checked now, and the pieces of the path are joined per request. */
function compilePath(uri: string, written: string, placeholders: Placeholder[], settings: CallSettings) {
  const marks = placeholders.map((_, index) => markOf(uri, index));
  let next = 0;
  const marked = uri.replace(placeholderForm, () => marks[next++] ?? '');
  const fixed = parseTarget(marked, written, settings);
  const pieces: string[] = [];
  let rest = fixed.path;
  for (const mark of marks) {
    const at = rest.indexOf(mark);
    // In the fragment, which is never sent, or dropped by a `..` behind it.
    if (at === -1)
      throw new MisconfiguredIntegrationError('integrationUri has a placeholder outside its path and query');
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at + mark.length);
  }
  const fill = (values: Readonly<Record<string, string>>): IntegrationTarget => {
    let path = '';
    for (const [index, placeholder] of placeholders.entries()) path += pieces[index] + encoded(placeholder, values);
    path += rest;
    checkPath(path);
    return { ...fixed, path };
  };
  return { fixed, fill };
}

/** Letters and digits that the address itself does not have. */
function markOf(uri: string, index: number): string {
  let mark = `placeholder${index}x`;
  while (uri.includes(mark)) mark += 'x';
  return mark;
}

function fillHost(
  uri: string,
  written: string,
  values: Readonly<Record<string, string>>,
  settings: CallSettings,
): IntegrationTarget {
  const host = /^https?:\/\/[^/?#]*/i.exec(uri)?.[0] ?? uri;
  const filledHost = host.replace(placeholderForm, (_, name: string) => hostValue(name, values));
  const filledRest = uri
    .slice(host.length)
    .replace(placeholderForm, (_, name: string, plus: string) => encoded({ name, isGreedy: plus === '+' }, values));
  checkPath(filledRest);
  return { ...parseTarget(filledHost + filledRest, written, settings), hostSource: 'computed' };
}

/** A value in a host may be nothing but (a part of) a host, with a port: no path, no credentials. */
function hostValue(name: string, values: Readonly<Record<string, string>>): string {
  const value = given(name, values);
  if (value !== undefined && hostValueForm.test(value)) return value;
  throw new MisconfiguredIntegrationError(`the value of {${name}} in integrationUri is no host`);
}

function encoded({ name, isGreedy }: Placeholder, values: Readonly<Record<string, string>>): string {
  const value = given(name, values);
  if (value === undefined || (value === '' && !isGreedy)) {
    throw new MisconfiguredIntegrationError(`{${name}} in integrationUri has no value in this request`);
  }
  return isGreedy ? value.split('/').map(encodeComponent).join('/') : encodeComponent(value);
}

function given(name: string, values: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** `encodeURIComponent` for any text: a lone surrogate becomes U+FFFD instead of an error. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function checkPath(path: string): void {
  const [withoutQuery = ''] = path.split('?', 1);
  if (hasDotSegment(withoutQuery)) {
    throw new MisconfiguredIntegrationError('a placeholder of integrationUri makes a path segment of dots');
  }
}

/**
 * Whether a path leads up. Servers resolve `..`, encoded or not, and many decode `%2F` before they do: a value must not lead out of the
 * path that was written.
 */
export function hasDotSegment(path: string): boolean {
  return path.split(/[/\\]|%2f|%5c/i).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}
