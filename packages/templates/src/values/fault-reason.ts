import { TemplateFault } from './values.js';

/** Why something ended, in words; also for what nobody throws on purpose, such as a stack that overflows. */
export function faultReason(error: unknown): string {
  if (error instanceof TemplateFault) return error.message;
  if (error instanceof RangeError) return 'it is nested too deep, or makes too long a text';
  return error instanceof Error ? error.message : String(error);
}
