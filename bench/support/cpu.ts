/** CPU time of processes, as Linux counts it in /proc. Elsewhere it is not known: NaN. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 wherever Linux runs. */
const TICKS_PER_SECOND = 100;

/** User and system time so far of all its threads, ms. */
export function cpuMs(pids: readonly number[]): number {
  let total = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Fields 14 and 15; the name, field 2, may itself contain spaces and parentheses.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      total += ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
    } catch {
      return Number.NaN;
    }
  }
  return total;
}
