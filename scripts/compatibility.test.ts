import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chapters } from '@sluice/conformance';
import { describe, expect, it } from 'vitest';
import { readChecklist, readRules, readTitles } from './rule-table.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const page = readFileSync(join(root, 'docs', 'compatibility.md'), 'utf8');
const { rules, broken } = readRules(page);
const checklist = readChecklist(page);
const known = new Set(rules.map(({ id }) => id));

// A conformance suite is run by the tests of each implementation; the titles stand in it.
const titles = ['packages', 'services', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, String(path))))
  .filter((path) => !/node_modules|[\\/]dist[\\/]/.test(path))
  .filter((path) => path.endsWith('.test.ts') || /[\\/]conformance[\\/].*\.ts$/.test(path))
  .flatMap((path) => readTitles(path, readFileSync(join(root, path), 'utf8')));
const shown = chapters.flatMap(({ rules: ofChapter }) => ofChapter.map(({ id }) => id));
const proven = new Set([...titles.flatMap((title) => title.rules), ...shown]);

describe('docs/compatibility.md', () => {
  it('is read whole: every row of a rule has four cells and a status', () => {
    expect(broken).toEqual([]);
    expect(rules.length).toBeGreaterThan(200);
    expect(checklist.length).toBe(99);
    expect(titles.length).toBeGreaterThan(200);
  });

  it('gives no id twice', () => {
    const ids = rules.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const lines = checklist.map(({ line }) => line);
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
  });

  it('calls nothing met that no test proves', () => {
    expect(rules.filter(({ id, status }) => status === 'met' && !proven.has(id)).map(({ id }) => id)).toEqual([]);
  });

  it('says of everything else what is missing, or why', () => {
    expect(rules.filter(({ status, remark }) => status !== 'met' && remark.length < 5).map(({ id }) => id)).toEqual([]);
  });

  it('has every id that a test title names', () => {
    const unknown = titles.flatMap(({ file, rules: ids }) =>
      ids.filter((id) => !known.has(id)).map((id) => `${file}: ${id}`),
    );
    expect(unknown).toEqual([]);
  });

  it('has every id that the conformance suite shows', () => {
    expect(shown.filter((id) => !known.has(id))).toEqual([]);
  });

  it('maps the checklist to rules that are there and no less met than the line', () => {
    const met = new Set(rules.filter(({ status }) => status === 'met').map(({ id }) => id));
    for (const { line, rules: ids, status } of checklist) {
      expect(ids.filter((id) => !known.has(id)).map((id) => `${line}: ${id}`)).toEqual([]);
      if (status === 'met') expect([line, ids.some((id) => met.has(id))]).toEqual([line, true]);
    }
  });

  it('has every checklist line that a title names, and each title carries a rule of that line', () => {
    const strays = titles.flatMap(({ file, lines, rules: ids }) =>
      lines.flatMap((line) => {
        const entry = checklist.find((each) => each.line === line);
        if (entry === undefined) return line.startsWith('O') ? [] : [`${file}: ${line} is no line of the checklist`];
        return entry.rules.some((id) => ids.includes(id)) ? [] : [`${file}: ${line} without one of ${entry.rules}`];
      }),
    );
    expect(strays).toEqual([]);
  });
});

describe('the readers', () => {
  it('see duplicates, rows that are cut short, and ids anywhere in a title', () => {
    const table =
      '| CN-1 | a | b | met |\n| CN-1 | a \\| b | c | later: x |\n| CN-2 | a | met |\n| CN-3 | a | b | maybe |';
    expect(readRules(table)).toEqual({
      rules: [
        { id: 'CN-1', status: 'met', remark: '' },
        { id: 'CN-1', status: 'later', remark: 'x' },
      ],
      broken: ['CN-2', 'CN-3'],
    });
    const source =
      'it("' + '[CN-1] [CB-2] D1, D2: closes", () => {});\n// ' + '[CN-9] in a comment\nit.each([])(`H3: %s`)';
    expect(readTitles('f', source).map(({ rules: ids, lines }) => [ids, lines])).toEqual([
      [
        ['CN-1', 'CB-2'],
        ['D1', 'D2'],
      ],
      [[], ['H3']],
    ]);
  });
});
