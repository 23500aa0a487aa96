/**
 * One running gateway per state directory. A file in it names the processes, so that a start after `kill -9` finds
 * what was left behind (workerd outlives its parent and would hold the port and the databases) and ends exactly that.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { childrenOf, endProcess, processInfo } from './processes.ts';

const instanceRecord = z.object({
  pid: z.int(),
  address: z.string(),
  /** The launcher and npm above it: while they live, somebody is attending to this instance. */
  launchers: z.array(z.int()),
  /** The workerd processes. */
  dependants: z.array(z.int()),
});
type InstanceRecord = z.infer<typeof instanceRecord>;

const isLauncher = (command: string): boolean => /\bnpm\b|run\.mjs/.test(command);
const isServer = (command: string): boolean => command.includes('scripts/start.ts');
const isRuntime = (command: string): boolean => command.includes('workerd');

export type ClaimResult =
  | { readonly code: 'claimed'; readonly stopped: readonly number[] }
  | { readonly code: 'running'; readonly pid: number; readonly address: string }
  | { readonly code: 'stuck'; readonly pid: number };

/** Ends what an earlier, killed instance left behind; refuses while one is running and attended to. */
export async function claimStateDirectory(stateDir: string): Promise<ClaimResult> {
  const record = readRecord(stateDir);
  if (record === null) return { code: 'claimed', stopped: [] };
  const server = processInfo(record.pid);
  const serverLives = server !== null && isServer(server.command);
  if (serverLives && record.launchers.every((pid) => isLauncher(processInfo(pid)?.command ?? ''))) {
    return { code: 'running', pid: record.pid, address: record.address };
  }
  const leftovers = record.dependants.filter((pid) => isRuntime(processInfo(pid)?.command ?? ''));
  const stopped: number[] = [];
  for (const pid of [...(serverLives ? [record.pid] : []), ...leftovers]) {
    if (!(await endProcess(pid, 5000))) return { code: 'stuck', pid };
    stopped.push(pid);
  }
  return { code: 'claimed', stopped };
}

/** Writes who we are; called again whenever the runtime's processes change. Returns the runtime's process ids. */
export function recordInstance(stateDir: string, address: string): readonly number[] {
  const dependants = childrenOf(process.pid)
    .filter((child) => isRuntime(child.command))
    .map((child) => child.pid);
  const record: InstanceRecord = { pid: process.pid, address, launchers: launchersAbove(process.ppid), dependants };
  // Written aside and renamed: a kill in the middle leaves the old record, never half of one.
  const aside = `${instanceFile(stateDir)}.new`;
  writeFileSync(aside, JSON.stringify(record), { mode: 0o600 });
  renameSync(aside, instanceFile(stateDir));
  return dependants;
}

/** Leaves another instance's record alone: a start that was refused has nothing to forget. */
export function forgetInstance(stateDir: string): void {
  if (readRecord(stateDir)?.pid === process.pid) rmSync(instanceFile(stateDir), { force: true });
}

const instanceFile = (stateDir: string): string => join(stateDir, 'instance.json');

function readRecord(stateDir: string): InstanceRecord | null {
  let text: string;
  try {
    text = readFileSync(instanceFile(stateDir), 'utf8');
  } catch {
    return null;
  }
  return instanceRecord.parse(JSON.parse(text));
}

function launchersAbove(pid: number): number[] {
  const launchers: number[] = [];
  for (let at = pid; launchers.length < 4; ) {
    const info = processInfo(at);
    if (info === null || !isLauncher(info.command)) break;
    launchers.push(at);
    at = info.parent;
  }
  return launchers;
}
