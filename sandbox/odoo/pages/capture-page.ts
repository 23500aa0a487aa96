import { html, raw } from 'hono/html';
import { wireAmount } from '../accounting/decimal.ts';
import type { OdooEngine } from '../engine.ts';
import type { OdooAnswer } from '../faces/answer.ts';
import { isList, type Wire, type WireObject } from '../wire.ts';
import { documents } from './documents.ts';
import { pageNumber } from './page-number.ts';
import { summary } from './summary.ts';

const PAGE = 50;

const TABS = [
  ['invoices', 'Invoices'],
  ['credit-notes', 'Credit notes'],
  ['entries', 'Entries'],
  ['payments', 'Payments'],
  ['partners', 'Partners'],
  ['products', 'Products'],
  ['reconciliations', 'Reconciliations'],
  ['trial-balance', 'Trial balance'],
  ['calls', 'Latest calls'],
] as const;
type Tab = (typeof TABS)[number][0];

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:1.5rem;color:#1c2330;background:#fafafa}nav a{margin-right:1rem;color:#334}
nav a[aria-current]{font-weight:600;color:#714b67}table{border-collapse:collapse;width:100%;background:#fff;margin-top:1rem}
th,td{border-bottom:1px solid #e4e4ea;padding:.3rem .6rem;text-align:left;vertical-align:top}td.number{text-align:right;font-variant-numeric:tabular-nums}
th{background:#f1eff2;position:sticky;top:0}.lines{color:#556;font-size:12px}`;

type Markup = ReturnType<typeof raw>;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | Markup)[])[];
  readonly total: number;
}

