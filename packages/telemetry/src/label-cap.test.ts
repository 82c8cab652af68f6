import { limits } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { LabelCap } from './label-cap.js';
import { createMetrics } from './metrics.js';

describe('the cap on label values', () => {
  it('lets the first through and calls the rest other', () => {
    const cap = new LabelCap(2, 3);
    const fit = (api: string, stage: string) => cap.fit(['kind', 'api', 'stage'], ['x', api, stage]);
    expect(fit('a', 'dev')).toEqual(['x', 'a', 'dev']);
    expect(fit('a', 'test')).toEqual(['x', 'a', 'test']);
    expect(fit('b', 'dev')).toEqual(['x', 'b', 'dev']);
    expect(fit('b', 'test')).toEqual(['x', 'b', 'other']);
    expect(fit('c', 'dev')).toEqual(['x', 'other', 'other']);
    expect(fit('a', 'test')).toEqual(['x', 'a', 'test']);
    expect(cap.fit(['api'], ['c'])).toEqual(['other']);
    expect(cap.fit(['shard'], ['0'])).toEqual(['0']);
  });

  it('bounds what a process shows, and loses no count', async () => {
    const metrics = createMetrics();
    const stages = limits.metricStagesMax + 50;
    for (let n = 0; n < stages; n++) {
      metrics.framesTotal.labels('chat', `s${n}`, 'in').inc();
      metrics.sockets.labels('chat', `s${n}`).inc();
    }
    const text = await metrics.registry.metrics();
    const counts = text.match(/^sluice_frames_total\{.*$/gm) ?? [];
    expect(counts).toHaveLength(limits.metricStagesMax + 1);
    expect(counts).toContain('sluice_frames_total{api="chat",stage="other",kind="in"} 50');
    expect(text).toContain('sluice_sockets{api="chat",stage="other"} 50');
  });
});
