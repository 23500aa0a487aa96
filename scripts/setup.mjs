/**
 * Makes a fresh clone runnable on any machine with Node >= 20 and npm: installs when the lock file has changed since the
 * last installation, and gives the environment in which the pinned tools, Node 24 first among them, are found.
 * Plain JavaScript without dependencies, because it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const projectRoot = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const binaries = join(projectRoot, 'node_modules', '.bin');
const marker = join(projectRoot, 'node_modules', '.ledgergate-install');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** The caller's environment with the project's own tools first. */
export function toolEnvironment() {
  return { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
}

/** Does nothing when the installation is current. Exits with npm's own words when it cannot be made so. */
export function ensureInstalled() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(projectRoot, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  if (isInstalledAsLocked() && pinnedNodeRuns()) {
    writeFileSync(marker, wanted);
    return;
  }
  console.log('Installing dependencies (once, and again when package-lock.json changes) …');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  if (!runNpm(['ci', ...quiet])) {
    console.error('npm could not install the dependencies of package-lock.json; its message stands above.');
    process.exit(1);
  }
  // The package `node` places its binary by an install script, which some machines switch off for all packages.
  if (!pinnedNodeRuns() && !(runNpm(['rebuild', 'node', '--ignore-scripts=false', ...quiet]) && pinnedNodeRuns())) {
    console.error('The pinned Node (npm package "node") does not run on this machine.');
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}

/** True when somebody ran `npm install` or `npm ci` by hand: npm keeps its own record of what it placed. */
function isInstalledAsLocked() {
  const record = join(projectRoot, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const placed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const { '': _root, ...locked } = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(([path, { version, optional }]) =>
    path in placed ? placed[path].version === version : optional === true,
  );
}

function pinnedNodeRuns() {
  return spawnSync(join(binaries, 'node'), ['--version'], { stdio: 'ignore' }).status === 0;
}

function runNpm(args) {
  const result = spawnSync(npm, args, {
    cwd: projectRoot,
    // `npm start` passes its own settings down as variables; an installation must not inherit them.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^npm_(lifecycle|package|command)/.test(key)),
    ),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return result.status === 0;
}
