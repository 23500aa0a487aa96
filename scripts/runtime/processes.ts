/** Looking at and ending processes, by exact id only. Linux reads /proc; elsewhere `ps` is asked. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

export function processInfo(pid: number): ProcessInfo | null {
  return existsSync('/proc/self/stat') ? fromProc(pid) : (fromPs(['-p', String(pid)])[0] ?? null);
}

export function childrenOf(pid: number): readonly ProcessInfo[] {
  const all = existsSync('/proc/self/stat')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => fromProc(Number(name)))
    : fromPs(['-A']);
  return all.filter((info): info is ProcessInfo => info !== null && info.parent === pid);
}

/** Sends SIGTERM, waits up to `graceMs`, then SIGKILL. True once it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<boolean> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return true;
    const until = Date.now() + (signal === 'SIGTERM' ? graceMs : 2000);
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      if (processInfo(pid) === null) return true;
    }
  }
  return processInfo(pid) === null;
}

/** False when there is no such process. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

function fromProc(pid: number): ProcessInfo | null {
  try {
    // `pid (name) state ppid …`: the name may itself contain spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X' || parent === undefined) return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), command };
  } catch {
    // It ended while it was being looked at: the same as not being there.
    return null;
  }
}

function fromPs(selection: readonly string[]): readonly ProcessInfo[] {
  const { stdout } = spawnSync('ps', [...selection, '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }];
  });
}
