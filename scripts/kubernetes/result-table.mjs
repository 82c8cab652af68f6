// The result of the Kubernetes suite as a table of Markdown, printed and put between the markers of a page.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const columns = [
  ['step', ({ step }) => step],
  ['sent', ({ sent }) => sent],
  ['answered', ({ answered }) => answered],
  ['lost', ({ lost }) => lost],
  ['duplicated', ({ duplicated }) => duplicated],
  [
    'closes by code',
    ({ closes = {} }) =>
      Object.entries(closes)
        .map(([code, count]) => `${count} × ${code}`)
        .join(', '),
  ],
  ['posts', ({ posts }) => posts],
  ['failed', ({ postsFailed }) => postsFailed],
  ['seconds', ({ seconds }) => seconds.toFixed(1)],
  ['besides', ({ note }) => note],
];

export function resultTable(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([heading]) => heading)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row) ?? ''))),
  ].join('\n');
}

const start = '<!-- rollouts:start -->';
const end = '<!-- rollouts:end -->';

export function writeRollouts(root, { kubernetes, node, rows }) {
  const file = join(root, 'docs', 'operate', 'rollouts.md');
  const page = readFileSync(file, 'utf8');
  const [before, after] = [page.indexOf(start), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file} lacks ${start} and ${end}`);
  const when = new Date().toISOString().slice(0, 10);
  const foot = `Kubernetes ${kubernetes}, ${node}, ${cpus().length} cores for everything; ${when}. Written by \`npm run test:kubernetes -- --write-docs\`.`;
  const content = `${start}\n\n${resultTable(rows)}\n\n${foot}\n\n`;
  writeFileSync(file, page.slice(0, before) + content + page.slice(after));
  console.log(`Written into ${file}`);
}
