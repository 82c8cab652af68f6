import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time a process has used so far, all threads, in µs. The kernel's `schedstat` counts nanoseconds; `stat` only ticks of
 * 10 ms, a fifth of a short round on a cheap process. Throws where the process is gone or the machine has no /proc.
 */
export function cpuMicroseconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  try {
    let nanoseconds = 0;
    for (const thread of threads) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
      nanoseconds += Number(text.slice(0, text.indexOf(' ')));
    }
    return nanoseconds / 1_000;
  } catch {
    return ticksMicroseconds(pid);
  }
}

/** A kernel without CONFIG_SCHED_INFO has no schedstat: utime + stime, in ticks of 10 ms (USER_HZ is 100 on every Linux). */
function ticksMicroseconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the command in parentheses and may itself hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (match === null) throw new Error(`process ${pid} shows no resident memory`);
  return Number(match[1]) * 1_024;
}
