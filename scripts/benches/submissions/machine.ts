/** What the system tells of the processors. */
import { readFileSync } from 'node:fs';

/** User and system time of a process, milliseconds (proc(5): ticks of 10 ms). */
export function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

/** Which share of the processors others on the same host have taken since; null where the system does not tell. */
export function stolenMeter(): () => number | null {
  const read = (): readonly number[] | null => {
    try {
      return readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
    } catch {
      return null;
    }
  };
  const before = read();
  return () => {
    const after = read();
    if (before === null || after === null) return null;
    const spent = after.map((ticks, n) => ticks - before[n]!);
    return spent[7]! / spent.reduce((sum, ticks) => sum + ticks, 0);
  };
}
