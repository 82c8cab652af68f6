import { getHeapStatistics } from 'node:v8';
import { memoryLimitBytes } from '@sluice/telemetry';

/** From here up collections take most of the time, and the next allocation may end the process. */
const ceiling = 0.9;

/** What a process uses and may use, in bytes. */
export interface MemoryUse {
  heap: number;
  heapMax: number;
  resident: number;
  /** Of the container, or of the machine where that has no limit. */
  residentMax: number;
}

/** Why no more work should be sent here; undefined while there is memory. An edge's sockets and buffers are outside of the heap. */
export function memoryFault({ heap, heapMax, resident, residentMax }: MemoryUse): string | undefined {
  if (heap > ceiling * heapMax) return 'the heap is nearly full';
  if (resident > ceiling * residentMax) return 'the memory that the process may take is nearly full';
  return undefined;
}

export function memoryUse(): MemoryUse {
  const { used_heap_size: heap, heap_size_limit: heapMax } = getHeapStatistics();
  return { heap, heapMax, resident: process.memoryUsage.rss(), residentMax: memoryLimitBytes() };
}
