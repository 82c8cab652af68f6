export interface Stage {
  seconds: number;
  from: number;
  to: number;
}

export class Schedule {
  constructor(curve: Stage[], ratePerSecond: number, durationMs: number);
  readonly count: number;
  readonly durationMs: number;
  timeOf(message: number): number | undefined;
}

export function arrivalStages(
  curve: Stage[],
  perSecond: number,
  durationMs: number,
): { startRate: number; timeUnit: string; stages: { target: number; duration: string }[] };

export function factorAt(curve: Stage[], durationMs: number, atMs: number): number;
