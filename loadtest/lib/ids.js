/** `run.client.number`: the back end takes it apart again (back-end/run-record.mjs). */
export function messageId(runId, client, number) {
  return `${runId}.${client}.${number}`;
}

/** The number of a message of this client; undefined for the id of anybody else's. */
export function numberOf(id, runId, client) {
  const prefix = `${runId}.${client}.`;
  if (typeof id !== 'string' || !id.startsWith(prefix)) return undefined;
  const number = Number(id.slice(prefix.length));
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}

/** A generator of numbers in [0, 1) that a seed determines (mulberry32 over an FNV hash of the text). */
export function randomOf(seed) {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
