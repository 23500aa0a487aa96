/** What the local commands write for people. Plain lines when the output is not a terminal. */
import { styleText } from 'node:util';
import type { DemoFile } from './credentials.ts';

export type Step = (what: string) => void;

/** An error whose words are meant for the person at the terminal: what is wrong, then what to do. */
export const failure = (what: string, remedy = ''): Error => new Error(remedy === '' ? what : `${what}\n${remedy}`);

/** One changing line that says what is being done; nothing is left of it afterwards. */
export function startSteps(): { readonly step: Step; readonly finish: () => void } {
  const live = process.stdout.isTTY === true;
  const clear = (): void => void (live && process.stdout.write('\r\u001b[2K'));
  return {
    step: (what) => {
      clear();
      process.stdout.write(live ? `${what} …` : `${what} …\n`);
    },
    finish: clear,
  };
}

/** A bar for `total` steps of work, drawn at most twenty times a second. */
export function progressBar(
  label: string,
  total: number,
): { readonly update: (done: number) => void; readonly stop: () => void } {
  const live = process.stdout.isTTY === true;
  let drawnAt = 0;
  const draw = (done: number): void => {
    const width = 30;
    const filled = total === 0 ? width : Math.round((Math.min(done, total) / total) * width);
    process.stdout.write(`\r${label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total}`);
  };
  let last = 0;
  return {
    update: (done) => {
      last = done;
      if (!live || Date.now() - drawnAt < 50) return;
      drawnAt = Date.now();
      draw(done);
    },
    stop: () => {
      draw(last);
      process.stdout.write('\n');
    },
  };
}

/** Two columns, the second aligned: right when every cell is a number. */
export function table(rows: readonly (readonly [label: string, value: string])[]): string {
  const left = Math.max(...rows.map(([label]) => label.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const numeric = rows.every(([, value]) => /^-?[\d.,]+( [A-Z]{3})?$/.test(value));
  return rows.map(([label, value]) => `  ${label.padEnd(left)}  ${numeric ? value.padStart(right) : value}`).join('\n');
}

export const heading = (text: string): string => `\n${styleText('bold', text)}`;

export function summary(demo: DemoFile, stateDir: string): void {
  const rows: [string, string][] = [
    ['gateway', demo.gateway],
    ['console', demo.console],
    ['operator token', demo.operatorToken],
    ['sandbox Odoo', demo.odoo.url],
  ];
  const sources: [string, string][] = [
    ['stripe', demo.sources.stripe.url],
    ['  signing secret', demo.sources.stripe.secret],
    ['salesforce', demo.sources.salesforce.url],
    ['chargebee', demo.sources.chargebee.url],
    ['  user : password', `${demo.sources.chargebee.username} : ${demo.sources.chargebee.password}`],
  ];
  process.stdout.write(process.stdout.isTTY === true ? '\r\u001b[2K' : '');
  console.log(heading('Ledgergate is ready.'));
  console.log(table(rows));
  console.log(heading('Tenant demo takes webhooks at'));
  console.log(table(sources));
  console.log(`\n  All of it, for scripts: ${stateDir}/demo.json`);
  console.log(`  Next: ${styleText('bold', 'npm run demo')} in another terminal. Ctrl-C stops; the books stay.\n`);
}
