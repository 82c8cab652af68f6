import type { ErrorCode } from '@sluice/contracts';

/** Why a request goes no further. */
export interface Refusal {
  code: ErrorCode;
  /** For the log; the client sees the registry's text for `code`, or `message`. */
  detail: string;
  /** Where the text says more than the registry can, such as the names of missing parameters. */
  message?: string | undefined;
  /** `$context.error.validationErrorString`. */
  validationErrorString?: string | undefined;
}
