import { type ConnectionContext, encodeConnectionContext, type Forwarded } from '@sluice/contracts';
import { domainNameOf } from '@sluice/definitions';
import { checkedContext } from './authorization-end.js';
import { headerOf, type RequestHead } from './handshake-request.js';

/** What envelopes say about a connection before anyone has authorized it, as text. */
export function contextOf(head: RequestHead, forwarded: Forwarded): string {
  return encodeConnectionContext({
    connectedAtMs: Date.now(),
    sourceIp: forwarded.sourceIp,
    userAgent: headerOf(head, 'user-agent'),
    domainName: domainNameOf(headerOf(head, 'host'), forwarded.proto === 'https'),
  });
}

/** The same for the CONNECT envelope, whose event also shows port and scheme (spec 05 §5.1). No later event does: not to be kept. */
export function connectContextOf(context: string, { port, proto }: Forwarded): string {
  if (port === 80 && proto === 'http') return context;
  const members: Pick<ConnectionContext, 'forwardedPort' | 'forwardedProto'> = { forwardedPort: port };
  if (proto === 'https') members.forwardedProto = proto;
  return `${context.slice(0, -1)},${JSON.stringify(members).slice(1)}`;
}

/** What is kept of a context that authorization has added to. Throws `MalformedBytesError` for a text that is no context. */
export function keptContextOf(text: string): string {
  const { forwardedPort, forwardedProto, ...kept } = checkedContext(text);
  return forwardedPort === undefined && forwardedProto === undefined ? text : encodeConnectionContext(kept);
}
