import { describe, expect, it } from 'vitest';
import { memoryFault, memoryUse } from './memory-ceiling.js';

describe('the memory ceiling', () => {
  const roomy = { heap: 10, heapMax: 100, resident: 50, residentMax: 200 };

  it.each([
    [roomy, undefined],
    [{ ...roomy, heap: 91 }, 'the heap is nearly full'],
    [{ ...roomy, resident: 181 }, 'the memory of the container is nearly full'],
    [{ ...roomy, resident: 180 }, undefined],
    [{ ...roomy, resident: 1_000, residentMax: 0 }, undefined],
    [{ ...roomy, resident: 1_000, residentMax: undefined }, undefined],
    [{ ...roomy, resident: 1_000, residentMax: 2 ** 64 }, undefined],
  ])('%j: %s', (use, fault) => {
    expect(memoryFault(use)).toBe(fault);
  });

  it('this process is below it', () => {
    const use = memoryUse();
    expect(use.resident).toBeGreaterThan(use.heap);
    expect(memoryFault(use)).toBeUndefined();
  });
});
