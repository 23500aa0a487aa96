/** What reports read of objects and events besides entries: by primary key, in bounded lists. */
import { z } from 'zod';
import type { IsoDate } from '../canonical/ids.ts';
import { isoDate } from '../canonical/ids.ts';
import type { LedgerDatabase } from './database.ts';
import type { InvoiceTerms } from './statements/ageing.ts';
import type { AnnouncedPayout, BookedPayout } from './statements/clearing.ts';

const KEYS_PER_READ = 500;
/** A payout's event holds its whole list, which may be long. */
const PAYOUTS_PER_READ = 20;

function* chunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}

const readStates = `SELECT o.object AS object, o.state AS state
FROM json_each(?2) k CROSS JOIN objects o ON o.tenant = ?1 AND o.object = k.value`;

async function* statesOf(db: LedgerDatabase, tenant: string, keys: readonly string[]) {
  for (const chunk of chunks([...new Set(keys)], KEYS_PER_READ)) {
    const read = db.prepare(readStates).bind(tenant, JSON.stringify(chunk));
    const { results } = await read.all<{ object: string; state: string }>();
    for (const { object, state } of results) yield { object, state: JSON.parse(state) as unknown };
  }
}

const invoiceState = z.looseObject({
  kind: z.literal('invoice'),
  number: z.string(),
  dueDate: z
    .string()
    .nullable()
    .transform((text): IsoDate | null => (text === null ? null : isoDate(text))),
});

/** Numbers and due dates of those keys that are invoices. */
export async function readInvoiceTerms(
  db: LedgerDatabase,
  tenant: string,
  keys: readonly string[],
): Promise<Map<string, InvoiceTerms>> {
  const terms = new Map<string, InvoiceTerms>();
  for await (const { object, state } of statesOf(db, tenant, keys)) {
    const invoice = invoiceState.safeParse(state);
    if (invoice.success) terms.set(object, { number: invoice.data.number, due: invoice.data.dueDate });
  }
  return terms;
}

const unsettledPayment = z.looseObject({ kind: z.literal('payment'), settled: z.literal(false) });

/** Those of the keys that are payments whose fee the books do not know yet. */
export async function readUnsettled(db: LedgerDatabase, tenant: string, keys: readonly string[]): Promise<Set<string>> {
  const unsettled = new Set<string>();
  for await (const { object, state } of statesOf(db, tenant, keys)) {
    if (unsettledPayment.safeParse(state).success) unsettled.add(object);
  }
  return unsettled;
}

const payoutState = z.looseObject({ kind: z.literal('payout'), feesOf: z.array(z.string()) });

const payoutFact = z.looseObject({
  kind: z.literal('payout.sent'),
  payout: z.string(),
  currency: z.string(),
  amount: z.int(),
  transactions: z
    .array(
      z.looseObject({
        payment: z.string(),
        settlement: z.looseObject({ currency: z.string(), gross: z.int(), net: z.int() }),
      }),
    )
    .nullable(),
});

const readFacts = `SELECT e.facts AS facts
FROM json_each(?2) k CROSS JOIN events e ON e.tenant = ?1 AND e.source = k.value ->> 0 AND e.event_id = k.value ->> 1`;

/** What each booked payout's event announced, a few at a time. */
export async function* readPayouts(
  db: LedgerDatabase,
  tenant: string,
  booked: readonly BookedPayout[],
): AsyncGenerator<AnnouncedPayout> {
  for (const chunk of chunks(booked, PAYOUTS_PER_READ)) {
    const fees = new Map<string, readonly string[]>();
    const keys = chunk.map(({ payout }) => payout);
    for await (const { object, state } of statesOf(db, tenant, keys)) fees.set(object, payoutState.parse(state).feesOf);
    const events = new Map(chunk.map(({ source, eventId }) => [`${source}\n${eventId}`, [source, eventId]]));
    const read = db.prepare(readFacts).bind(tenant, JSON.stringify([...events.values()]));
    const { results } = await read.all<{ facts: string }>();
    for (const { facts } of results) {
      for (const fact of z.array(z.looseObject({ kind: z.string() })).parse(JSON.parse(facts))) {
        if (fact.kind === 'payout.sent') yield announced(payoutFact.parse(fact), fees);
      }
    }
  }
}

function announced(fact: z.infer<typeof payoutFact>, fees: ReadonlyMap<string, readonly string[]>): AnnouncedPayout {
  const { payout, currency, amount, transactions } = fact;
  const listed = transactions?.map(({ payment, settlement }) => {
    return { item: payment, currency: settlement.currency, gross: settlement.gross, net: settlement.net };
  });
  return { payout, currency, amount, transactions: listed ?? null, feesOf: fees.get(payout) ?? [] };
}
