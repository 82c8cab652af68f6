import { limits, type ModelDefinition } from '@sluice/contracts';
import { compileModel, InvalidModelError } from '@sluice/models';
import type { Random } from '../random.js';
import { compiled, type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyBody, anyJson, anyName, anyText, mutate } from '../texts.js';

const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null', 'any'];
const patterns = ['^a', '(a+)+$', '(a|a)*b', '^.{1,9}$', '\\d{1,1000}', '(?=a)', '^\\-$', '(x+x+)+y'];
const references = [
  '#',
  '#/definitions/a',
  '#/properties/a',
  'https://apigateway.amazonaws.com/restapis/x/models/Other',
  'http://x/',
];

/** Models: refused when compiled, or a verdict in time, whatever the message is. */
export const models: FuzzTarget = {
  name: 'models',
  open: () => ({
    play(random, note) {
      const schema = random.chance(0.15) ? mutate(random, anySchema(random, 3)) : anySchema(random, 3);
      const other = anySchema(random, 1);
      const body = random.chance(0.2)
        ? JSON.stringify({ a: `${'a'.repeat(40)}!`, items: ['a'.repeat(40)] })
        : anyBody(random);
      note(`${schema}\n--- Other\n${other}\n--- on\n${body}`);
      const known = { Tried: model('Tried', schema), Other: model('Other', other) };
      const validate = compiled(() => compileModel(known.Tried, known), InvalidModelError);
      mustLeavePrototypes();
      if (validate === undefined) return 'refused';
      let message: unknown;
      try {
        message = JSON.parse(body);
      } catch {
        return 'no message';
      }
      const startMs = performance.now();
      const fault = validate(message, Buffer.byteLength(body));
      const tookMs = performance.now() - startMs;
      mustLeavePrototypes();
      must(tookMs < 20 * limits.modelValidationMs, () => `it took ${Math.round(tookMs)} ms`);
      if (fault === undefined) return 'fits';
      must(fault.length <= limits.validationTextLengthMax, () => `a text of ${fault.length} characters`);
      return fault.includes('took longer') ? 'out of time' : 'does not fit';
    },
  }),
};

function model(name: string, schema: string): ModelDefinition {
  return { name, contentType: 'application/json', schema };
}

function anySchema(random: Random, depth: number): string {
  if (depth <= 0) return `{"type":"${random.pick(types)}"}`;
  const inner = () => anySchema(random, depth - 1);
  const named = () => `${JSON.stringify(anyName(random))}:${inner()}`;
  const members = random.list(5, () => {
    switch (random.below(14)) {
      case 0:
        return `"type":${random.chance(0.7) ? JSON.stringify(random.pick(types)) : JSON.stringify([...new Set([random.pick(types), ...random.list(2, () => random.pick(types))])])}`;
      case 1:
      case 2:
        return `"properties":{${random.list(4, named).join()}}`;
      case 3:
        return `"items":${random.chance(0.6) ? inner() : `[${[inner(), ...random.list(2, inner)].join()}]`}`;
      case 4:
        return `"required":${JSON.stringify([...new Set([anyName(random), ...random.list(2, () => anyName(random))])])}`;
      case 5:
        return `"pattern":${JSON.stringify(random.pick(patterns))}`;
      case 6:
        return `"patternProperties":{${JSON.stringify(random.pick(patterns))}:${inner()}}`;
      case 7:
        return `"$ref":${JSON.stringify(random.pick(references))}`;
      case 8:
        return `"${random.pick(['allOf', 'anyOf', 'oneOf'])}":[${[inner(), ...random.list(2, inner)].join()}]`;
      case 9:
        return `"enum":[${[anyJson(random, 1), ...random.list(2, () => anyJson(random, 1))].join()}]`;
      case 10:
        return `"${random.pick(['minimum', 'maxLength', 'minItems', 'multipleOf', 'maxProperties'])}":${random.pick(['1', '1', '2', '3', '1000000', '2.5', '-1'])}`;
      case 11:
        return `"${random.pick(['additionalProperties', 'not', 'additionalItems', 'definitions'])}":${random.pick(['true', 'false', '{}', inner(), `{"a":${inner()}}`])}`;
      case 12:
        return `"format":${JSON.stringify(random.pick(['email', 'date-time', 'ipv6', 'uri', 'regex', 'unknown']))}`;
      default:
        return random.pick([
          ...['"uniqueItems":true', '"dependencies":{"a":["b"]}', '"minimum":1,"exclusiveMinimum":true', '"not":{}'],
          ...[
            `"dependencies":{"a":${inner()}}`,
            `"title":${JSON.stringify(anyText(random))}`,
            '"id":"x"',
            '"pattern":"["',
          ],
        ]);
    }
  });
  return `{${members.join()}}`;
}
