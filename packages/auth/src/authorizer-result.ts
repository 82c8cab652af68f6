import { limits } from '@sluice/contracts';
import { type CompiledPolicy, compilePolicy } from './policy-document.js';
import { isRecord } from './record.js';

/** What a REQUEST authorizer returned, checked (spec 08 §8.1). */
export interface AuthorizerResult {
  policy: CompiledPolicy;
  /** Context and `principalId`, every value as text (spec 05 §5.4). */
  authorizer: Record<string, string>;
  usageIdentifierKey: string | undefined;
}

export type AuthorizerResultReading = { result: AuthorizerResult } | { fault: string };

/** Reads the JSON text that an authorizer returned. `fault` says what is wrong without quoting it. */
export function readAuthorizerResult(payload: Uint8Array): AuthorizerResultReading {
  if (payload.byteLength > limits.authorizerResultBytesMax) {
    return { fault: `its result has ${payload.byteLength} bytes, at most ${limits.authorizerResultBytesMax}` };
  }
  const result = parseJson(payload);
  if (!isRecord(result)) return { fault: 'its result is no JSON object' };
  if (result['policyDocument'] === undefined) return { fault: 'its result has no policyDocument' };
  const { policy, fault } = compilePolicy(result['policyDocument']);
  if (policy === undefined) return { fault: `its policyDocument is refused: ${fault}` };

  const authorizer = readContext(result['context']);
  if (authorizer === undefined) {
    return { fault: 'context is no map of texts, numbers and booleans' };
  }
  const principalId = result['principalId'] ?? undefined;
  if (principalId !== undefined && typeof principalId !== 'string') return { fault: 'principalId is no text' };
  const usageIdentifierKey = result['usageIdentifierKey'] ?? undefined;
  if (usageIdentifierKey !== undefined && typeof usageIdentifierKey !== 'string') {
    return { fault: 'usageIdentifierKey is no text' };
  }
  if (principalId !== undefined) authorizer['principalId'] = principalId;
  return { result: { policy, authorizer, usageIdentifierKey } };
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined where it is none. A `null` counts as absent, as a map and as a value. */
function readContext(context: unknown): Record<string, string> | undefined {
  // Without a prototype: an authorizer may pass on names that a client chose, `__proto__` too.
  const texts: Record<string, string> = Object.create(null);
  if (context === undefined || context === null) return texts;
  if (!isRecord(context)) return undefined;
  for (const [name, value] of Object.entries(context)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    texts[name] = String(value);
  }
  return texts;
}
