import { GatewayError } from '@sluice/contracts';
import { compileParameters, compileResponseParameters, InvalidMappingError } from '@sluice/templates';
import type { Random } from '../random.js';
import { anySources, shownSources } from '../sources.js';
import { compiled, type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyBody, anyName, anyText, mutate } from '../texts.js';

const requestSources = [
  'header.a',
  'multivalueheader.a',
  'querystring.a',
  'multivaluequerystring.a',
  'body',
  'body.a.b',
];
const responseSources = ['header.a', 'multivalueheader.a', 'body', 'body.a', 'body.$..*', 'header.__proto__'];
const words = ['route.request.', 'integration.', 'context.', 'stageVariables.', "'", '.', 'body.$..*', 'header.'];

/** `requestParameters` and `responseParameters`: no header with what ends a line, no text that is none. */
export const parameterMappings: FuzzTarget = {
  name: 'parameter-mappings',
  open: () => ({
    play(random, note) {
      const request = mappings(random, 'integration.request', 'route.request', requestSources);
      const response = mappings(random, 'method.response', 'integration.response', responseSources);
      const sources = anySources(random, anyBody(random));
      const headers = random.list(3, (): [string, string] => [random.pick(['a', 'A', '__proto__']), anyText(random)]);
      note(JSON.stringify({ request, response, headers, sources: shownSources(sources) }));
      const mapRequest = compiled(() => compileParameters(request), InvalidMappingError);
      const mapResponse = compiled(() => compileResponseParameters(response), InvalidMappingError);
      const mapped = made(() => mapRequest?.(sources));
      const answered = made(() => mapResponse?.({ ...sources, status: 200, headers }));
      mustLeavePrototypes();
      const fields = [...(mapped?.headers ?? []), ...(answered ?? [])];
      for (const [name, value] of fields) {
        must(!/[\0\r\n]/.test(name + value), () => `a header of more than one line: ${JSON.stringify([name, value])}`);
      }
      for (const value of Object.values(mapped?.path ?? {}))
        must(typeof value === 'string', () => 'a path that is no text');
      if (mapRequest === undefined && mapResponse === undefined) return 'refused';
      return mapped === undefined && answered === undefined ? 'failed' : 'mapped';
    },
  }),
};

function made<T>(map: () => T): T | undefined {
  try {
    return map();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'template_failed') return undefined;
    throw error;
  }
}

function mappings(random: Random, into: string, from: string, sources: readonly string[]): Record<string, string> {
  const kinds = into === 'method.response' ? ['header'] : ['header', 'multivalueheader', 'querystring', 'path'];
  return Object.fromEntries(
    random.list(3, () => {
      const key = `${into}.${random.pick(kinds)}.${random.chance(0.8) ? random.pick(['a', 'X-A', '__proto__']) : anyName(random)}`;
      const value = random.pick([
        ...[`${from}.${random.pick(sources)}`, `context.${anyName(random)}`, 'context.identity.userAgent'],
        ...['stageVariables.a', 'context.authorizer.a', `'${anyText(random)}'`, `${from}.body.${anyName(random)}`],
      ]);
      return [
        random.chance(0.1) ? mutate(random, key, words) : key,
        random.chance(0.2) ? mutate(random, value, words) : value,
      ];
    }),
  );
}
