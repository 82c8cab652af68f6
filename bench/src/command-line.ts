import { parseArgs } from 'node:util';
import { type Kind, kinds, type Place, places, type Selection } from './bench-run.js';

export interface BenchOptions {
  json: boolean;
  quick: boolean;
  profile: boolean;
  writeReadme: boolean;
  writeTraces: boolean;
  help: boolean;
  selection: Selection;
}

export const usage = `npm run bench [-- options]

  --json           print the result as JSON (progress goes to stderr in any case)
  --only WORDS     only these rows, comma-separated: ${kinds.join(', ')}
                   and where: ${places.join(', ')}; the raw echo always runs
  --quick          short rounds and 2,000 idle connections: about 3 minutes, rough numbers
  --profile        also show the hottest functions of each gateway process, row by row
  --write-readme   put the short table between the bench marks of README.md
  --write-traces   put the table of tracing between the bench marks of docs/operate/traces.md
  --help           this text

One run takes about 15 minutes; redis-server must be installed. Exit code 1: a wrong or missing answer, or anything else that
makes the numbers void. A budget that is exceeded is printed, it does not fail the run.`;

/** Reads the options; throws with the allowed words where one is unknown. */
export function readOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      'write-traces': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { json, quick, profile, help } = values;
  const selection = readSelection(values.only);
  const [writeReadme, writeTraces] = [values['write-readme'], values['write-traces']];
  if (writeTraces && !selection.kinds.has('tracing'))
    throw new Error('--write-traces: the rows of tracing are not wanted');
  return { json, quick, profile, help, writeReadme, writeTraces, selection };
}

function readSelection(only: string[]): Selection {
  const words = only.flatMap((text) => text.split(',')).filter((word) => word !== '');
  const isKind = (word: string): word is Kind => (kinds as readonly string[]).includes(word);
  const isPlace = (word: string): word is Place => (places as readonly string[]).includes(word);
  for (const word of words) {
    if (isKind(word) || isPlace(word)) continue;
    throw new Error(`--only: "${word}" is not one of ${[...kinds, ...places].join(', ')}`);
  }
  const chosenKinds = words.filter(isKind);
  const chosenPlaces = words.filter(isPlace);
  return {
    kinds: new Set(chosenKinds.length > 0 ? chosenKinds : kinds),
    places: new Set(chosenPlaces.length > 0 ? chosenPlaces : places),
  };
}
