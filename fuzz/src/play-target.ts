import { Random } from './random.js';
import type { FuzzTarget } from './target.js';

/** What is played: runs `from` to below `from + runs`, as far as `seconds` let. */
export interface Plan {
  seed: string;
  from: number;
  runs: number;
  seconds: number;
}

export interface FoundFault {
  run: number;
  input: string;
  error: string;
}

export interface TargetReport {
  target: string;
  runs: number;
  seconds: number;
  /** How often each word was the result. */
  outcomes: Record<string, number>;
  /** The first one; the target is not played on after it. */
  fault?: FoundFault | undefined;
}

/** Longest that one run may take: some hundred times what any of them needs. */
export const runMsMax = 10_000;

/** Plays a target. `note` hears of the input of each run before it is used, for who watches that runs end. */
export async function playTarget(
  target: FuzzTarget,
  plan: Plan,
  note: (run: number, input: string) => void = () => {},
): Promise<TargetReport> {
  const outcomes: Record<string, number> = {};
  const opened = await target.open();
  const startMs = performance.now();
  const secondsSince = () => (performance.now() - startMs) / 1000;
  let fault: FoundFault | undefined;
  let run = plan.from;
  try {
    for (; run < plan.from + plan.runs && secondsSince() < plan.seconds; run += 1) {
      let input = '';
      const hear = (text: string) => {
        input = text;
        note(run, text);
      };
      try {
        const before = performance.now();
        const played = opened.play(new Random(`${plan.seed}/${target.name}/${run}`), hear);
        const outcome = typeof played === 'string' ? played : await inTime(played);
        if (performance.now() - before > runMsMax) throw new Error(`it took longer than ${runMsMax} ms`);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      } catch (error) {
        fault = { run, input, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
        break;
      }
    }
    return { target: target.name, runs: run - plan.from, seconds: secondsSince(), outcomes, fault };
  } finally {
    await opened.close?.();
  }
}

async function inTime(played: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${runMsMax} ms`)), runMsMax);
  });
  try {
    return await Promise.race([played, late]);
  } finally {
    clearTimeout(timer);
  }
}
