import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { limits } from '@sluice/contracts';
import { collectDefaultMetrics } from 'prom-client';
import type { Metrics } from './metrics.js';

/**
 * Adds what describes the process itself: Node's defaults, event loop lag, file descriptors and the build. Call it once per
 * process; returns the function that stops the measuring.
 */
export function collectProcessMetrics(metrics: Metrics, build: { version: string; role: string }): () => void {
  collectDefaultMetrics({ register: metrics.registry });
  // Lists /proc/self/fd synchronously on each scrape, which takes longer the more sockets there are; `sluice_fds_open` does not.
  metrics.registry.removeSingleMetric('process_open_fds');
  metrics.buildInfo.labels(build.version, build.role).set(1);
  const max = openFileLimit();
  if (max !== undefined) metrics.fdsMax.set(max);
  metrics.heapLimitBytes.set(getHeapStatistics().heap_size_limit);
  metrics.memoryLimitBytes.set(memoryLimitBytes());
  const stop = measureEventLoopLag(metrics);
  const timer = setInterval(() => void countOpenFiles(metrics), openFilesIntervalMs).unref();
  void countOpenFiles(metrics);
  return () => {
    stop();
    clearInterval(timer);
  };
}

const openFilesIntervalMs = 10_000;

function measureEventLoopLag(metrics: Metrics): () => void {
  let expectedAt = performance.now() + limits.eventLoopLagIntervalMs;
  const timer = setInterval(() => {
    const now = performance.now();
    metrics.eventLoopLagSeconds.observe(Math.max(0, now - expectedAt) / 1000);
    expectedAt = now + limits.eventLoopLagIntervalMs;
  }, limits.eventLoopLagIntervalMs).unref();
  return () => clearInterval(timer);
}

/**
 * How much memory this process may take: what the control group grants, else the machine's. A group without a limit reports 0, or a
 * number near 2^63; not every Node 20 can be asked.
 */
export function memoryLimitBytes(granted = process.constrainedMemory?.() ?? 0, machine = totalmem()): number {
  return granted > 0 ? Math.min(granted, machine) : machine;
}

/** Soft limit of open files of this process; undefined where the system does not tell. */
export function openFileLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    if (line?.[1] === undefined || line[1] === 'unlimited') return undefined;
    return Number(line[1]);
  } catch {
    return undefined;
  }
}

async function countOpenFiles(metrics: Metrics): Promise<void> {
  try {
    // Linux 6.2 and later keep the number in the directory's size; before that it is 0 and they have to be listed.
    const { size } = await stat('/proc/self/fd');
    metrics.fdsOpen.set(size > 0 ? size : (await readdir('/proc/self/fd')).length);
  } catch {
    // No /proc here (macOS): the gauge stays without a value.
  }
}
