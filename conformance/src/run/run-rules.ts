import { type Chapter, NotApplicable, type Rule } from '../rule.js';
import { Target, type TargetOptions } from '../target.js';

export type Outcome = 'passed' | 'failed' | 'not applicable';

export interface RuleResult {
  chapter: string;
  id: string;
  title: string;
  outcome: Outcome;
  /** Why it failed or does not apply. */
  reason: string;
  tookMs: number;
}

export interface RunOptions {
  /** Rules at work at once: most of them wait. */
  concurrency: number;
  ruleTimeoutMs: number;
  /** Called as each rule ends. */
  onResult: (result: RuleResult) => void;
}

/** Runs every rule; rejects only where the suite itself is broken. Results are in the order of the chapters. */
export async function runRules(
  chapters: readonly Chapter[],
  target: TargetOptions,
  { concurrency, ruleTimeoutMs, onResult }: RunOptions,
): Promise<RuleResult[]> {
  const work = chapters.flatMap((chapter) => chapter.rules.map((rule) => ({ chapter: chapter.number, rule })));
  const results: RuleResult[] = new Array(work.length);
  let next = 0;
  async function worker(): Promise<void> {
    for (let index = next++; index < work.length; index = next++) {
      const { chapter, rule } = work[index] as (typeof work)[number];
      const result = { chapter, id: rule.id, title: rule.title, ...(await runRule(rule, target, ruleTimeoutMs)) };
      results[index] = result;
      onResult(result);
    }
  }
  // A rule that fails may leave promises behind that nobody awaits any more; what they say is no news.
  const ignore = () => {};
  process.on('unhandledRejection', ignore);
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    process.off('unhandledRejection', ignore);
  }
  return results;
}

async function runRule(rule: Rule, options: TargetOptions, timeoutMs: number) {
  const startedAtMs = Date.now();
  const target = new Target(options);
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);
  });
  const ended = (outcome: Outcome, reason = '') => ({ outcome, reason, tookMs: Date.now() - startedAtMs });
  try {
    await Promise.race([rule.run(target), overdue]);
    return ended('passed');
  } catch (error) {
    if (error instanceof NotApplicable) return ended('not applicable', error.message);
    return ended('failed', error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    await target.leave();
  }
}
