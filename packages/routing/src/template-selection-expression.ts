import { parseBody, renderParts } from './json-body.js';
import { type BodyParts, bodyPath, failUnknownSource } from './route-selection-expression.js';
import { InvalidExpressionError, parseSelectionTemplate, type VariablePath } from './selection-template.js';

type StageVariables = Readonly<Record<string, string>>;

/**
 * Compiles `Integration.templateSelectionExpression` or `Route.modelSelectionExpression`: `$request.body.<path>`, literals (spec
 * 02 §2.3) and `$stageVariables.<name>` (12 §12.1). The result is the key to look for; parts that are not there, and every part
 * of a body that is not JSON, are empty. Throws `InvalidExpressionError`.
 */
export function compileTemplateSelectionExpression(
  expression: string,
  stageVariables: StageVariables = {},
): (body: Uint8Array) => string {
  if (expression === '')
    throw new InvalidExpressionError(expression, 0, 'an expression is required, for example $request.body.action');
  const parts: BodyParts = parseSelectionTemplate(expression).map((part) =>
    'literal' in part
      ? part.literal
      : (bodyPath(part.path) ??
        stageVariable(part.path, stageVariables) ??
        failUnknownSource(expression, part.path, ['request.body', 'stageVariables.<name>'])),
  );
  if (parts.every((part) => typeof part === 'string')) {
    const key = parts.join('');
    return () => key;
  }
  return (body) => renderParts(parseBody(body), parts);
}

/** What the variable has on this stage, empty where it is missing; undefined where the path is no stage variable. */
function stageVariable({ steps }: VariablePath, stageVariables: StageVariables): string | undefined {
  const [source, name, ...rest] = steps;
  if (source !== 'stageVariables' || typeof name !== 'string' || rest.length > 0) return undefined;
  return Object.hasOwn(stageVariables, name) ? stageVariables[name] : '';
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
export function compileResponseTemplateSelectionExpression(
  expression: string,
  stageVariables: StageVariables = {},
): (sources: ResponseSources) => string {
  if (expression === '') {
    throw new InvalidExpressionError(
      expression,
      0,
      'an expression is required, for example $integration.response.statuscode',
    );
  }
  const parts = parseSelectionTemplate(expression).map((part) =>
    'literal' in part ? () => part.literal : compileResponseVariable(expression, part.path, stageVariables),
  );
  return (sources) => parts.map((part) => part(sources)).join('');
}

function compileResponseVariable(
  expression: string,
  path: VariablePath,
  stageVariables: StageVariables,
): (sources: ResponseSources) => string {
  const ofStage = stageVariable(path, stageVariables);
  if (ofStage !== undefined) return () => ofStage;
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
    'stageVariables.<name>',
  ]);
}

function headerValues(headers: ResponseSources['headers'], lowerCaseName: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}

function listText(values: string[]): string {
  return values.length === 0 ? '' : `[${values.join(', ')}]`;
}
