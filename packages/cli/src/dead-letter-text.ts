import type { DeadLetter } from '@sluice/bus';

/** For people: id, when, why, what, how often it was tried. */
export function deadLetterAsLine(letter: DeadLetter): string {
  const { envelope } = letter;
  const what = envelope === undefined ? 'undecodable' : `${envelope.kind} ${envelope.scope} ${envelope.connectionId}`;
  const when = new Date(letter.deadAtMs).toISOString();
  return `${letter.id}  ${when}  ${letter.reason}  ${what}  delivered ${letter.deliveryCount} times`;
}

/** For programs: everything, a message with its text, what nobody can decode with its bytes. */
export function deadLetterAsJson(letter: DeadLetter): Record<string, unknown> {
  const { envelope, raw, ...rest } = letter;
  const body = envelope?.kind === 'MESSAGE' ? Buffer.from(envelope.body).toString('utf8') : undefined;
  return {
    ...rest,
    deadAt: new Date(letter.deadAtMs).toISOString(),
    ...(envelope === undefined
      ? { rawBase64: Buffer.from(raw).toString('base64') }
      : { envelope: { ...envelope, body } }),
  };
}
