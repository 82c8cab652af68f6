import type { Target } from './target.js';

/** One rule of `docs/compatibility.md` as far as a client and a back end can see it. */
export interface Rule {
  /** As in `docs/compatibility.md`, `CN-5`. A rule may be shown in several parts: then each has the same id. */
  id: string;
  /** What holds, for the person who reads that it does not. */
  title: string;
  /** Rejects with the reason where the gateway behaves otherwise. */
  run(target: Target): Promise<void>;
}

export interface Chapter {
  /** Number of the chapter in the specification, `01`. */
  number: string;
  name: string;
  rules: Rule[];
}

export function rule(id: string, title: string, run: (target: Target) => Promise<void>): Rule {
  return { id, title, run };
}

/** Thrown by a rule that cannot be shown on this gateway as it is set up, with the reason. */
export class NotApplicable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotApplicable';
  }
}
