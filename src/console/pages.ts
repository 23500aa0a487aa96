/** What the console shows: the state of a tenant at a glance, and one event's story. Plain functions from views to HTML. */
import { html } from 'hono/html';
import type { EpochMs } from '../canonical/ids.ts';
import type { Page } from '../ledger/pages.ts';
import type { Timeline } from '../ledger/timeline.ts';
import type { TrialBalance } from '../ledger/trial-balance.ts';
import type { EventView, ExceptionView } from '../ledger/views.ts';
import { age } from '../operations/lanes.ts';
import type { Html } from './layout.ts';

export interface TargetHealth {
  readonly target: string;
  readonly kind: string;
  readonly health: 'well' | 'paused' | 'failing' | 'probing';
  readonly paused: { readonly reason: string } | null;
}

export interface Overview {
  readonly tenant: string;
  readonly configVersion: number;
  readonly applied: number;
  readonly held: number;
  readonly postings: number;
  readonly exceptions: Page<ExceptionView>;
  readonly events: Page<EventView>;
  readonly books: readonly TrialBalance[];
  readonly targets: readonly TargetHealth[];
  readonly now: EpochMs;
}

const tones: Readonly<Record<string, string>> = {
  booked: 'good',
  applied: 'good',
  well: 'good',
  nothing: 'soft',
  skipped: 'soft',
  waiting: 'warn',
  probing: 'warn',
  paused: 'warn',
  parked: 'bad',
  quarantined: 'warn',
  failing: 'bad',
};
const word = (text: string): Html => html`<span class="${tones[text] ?? ''}">${text}</span>`;

const eventLink = (tenant: string, source: string, id: string): Html =>
  html`<a href="/console/events/${encodeURIComponent(source)}/${encodeURIComponent(id)}?tenant=${encodeURIComponent(tenant)}"><code>${id}</code></a>`;

const shortTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;

const tile = (label: string, value: string | number, tone = ''): Html =>
  html`<div class="tile"><span class="soft">${label}</span><b class="${tone}">${value}</b></div>`;

export function loginPage(failed: boolean): Html {
  return html`<div class="login card"><h1>Ledgergate console</h1>
<form method="post" action="/console/login"><label for="token" class="soft">Operator token or API key</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
${failed ? html`<span class="bad">That token is not valid.</span>` : ''}<button>Log in</button></form></div>`;
}

export function overviewPage(view: Overview): Html {
  const open = view.exceptions.items.length;
  const balanced = view.books.every((book) => book.balanced);
  return html`<h1>${view.tenant} <span class="soft">config version ${view.configVersion}</span></h1>
<div class="tiles">${tile('Events applied', view.applied)}${tile('Books balance', balanced ? 'yes' : 'no', balanced ? 'good' : 'bad')}
${tile('For a person', `${open}${view.exceptions.next === null ? '' : '+'}`, open === 0 ? 'good' : 'bad')}${tile('Events held', view.held, view.held === 0 ? '' : 'warn')}${tile('Postings open', view.postings, view.postings === 0 ? '' : 'warn')}</div>
<h2>For a person to decide</h2>${exceptionTable(view)}
<h2>Targets</h2>${targetTable(view.targets)}
<h2>Latest events</h2>${eventTable(view)}
${view.books.map((book) => html`<h2>Trial balance of ${book.entity} <span class="soft">${book.from} to ${book.asOf}</span></h2>${balanceTable(book)}`)}
<footer>Times are UTC. Actions are taken through the operator API; docs/operator-guide.md shows how.</footer>`;
}

function exceptionTable({ exceptions, tenant, now }: Overview): Html {
  if (exceptions.items.length === 0) return html`<div class="card good">Nothing is waiting for a person.</div>`;
  return html`<div class="scroll"><table><tr><th class="n">At stake</th><th>What and what to do</th><th>Event</th><th class="n">Open for</th></tr>
${exceptions.items.map(
  (
    one,
  ) => html`<tr><td class="n">${one.atStake?.text ?? '–'}</td><td><b>${one.cause.replaceAll('_', ' ')}</b><br>${one.message}<br><span class="soft">${one.remedy}</span></td>
<td>${one.source === null || one.eventId === null ? '–' : eventLink(tenant, one.source, one.eventId)}</td><td class="n">${age(Date.parse(one.openedAt), now)}</td></tr>`,
)}</table></div>`;
}

