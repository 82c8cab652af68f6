import type { ErrorCode } from './errors.js';

/** What became of one synchronous function invocation. */
export type FunctionResult =
  /** The function's result, JSON text as it came. */
  | {
      kind: 'ok';
      payload: Uint8Array;
      /** Of the invocation, where the answer has one. */
      requestId?: string | undefined;
    }
  /** `X-Amz-Function-Error` was set: it threw, or ran out of its own time. `payload` is its error object, as it came. */
  | {
      kind: 'function-error';
      errorMessage: string;
      payload: Uint8Array;
      /** Of the invocation, as the function's own log has it. */
      requestId?: string | undefined;
    }
  /** It was not invoked, or its answer did not come: `function_refused`, `integration_timeout`, `integration_unreachable`, … */
  | {
      kind: 'failed';
      code: ErrorCode;
      detail: string;
      /** Status of the HTTP answer, where there was one: an authorizer at a plain address says 401 and 403 with it. */
      status?: number | undefined;
    };

/** Invokes one function; `done` is called exactly once. Made once per deployment, so that target and head are ready. */
export interface FunctionCaller {
  /** Set where the URI cannot be called as it is defined; every call then ends in `integration_misconfigured`. */
  readonly fault?: string;
  call(payload: Uint8Array, options: FunctionCallOptions, done: (result: FunctionResult) => void): void;
}

export interface FunctionCallOptions {
  timeoutMs: number;
  /** `Event` invokes asynchronously: the result is empty (spec 05 §5.5). Unset: `RequestResponse`. */
  invocationType?: 'RequestResponse' | 'Event' | undefined;
  traceparent?: string | undefined;
}
