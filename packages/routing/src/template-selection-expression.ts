import { parseBody, renderParts } from './json-body.js';
import { bodyPath, compileBodyParts, failUnknownSource } from './route-selection-expression.js';
import { InvalidExpressionError, parseSelectionTemplate, type VariablePath } from './selection-template.js';

/**
 * Compiles `Integration.templateSelectionExpression` or `Route.modelSelectionExpression`: `$request.body.<path>` and literals
 * (spec 02 §2.3). The result is the key to look for; parts that are not there, and every part of a body that is not JSON, are
 * empty. Throws `InvalidExpressionError`.
 */
export function compileTemplateSelectionExpression(expression: string): (body: Uint8Array) => string {
  const parts = compileBodyParts(expression);
  if (parts.every((part) => typeof part === 'string')) {
    const key = parts.join('');
    return () => key;
  }
  return (body) => renderParts(parseBody(body), parts);
}

/** What `IntegrationResponse.templateSelectionExpression` may look at. */
export interface ResponseSources {
  /** The client's message. */
  requestBody: Uint8Array;
  /** Status of the integration's answer. */
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Compiles `IntegrationResponse.templateSelectionExpression`: as for requests, plus `$integration.response.statuscode`,
 * `$integration.response.header.<name>` (the last where repeated) and `.multivalueheader.<name>` (`[a, b]`); header names
 * without regard to case. Throws `InvalidExpressionError`.
 */
export function compileResponseTemplateSelectionExpression(expression: string): (sources: ResponseSources) => string {
  if (expression === '') {
    throw new InvalidExpressionError(
      expression,
      0,
      'an expression is required, for example $integration.response.statuscode',
    );
  }
  const parts = parseSelectionTemplate(expression).map((part) =>
    'literal' in part ? () => part.literal : compileResponseVariable(expression, part.path),
  );
  return (sources) => parts.map((part) => part(sources)).join('');
}

function compileResponseVariable(expression: string, path: VariablePath): (sources: ResponseSources) => string {
  const inBody = bodyPath(path);
  if (inBody !== undefined) return ({ requestBody }) => renderParts(parseBody(requestBody), [inBody]);
  const [first, second, source, ...rest] = path.steps;
  if (first === 'integration' && second === 'response') {
    if (source === 'statuscode' && rest.length === 0) return ({ status }) => String(status);
    const [name] = rest;
    if (typeof name === 'string' && rest.length === 1) {
      const valuesOf = ({ headers }: ResponseSources) => headerValues(headers, name.toLowerCase());
      if (source === 'header') return (sources) => valuesOf(sources).at(-1) ?? '';
      if (source === 'multivalueheader') return (sources) => listText(valuesOf(sources));
    }
  }
  return failUnknownSource(expression, path, [
    'request.body',
    'integration.response.statuscode',
    'integration.response.header.<name>',
    'integration.response.multivalueheader.<name>',
  ]);
}

function headerValues(headers: ResponseSources['headers'], lowerCaseName: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}

function listText(values: string[]): string {
  return values.length === 0 ? '' : `[${values.join(', ')}]`;
}
