/** A pending entry that has been taken over, or read again. */
export interface ClaimedEntry {
  id: string;
  deliveryCount: number;
  /** Empty where it is gone from the stream. */
  body: Buffer;
  /** Bitmap of the envelopes that are settled; undefined where none is noted. */
  progress: Buffer | undefined;
}

/** What the claiming scripts answer. */
export type ClaimReply = [id: Buffer, deliveryCount: number, body: Buffer, progress: Buffer][];

export function readClaim(reply: ClaimReply): ClaimedEntry[] {
  return reply.map(([id, deliveryCount, body, progress]) => ({
    id: id.toString('latin1'),
    deliveryCount,
    body,
    progress: progress.length === 0 ? undefined : progress,
  }));
}
