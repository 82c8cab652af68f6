export function frameOf(members: Record<string, unknown>, bytes: number): string;
export function membersOf(text: string): Record<string, unknown>;
