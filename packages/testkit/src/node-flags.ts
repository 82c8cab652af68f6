import { readFileSync } from 'node:fs';

/** The flags that an executable script asks of Node in its first line, for those who start it with `node` themselves. */
export function nodeFlagsOf(script: string): string[] {
  const [firstLine = ''] = readFileSync(script, 'utf8').split('\n', 1);
  return firstLine.split(' ').filter((word) => word.startsWith('--'));
}