/** `GET /`: what was posted here, for people. Server-rendered, every value escaped, no assets from elsewhere, 50 rows a page. */
export function capturePage(engine: OdooEngine, url: URL): OdooAnswer {
  const tab = TABS.find(([key]) => key === url.searchParams.get('show'))?.[0] ?? 'invoices';
  const offset = pageNumber(url, 'offset', 0, Number.MAX_SAFE_INTEGER);
  const table = tableOf(engine, tab, offset);
  const totals = summary(engine.books());
  const body = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Odoo sandbox</title><style>${raw(STYLE)}</style></head>
<body><h1>Odoo sandbox</h1>
<nav>${TABS.map(([key, label]) => html`<a href="/?show=${key}" ${key === tab ? raw('aria-current="page"') : ''}>${label}</a>`)}</nav>
<p>${totals.partners} partners · debit ${money(engine, totals.totals.debit)} = credit ${money(engine, totals.totals.credit)} ${totals.currency} · ${totals.duplicates.ref.length} duplicate references</p>
<table><thead><tr>${table.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${table.rows.map((row) => html`<tr>${row.map((cell) => html`<td class="${typeof cell === 'number' ? 'number' : ''}">${cell}</td>`)}</tr>`)}</tbody></table>
<p>${table.total} in all${pager(tab, offset, table.total)}</p></body></html>`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body: String(body) };
}

function pager(tab: Tab, offset: number, total: number) {
  const link = (to: number, label: string) => html` · <a href="/?show=${tab}&amp;offset=${String(to)}">${label}</a>`;
  return html`${offset > 0 ? link(Math.max(0, offset - PAGE), 'newer') : ''}${offset + PAGE < total ? link(offset + PAGE, 'older') : ''}`;
}

function tableOf(engine: OdooEngine, tab: Tab, offset: number): Table {
  const books = engine.books();
  const typed =
    (...types: string[]) =>
    (id: number) =>
      types.includes(books.move(id).moveType);
  switch (tab) {
    case 'invoices':
      return movesTable(engine, offset, typed('out_invoice', 'in_invoice', 'out_receipt', 'in_receipt'));
    case 'credit-notes':
      return movesTable(engine, offset, typed('out_refund', 'in_refund'));
    case 'entries':
      return movesTable(engine, offset, typed('entry'));
    case 'payments':
      return recordsTable(
        engine,
        'account.payment',
        ['name', 'state', 'partner_id', 'amount', 'currency_id', 'date', 'memo', 'is_reconciled'],
        offset,
      );
    case 'partners':
      return recordsTable(engine, 'res.partner', ['name', 'ref', 'email', 'country_id'], offset);
    case 'products':
      return recordsTable(engine, 'product.product', ['name', 'default_code', 'type'], offset);
    case 'reconciliations':
      return reconciliationsTable(engine, offset);
    case 'trial-balance':
      return trialBalanceTable(engine);
    case 'calls':
      return callsTable(engine, offset);
    default:
      return unreachable(tab);
  }
}

function recordsTable(engine: OdooEngine, model: string, columns: readonly string[], offset: number): Table {
  const page = documents(engine, model, PAGE, offset);
  return {
    columns,
    rows: (page?.records ?? []).map((record) => columns.map((column) => cell(record[column]))),
    total: page?.total ?? 0,
  };
}

const MOVE_COLUMNS = [
  'name',
  'state',
  'date',
  'partner_id',
  'journal_id',
  'ref',
  'amount_untaxed',
  'amount_tax',
  'amount_total',
  'currency_id',
  'amount_residual',
  'payment_state',
];

function movesTable(engine: OdooEngine, offset: number, keep: (id: number) => boolean): Table {
  const page = documents(engine, 'account.move', PAGE, offset, keep);
  const rows = (page?.records ?? []).map((record) => [
    ...MOVE_COLUMNS.map((column) => cell(record[column])),
    linesOf(engine, record),
  ]);
  return { columns: [...MOVE_COLUMNS, 'lines'], rows, total: page?.total ?? 0 };
}

function linesOf(engine: OdooEngine, record: WireObject): Markup {
  const books = engine.books();
  const lines = (isList(record.line_ids) ? record.line_ids : []).flatMap((id) =>
    typeof id === 'number' ? [books.line(id)] : [],
  );
  const texts = lines.map((line) => {
    const account = line.accountId === null ? '' : books.account(line.accountId).code;
    const side = line.balance >= 0 ? 'Dr' : 'Cr';
    return `${side} ${account} ${money(engine, Math.abs(line.balance))} ${line.name ?? ''}`;
  });
  return raw(String(html`<span class="lines">${texts.map((text) => html`${text}<br>`)}</span>`));
}

function reconciliationsTable(engine: OdooEngine, offset: number): Table {
  const books = engine.books();
  const partials = [...books.partials.all()].reverse();
  const rows = partials.slice(offset, offset + PAGE).map((partial) => {
    const debit = books.line(partial.debitId);
    const credit = books.line(partial.creditId);
    const named = (moveId: number) => books.move(moveId).name ?? String(moveId);
    return [
      debit.matching ?? '',
      named(debit.moveId),
      named(credit.moveId),
      wireAmount(partial.amount, books.companyCurrency().places),
    ];
  });
  return { columns: ['matching', 'debit', 'credit', 'amount'], rows, total: partials.length };
}

function trialBalanceTable(engine: OdooEngine): Table {
  const rows = summary(engine.books()).trialBalance.map((row) => [
    row.account,
    row.name,
    row.currency,
    money(engine, row.debit),
    money(engine, row.credit),
    money(engine, row.balance),
  ]);
  return { columns: ['account', 'name', 'currency', 'debit', 'credit', 'balance'], rows, total: rows.length };
}

function callsTable(engine: OdooEngine, offset: number): Table {
  const calls = engine.latestCalls();
  const rows = calls
    .slice(offset, offset + PAGE)
    .map((call) => [new Date(call.at).toISOString(), call.call, call.status, call.outcome, call.fault]);
  return { columns: ['at', 'call', 'status', 'outcome', 'fault'], rows, total: calls.length };
}

function money(engine: OdooEngine, minor: number): string {
  const places = engine.books().companyCurrency().places;
  return wireAmount(minor, places).toFixed(places);
}

function cell(value: Wire | undefined): string | number {
  if (value === undefined || value === false || value === null) return '';
  if (isList(value)) return String(value[1] ?? '');
  return typeof value === 'number' ? value : String(value);
}

function unreachable(tab: never): never {
  throw new Error(`unhandled tab ${String(tab)}`);
}
