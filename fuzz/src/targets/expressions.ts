import {
  compileResponseTemplateSelectionExpression,
  compileRouteSelectionExpression,
  compileTemplateSelectionExpression,
  InvalidExpressionError,
} from '@sluice/routing';
import type { Random } from '../random.js';
import { Finding, type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyBody, anyName, anyText, mutate } from '../texts.js';

const words = ['$request.body', '${request.body.', '$integration.response.', '}', "['", "']", '[0]', '\\$', '$', '.'];

/** Selection expressions of routes, templates, models and integration responses. */
export const expressions: FuzzTarget = {
  name: 'expressions',
  open: () => ({
    play(random, note) {
      const written = random.list(4, () => part(random)).join('');
      const expression = random.chance(0.4) ? mutate(random, written, words) : written;
      const body = anyBody(random);
      note(JSON.stringify({ expression, body }));
      const bytes = Buffer.from(body);
      const sources = {
        requestBody: bytes,
        status: random.pick([0, 200, 599]),
        headers: random.list(3, (): [string, string] => [random.pick(['a', 'x-a', '__proto__']), anyText(random)]),
      };
      const evaluations = [
        evaluation(expression, compileRouteSelectionExpression, bytes),
        evaluation(expression, compileTemplateSelectionExpression, bytes),
        evaluation(expression, compileResponseTemplateSelectionExpression, sources),
      ];
      mustLeavePrototypes();
      const values = evaluations.flatMap((each) => (each === undefined ? [] : [each()]));
      for (const value of values)
        must(['string', 'undefined'].includes(typeof value), () => `it yields a ${typeof value}`);
      const refused = evaluations.length - values.length;
      return refused === 0 ? 'all take it' : refused === evaluations.length ? 'refused' : 'some take it';
    },
  }),
};

function evaluation<S>(expression: string, compile: (text: string) => (sources: S) => unknown, sources: S) {
  try {
    const evaluate = compile(expression);
    return () => evaluate(sources);
  } catch (error) {
    if (!(error instanceof InvalidExpressionError)) throw error;
    if (error.position < 0 || error.position > expression.length) throw new Finding(`position ${error.position}`);
    return undefined;
  }
}

function part(random: Random): string {
  const path = random.list(3, () => step(random)).join('');
  switch (random.below(6)) {
    case 0:
      return anyText(random, 6);
    case 1:
      return `\${request.body${path}}`;
    case 2:
      return random.pick(['\\$default', '\\$', 'static', '/', '-']);
    case 3:
      return `$integration.response.${random.pick(['statuscode', 'header.a', 'multivalueheader.X-A', 'header.__proto__'])}`;
    default:
      return `$request.body${path}`;
  }
}

function step(random: Random): string {
  const name = anyName(random);
  return random.pick([
    `.${name}`,
    `['${name}']`,
    `["${name}"]`,
    `[${random.pick(['0', '1', '-1', '*', '99999999999'])}]`,
  ]);
}
