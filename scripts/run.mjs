/**
 * `node scripts/run.mjs <file.ts> [arguments]`, or `-- <tool> [arguments]` for a tool of node_modules/.bin: what every npm script goes through. Installs if needed, then runs the
 * file with the project's own Node 24. The child ends when this process does, however it ends: it watches the channel
 * between them.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, projectRoot, toolEnvironment } from './setup.mjs';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run.mjs <file.ts> [arguments]');
  process.exit(2);
}
ensureInstalled();

const binary = (name) => join(projectRoot, 'node_modules', '.bin', name);
const [command, commandArgs] =
  file === '--' ? [binary(args[0] ?? ''), args.slice(1)] : [binary('node'), [join(projectRoot, file), ...args]];
const child = spawn(command, commandArgs, {
  cwd: projectRoot,
  env: toolEnvironment(),
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});

/** Processes the child started and would leave behind if it were killed outright. */
let dependants = [];
child.on('message', (message) => {
  if (Array.isArray(message?.dependants)) dependants = message.dependants.filter(Number.isInteger);
});

// A terminal sends Ctrl-C to the child too; anything else that stops us is passed on. Either way the child decides when.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

// npm ended by a signal does not pass it on: its scripts would run on, attended by nobody.
const launcher = process.ppid;
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => {
    if (process.ppid !== launcher) child.kill('SIGTERM');
  }, 500).unref();
}

child.on('error', (error) => {
  console.error(`${file} could not be started: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === 'SIGKILL') {
    for (const pid of dependants) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') console.error(`process ${pid} could not be stopped: ${error.message}`);
      }
    }
  }
  process.exit(code ?? 1);
});
