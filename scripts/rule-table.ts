/** One row of docs/compatibility.md. */
export interface Rule {
  id: string;
  status: 'met' | 'partly' | 'later' | 'not met';
  /** What follows the status: where, what is missing, why not. */
  remark: string;
}

/** One line of the specification's checklist, with the rules that it is part of. */
export interface ChecklistLine {
  line: string;
  rules: string[];
  status: Rule['status'];
}

/** A title of a test, with the rule ids in brackets and the checklist lines at its head. */
export interface TestTitle {
  file: string;
  title: string;
  rules: string[];
  lines: string[];
}

const rulePattern = /\[([A-Z]{2}-\d+)\]/g;
const statusPattern = /^(met|partly|later|not met)(?:$|[,;:] )(.*)$/;

/** Reads the rows of all tables whose first cell is a rule id; rows that are no rule in all respects are `broken`. */
export function readRules(page: string): { rules: Rule[]; broken: string[] } {
  const rules: Rule[] = [];
  const broken: string[] = [];
  for (const cells of tableRows(page)) {
    const [id = '', , , state = ''] = cells;
    if (!/^[A-Z]{2}-\d+$/.test(id)) continue;
    const status = statusPattern.exec(state);
    if (cells.length !== 4 || status === null || cells.includes('')) broken.push(id);
    else rules.push({ id, status: status[1] as Rule['status'], remark: status[2] ?? '' });
  }
  return { rules, broken };
}

export function readChecklist(page: string): ChecklistLine[] {
  return tableRows(page).flatMap(([line = '', , rules = '', state = '']) => {
    const status = statusPattern.exec(state);
    if (!/^[A-Z]\d+$/.test(line) || status === null) return [];
    return [{ line, rules: rules.split(', '), status: status[1] as Rule['status'] }];
  });
}

/** Every string at the head of which a rule id or a checklist line stands: titles are literals in this repository. */
export function readTitles(file: string, source: string): TestTitle[] {
  const titles: TestTitle[] = [];
  for (const [, , title = ''] of source.matchAll(/(['"`])((?:(?!\1)[^\\\n]|\\.)*)\1/g)) {
    const head = /^(?:\[[A-Z]{2}-\d+\] ?)*/.exec(title)?.[0] ?? '';
    const rules = [...title.matchAll(rulePattern)].map(([, id = '']) => id);
    const lines = /^((?:[A-Z]\d+(?:, )?)+): /.exec(title.slice(head.length))?.[1]?.split(', ') ?? [];
    if (head !== '' || rules.length > 0 || lines.length > 0) titles.push({ file, title, rules, lines });
  }
  return titles;
}

function tableRows(page: string): string[][] {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('| ')) return [];
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    return [cells.slice(1, -1)];
  });
}
