export type AnswerResult =
  | { kind: 'answer'; dueMs: number; outOfOrder: boolean }
  | { kind: 'duplicate' }
  | { kind: 'unknown' };

export class Account {
  send(dueMs: number, sentMs: number): number;
  answer(number: number): AnswerResult;
  answerInTurn(gatewayId: string): AnswerResult;
  readonly isSettled: boolean;
  refuse(): void;
  end(endedMs: number, cutWindowMs: number): { early: number[]; late: number[]; refused: number };
}
