import { limits } from '@sluice/contracts';
import { compileAccessLogFormat, InvalidLogFormatError } from '@sluice/logs';
import type { Random } from '../random.js';
import { anySources, shownSources } from '../sources.js';
import { compiled, Finding, type FuzzTarget, must } from '../target.js';
import { anyName, anyText, mutate } from '../texts.js';

const variables = ['$context.requestId', '$context.error.message', '$context.identity.userAgent', '$context.routeKey'];
const words = [...variables, '$context.', '${context.', '}', '$context.error.messageString', '$', '.', '\n'];

/** Access log formats: one line whatever the values hold, and JSON where the format is. */
export const accessLogFormats: FuzzTarget = {
  name: 'access-log-formats',
  open: () => ({
    play(random, note) {
      const isJson = random.chance(0.4);
      const format = isJson ? jsonFormat(random) : textFormat(random);
      const sources = anySources(random, '');
      note(`${format}\n--- with\n${shownSources(sources)}`);
      const write = compiled(() => compileAccessLogFormat(format), InvalidLogFormatError);
      if (write === undefined) return isJson ? refusedJson() : 'refused';
      const line = write(sources.context());
      must(line.length <= limits.accessLogLineLengthMax, () => `a line of ${line.length} characters`);
      must(!/[\r\n\u2028\u2029]/.test(line), () => `more than one line: ${JSON.stringify(line)}`);
      if (isJson) JSON.parse(line);
      return isJson ? 'JSON' : 'a line';
    },
  }),
};

function refusedJson(): never {
  throw new Finding('a format with a request id on one line is refused');
}

function jsonFormat(random: Random): string {
  const members = random.list(
    4,
    () => `${JSON.stringify(anyName(random).replaceAll('$', ''))}:"${random.pick(variables)}"`,
  );
  return `{${['"id":"$context.requestId"', ...members].join()}}`;
}

function textFormat(random: Random): string {
  const pieces = random.list(8, () =>
    random.pick([
      random.pick(variables),
      `$context.${anyName(random)}`,
      `\${context.${anyName(random)}}`,
      anyText(random),
    ]),
  );
  const format = ['$context.requestId', ...pieces].join(random.pick(['', ' ', '-', '.']));
  return random.chance(0.3) ? mutate(random, format, words) : format;
}
