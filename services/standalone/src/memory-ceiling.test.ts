import { totalmem } from 'node:os';
import { collectProcessMetrics, createMetrics, memoryLimitBytes } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { memoryFault, memoryUse } from './memory-ceiling.js';

describe('the memory ceiling', () => {
  const roomy = { heap: 10, heapMax: 100, resident: 50, residentMax: 200 };

  it.each([
    [roomy, undefined],
    [{ ...roomy, heap: 91 }, 'the heap is nearly full'],
    [{ ...roomy, resident: 181 }, 'the memory that the process may take is nearly full'],
    [{ ...roomy, resident: 180 }, undefined],
  ])('%j: %s', (use, fault) => {
    expect(memoryFault(use)).toBe(fault);
  });

  it.each([
    [100, 100],
    [0, 1_000],
    [2 ** 63, 1_000],
    [2_000, 1_000],
  ])('of a control group that says %d on a machine with 1000 is of %d', (granted, limit) => {
    expect(memoryLimitBytes(granted, 1_000)).toBe(limit);
  });

  it('is that of the metric', () => {
    const metrics = createMetrics();
    collectProcessMetrics(metrics, { version: '1', role: 'edge' })();
    const { residentMax } = memoryUse();
    expect(metrics.memoryLimitBytes.labels().value).toBe(residentMax);
    expect(residentMax).toBeLessThanOrEqual(totalmem());
  });

  it('this process is below it', () => {
    const use = memoryUse();
    expect(use.resident).toBeGreaterThan(use.heap);
    expect(memoryFault(use)).toBeUndefined();
  });
});
