export class SeenNumbers {
  readonly missing: Set<number>;
  readonly ahead: Set<number>;
  has(number: number): boolean;
  add(number: number): boolean;
}
