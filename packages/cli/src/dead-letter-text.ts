import type { DeadLetter } from '@sluice/bus';
import { decodeConnectionContext, type Envelope, encodeConnectionContext } from '@sluice/contracts';

const masked = '*****';
const secretHeader = /authorization|cookie|token|secret|password|api-?key|^sec-websocket-protocol$/i;

/** For people: id, when, why, what, how often it was tried. */
export function deadLetterAsLine(letter: DeadLetter): string {
  const { envelope } = letter;
  const what = envelope === undefined ? 'undecodable' : `${envelope.kind} ${envelope.scope} ${envelope.connectionId}`;
  const when = new Date(letter.deadAtMs).toISOString();
  return `${letter.id}  ${when}  ${letter.reason}  ${what}  delivered ${letter.deliveryCount} times`;
}

/**
 * For programs: a message with its text, what nobody can decode with its bytes, and the rest but for what would let its reader in as
 * somebody else: credentials of a handshake and the value of an API key.
 */
export function deadLetterAsJson(letter: DeadLetter): Record<string, unknown> {
  const { envelope, raw, ...rest } = letter;
  const body = envelope?.kind === 'MESSAGE' ? Buffer.from(envelope.body).toString('utf8') : undefined;
  return {
    ...rest,
    deadAt: new Date(letter.deadAtMs).toISOString(),
    ...(envelope === undefined
      ? { rawBase64: Buffer.from(raw).toString('base64') }
      : { envelope: { ...withoutCredentials(envelope), body } }),
  };
}

function withoutCredentials(envelope: Envelope): Envelope {
  const connectionContext = withoutApiKey(envelope.connectionContext);
  if (envelope.kind !== 'CONNECT') return { ...envelope, connectionContext };
  const { headers, queryString } = envelope.handshake;
  const handshake = {
    ...envelope.handshake,
    headers: headers.map(([name, value]): [string, string] => [name, secretHeader.test(name) ? masked : value]),
    // Tokens and signatures stand there under any name.
    queryString: queryString.replace(/=[^&]*/g, `=${masked}`),
  };
  return { ...envelope, connectionContext, handshake };
}

function withoutApiKey(text: string): string {
  if (!text.includes('"apiKey"')) return text;
  try {
    const context = decodeConnectionContext(text);
    if (context.identity?.apiKey === undefined) return text;
    return encodeConnectionContext({ ...context, identity: { ...context.identity, apiKey: masked } });
  } catch {
    // What cannot be read cannot be judged either.
    return masked;
  }
}
