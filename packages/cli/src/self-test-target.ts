import type { AccessKey } from '@sluice/config';

export interface SelfTestTarget {
  /** Without the API and without a slash at the end. */
  edgeUrl: string;
  callbackUrl: string;
  api: string;
  stage: string;
  region: string;
  /** Undefined: nothing is signed. */
  key: AccessKey | undefined;
}

/** Why a step failed, and what to do about it. */
export class StepFailure extends Error {
  constructor(
    message: string,
    readonly wayOut: string,
  ) {
    super(message);
    this.name = 'StepFailure';
  }
}

/** A stranger's text, as much of it as a line can take. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
