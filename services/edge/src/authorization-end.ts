import { type ConnectionContext, decodeConnectionContext, MalformedBytesError } from '@sluice/contracts';

/**
 * When the authorization in this context expires, by `monotonicMs`; 0 where it does not, or not before the connection's own end
 * (`endsAtMs`, 0 for never). A time that is past gives the present. Throws `MalformedBytesError` for a text that is no context.
 */
export function authorizationEndsAtMs(
  context: string,
  endsAtMs: number,
  nowMs: number,
  wallNowMs = Date.now(),
): number {
  // Most contexts have none, and are our own: nothing to parse.
  if (!context.includes('"authorizedUntilMs"')) return 0;
  const { authorizedUntilMs } = checkedContext(context);
  if (authorizedUntilMs === undefined) return 0;
  const dueMs = Math.trunc(nowMs + Math.max(0, authorizedUntilMs - wallNowMs));
  return endsAtMs !== 0 && dueMs >= endsAtMs ? 0 : Math.max(1, dueMs);
}

/** A context that came over the bus. Throws `MalformedBytesError` for what no router can have meant. */
export function checkedContext(text: string): ConnectionContext {
  let context: unknown;
  try {
    context = decodeConnectionContext(text);
  } catch {
    throw new MalformedBytesError('the context of a connection is not JSON');
  }
  if (!isContext(context)) throw new MalformedBytesError('the context of a connection lacks members');
  return context;
}

function isContext(value: unknown): value is ConnectionContext {
  if (typeof value !== 'object' || value === null) return false;
  const { connectedAtMs, sourceIp, authorizedUntilMs } = value as Partial<ConnectionContext>;
  const untilIsTime = authorizedUntilMs === undefined || Number.isFinite(authorizedUntilMs);
  return typeof connectedAtMs === 'number' && typeof sourceIp === 'string' && untilIsTime;
}
