import { getHeapStatistics } from 'node:v8';

/** From here up collections take most of the time, and the next allocation may end the process. */
const ceiling = 0.9;

/** What a process uses and may use, in bytes. */
export interface MemoryUse {
  heap: number;
  heapMax: number;
  resident: number;
  /** Of the container; undefined or 0 where it has no limit. */
  residentMax: number | undefined;
}

/** Why no more work should be sent here; undefined while there is memory. An edge's sockets and buffers are outside of the heap. */
export function memoryFault({ heap, heapMax, resident, residentMax = 0 }: MemoryUse): string | undefined {
  if (heap > ceiling * heapMax) return 'the heap is nearly full';
  if (residentMax > 0 && resident > ceiling * residentMax) return 'the memory of the container is nearly full';
  return undefined;
}

export function memoryUse(): MemoryUse {
  const { used_heap_size: heap, heap_size_limit: heapMax } = getHeapStatistics();
  // Not in every Node 20; a limit that is none is larger than any machine's memory.
  return { heap, heapMax, resident: process.memoryUsage.rss(), residentMax: process.constrainedMemory?.() };
}
