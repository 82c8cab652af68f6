import { parseBody, renderParts } from './json-body.js';
import { InvalidExpressionError, parseSelectionTemplate, type VariablePath } from './selection-template.js';

/** Gives the route value of a message body, or undefined where the body is not JSON, which means `$default` (spec 02 §2.2). */
export type RouteSelector = (body: Uint8Array) => string | undefined;

/**
 * Compiles `Api.routeSelectionExpression`. Its only source is `request.body`. Throws `InvalidExpressionError`, with position
 * and what to write instead, for anything else. What comes back never throws.
 */
export function compileRouteSelectionExpression(expression: string): RouteSelector {
  const parts = compileBodyParts(expression);
  const [only] = parts;
  if (parts.length === 1 && Array.isArray(only) && only.length === 1 && typeof only[0] === 'string') {
    return memberSelector(only[0]);
  }
  return (body) => {
    const parsed = parseBody(body);
    return parsed === undefined ? undefined : renderParts(parsed, parts);
  };
}

// `$request.body.action` is what nearly every API has, and this runs for every message: parse, read one member, done.
function memberSelector(name: string): RouteSelector {
  const parts = [[name]];
  return (body) => {
    const parsed = parseBody(body);
    if (parsed === undefined) return undefined;
    const root = parsed.root;
    if (typeof root === 'object' && root !== null && Object.hasOwn(root, name)) {
      const value = (root as Record<string, unknown>)[name];
      if (typeof value === 'string') return value;
    }
    return renderParts(parsed, parts);
  };
}

/** Literals and paths below `request.body`. */
export type BodyParts = (string | (string | number)[])[];

/** Parses an expression that may only read the request body. Throws `InvalidExpressionError`. */
export function compileBodyParts(expression: string): BodyParts {
  if (expression === '')
    throw new InvalidExpressionError(expression, 0, 'an expression is required, for example $request.body.action');
  return parseSelectionTemplate(expression).map((part) =>
    'literal' in part
      ? part.literal
      : (bodyPath(part.path) ?? failUnknownSource(expression, part.path, ['request.body'])),
  );
}

/** The steps below `request.body`, or undefined where the path has another source. */
export function bodyPath({ steps }: VariablePath): (string | number)[] | undefined {
  return steps[0] === 'request' && steps[1] === 'body' ? steps.slice(2) : undefined;
}

export function failUnknownSource(expression: string, { steps, position }: VariablePath, known: string[]): never {
  const hint = steps.length === 1 ? ` or, where it is meant as a literal, \\$${steps[0]}` : '';
  throw new InvalidExpressionError(
    expression,
    position,
    `"${steps.join('.')}" is no source here; use ${known.map((source) => `$${source}`).join(', ')}${hint}`,
  );
}
