export type DeliveryResult =
  | { kind: 'delivery'; dueMs: number; outOfOrder: boolean }
  | { kind: 'duplicate' }
  | { kind: 'unknown' };

export class Mailbox {
  post(dueMs: number, sentMs: number): number;
  answered(number: number, status: number, answeredMs: number): void;
  received(number: number): DeliveryResult;
  readonly isSettled: boolean;
  readonly missing: number;
}
