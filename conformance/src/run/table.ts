import type { Chapter } from '../rule.js';
import type { Outcome, RuleResult } from './run-rules.js';

/** A rule shown in several parts counts once, by the worst of them. */
const worst: Outcome[] = ['failed', 'not applicable', 'passed'];

export interface ChapterCount {
  chapter: string;
  name: string;
  rules: number;
  passed: number;
  failed: number;
  notApplicable: number;
}

export function countByChapter(chapters: readonly Chapter[], results: readonly RuleResult[]): ChapterCount[] {
  return chapters.map(({ number, name }) => {
    const outcomes = new Map<string, Outcome>();
    for (const { chapter, id, outcome } of results) {
      if (chapter !== number) continue;
      const known = outcomes.get(id);
      if (known === undefined || worst.indexOf(outcome) < worst.indexOf(known)) outcomes.set(id, outcome);
    }
    const count = (outcome: Outcome) => [...outcomes.values()].filter((each) => each === outcome).length;
    return {
      chapter: number,
      name,
      rules: outcomes.size,
      passed: count('passed'),
      failed: count('failed'),
      notApplicable: count('not applicable'),
    };
  });
}

/** The table that people read: one line a chapter, and the sum. */
export function renderTable(counts: readonly ChapterCount[]): string {
  const sum = (member: 'rules' | 'passed' | 'failed' | 'notApplicable') =>
    counts.reduce((total, count) => total + count[member], 0);
  const rows = [
    ['chapter', 'rules', 'passed', 'failed', 'not applicable'],
    ...counts.map((count) => [
      `${count.chapter} ${count.name}`,
      ...[count.rules, count.passed, count.failed, count.notApplicable].map(String),
    ]),
    ['all', ...[sum('rules'), sum('passed'), sum('failed'), sum('notApplicable')].map(String)],
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