const targetTable = (targets: readonly TargetHealth[]): Html =>
  html`<div class="scroll"><table><tr><th>Target</th><th>Kind</th><th>Health</th></tr>${targets.map(
    (one) =>
      html`<tr><td>${one.target}</td><td class="soft">${one.kind}</td><td>${word(one.health)}${one.paused === null ? '' : html` <span class="soft">${one.paused.reason}</span>`}</td></tr>`,
  )}</table></div>`;

function eventTable({ events, tenant }: Overview): Html {
  if (events.items.length === 0) return html`<div class="card soft">No event has been decided yet.</div>`;
  const older =
    events.next === null
      ? ''
      : html`<p><a href="/console?tenant=${encodeURIComponent(tenant)}&amp;cursor=${events.next}">Older events</a></p>`;
  return html`<div class="scroll"><table><tr><th>Decided</th><th>Type</th><th>Event</th><th>Lane</th><th>Outcome</th></tr>
${events.items.map(
  (
    one,
  ) => html`<tr><td class="w soft">${shortTime(one.decidedAt)}</td><td>${one.type}</td><td>${eventLink(tenant, one.source, one.id)}</td><td><code>${one.lane}</code></td>
<td>${word(one.outcome)}${one.outcome === 'booked' || one.note === null ? '' : html`<br><span class="soft">${one.note}</span>`}</td></tr>`,
)}</table></div>${older}`;
}

function balanceTable(book: TrialBalance): Html {
  if (book.accounts.length === 0) return html`<div class="card soft">Nothing is booked yet.</div>`;
  const verdict = book.balanced
    ? html`<span class="good">balanced</span>`
    : html`<span class="bad">not balanced</span>`;
  return html`<div class="scroll"><table><tr><th>Account</th><th>Role</th><th class="n">Opening</th><th class="n">Debit</th><th class="n">Credit</th><th class="n">Closing</th><th class="n">in ${book.baseCurrency ?? '–'}</th></tr>
${book.accounts.map(
  (row) =>
    html`<tr><td><code>${row.account}</code></td><td class="soft">${row.role ?? ''}</td><td class="n">${row.opening.text}</td><td class="n">${row.debit.text}</td><td class="n">${row.credit.text}</td><td class="n">${row.closing.text}</td><td class="n">${row.baseClosing.text}</td></tr>`,
)}
${book.totals === null ? '' : html`<tr><td><b>All</b></td><td>${verdict}</td><td class="n">${book.totals.opening.text}</td><td class="n">${book.totals.debit.text}</td><td class="n">${book.totals.credit.text}</td><td></td><td class="n"><b>${book.totals.closing.text}</b></td></tr>`}</table></div>`;
}

export function timelinePage(story: Timeline): Html {
  const { event } = story;
  return html`<h1>${event.type} <code class="soft">${event.id}</code></h1>
<div class="tiles">${tile('Source', event.source)}${tile('Lane', event.lane)}${tile('Accepted as', event.seq)}${tile('Applied as', event.position ?? '–')}${tile('Outcome', event.outcome ?? 'not decided', tones[event.outcome ?? ''] ?? '')}</div>
<h2>What happened</h2><div class="card"><ol class="story">${story.steps.map(
    (step) =>
      html`<li><span class="soft">${step.at === null ? 'not yet' : shortTime(step.at)}</span><span>${step.sentence}</span></li>`,
  )}</ol></div>
${story.entries.map(
  (
    entry,
  ) => html`<h2>Entry <code>${entry.id}</code> <span class="soft">${entry.date}</span></h2><div class="scroll"><table><tr><th>Account</th><th>Role</th><th class="n">Amount</th><th class="n">in ${entry.baseCurrency}</th></tr>
${entry.lines.map((line) => html`<tr><td><code>${line.account}</code></td><td class="soft">${line.role}</td><td class="n">${line.amount.text}</td><td class="n">${line.base.text}</td></tr>`)}</table></div>`,
)}
<h2>Proof</h2><div class="card"><span class="soft">SHA-256 of the bytes as received</span><br><code>${story.receipt.bodyHash}</code><br><span class="soft">Archive</span><br><code>${story.receipt.archive ?? 'the lane holds the bytes'}</code></div>`;
}

export const messagePage = (title: string, text: string): Html => html`<h1>${title}</h1><p>${text}</p>`;
