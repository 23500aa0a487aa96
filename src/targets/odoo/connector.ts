/**
 * The Odoo connector. A natural key, the external id, makes every write an upsert; `ref` carries the same key, because
 * a billing user may not read external ids. Keep an instance: it remembers version, ids and, briefly, lock dates.
 *
 * Promises that a document is posted at most once under its key, and that what differs from the document sent is
 * said. Does not promise that nobody changes it in Odoo afterwards.
 */
import { z } from 'zod';
import type { TargetDocument } from '../../canonical/documents.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { unreachable } from '../../canonical/result.ts';
import type { OdooTargetConfig } from '../../tenants/config.ts';
import type { LookupOutcome, Posting, PostingOutcome, TargetConnector, TargetHttp } from '../connector.ts';
import { withDeadline } from '../http.ts';
import { type BookedKind, type Books, book, findByKey, receiptOf } from './booking.ts';
import { divisionBudget } from './bulk.ts';
import { findCard, upsertPartners, upsertProducts } from './cards.ts';
import { OdooClient } from './client.ts';
import { type Kinds, kindsFor } from './kinds.ts';
import type { BookedDocument } from './readback.ts';
import { References } from './references.ts';
import { settle } from './settle.ts';
import type { OdooSession } from './transport.ts';
import { fail, type Work } from './work.ts';

/** A person waits for the answer. */
const LOCKS_MS = 10_000;

/**
 * @param clock measures how long a `post` has taken, nothing else.
 * @param apiKey of a user with billing and contact rights in the configured company; never logged, never in an error.
 */
export function odooConnector(
  config: OdooTargetConfig,
  apiKey: string,
  http: TargetHttp,
  clock: () => EpochMs = Date.now,
): TargetConnector {
  const session: OdooSession = { version: null, uid: null };
  const references = new References();
  const clientOver = (used: TargetHttp) => new OdooClient(config, apiKey, used, session);
  const booksOf = (client: OdooClient): Books => ({ client, config, references, budget: { calls: divisionBudget } });

  return {
    kind: 'odoo',
    idempotency: 'natural-key',
    accepts: () => true,

    async post(postings, now, deadline) {
      const begun = clock();
      const client = clientOver(withDeadline(http, () => deadline - now - (clock() - begun)));
      const works = workOn(postings);
      const all = [...works.values()];
      const prepared = await references.prepare(
        all.map((work) => work.document),
        client,
        now,
      );
      const connection = await client.connect();
      if (!prepared.ok) fail(all, prepared.error, false);
      else if (!connection.ok) fail(all, connection.error, false);
      else await postAll(all, kindsFor(connection.value.version.major, config, references), booksOf(client));
      return postings.map((posting) => works.get(identity(posting.document))?.outcome ?? lost);
    },

    async lookup(document, now) {
      const client = clientOver(http);
      const prepared = await references.prepare([document], client, now);
      if (!prepared.ok) return { found: 'unknown', message: prepared.error.message };
      const connection = await client.connect();
      if (!connection.ok) return { found: 'unknown', message: connection.error.message };
      return lookUp(document, kindsFor(connection.value.version.major, config, references), booksOf(client));
    },

    async locks(now) {
      const begun = clock();
      const client = clientOver(withDeadline(http, () => LOCKS_MS - (clock() - begun)));
      const read = await references.readLocks(client, now);
      return read.ok ? { ok: true, locks: read.value } : { ok: false, message: read.error.message };
    },

    async probe() {
      const client = clientOver(http);
      const connection = await client.connect();
      if (!connection.ok) return { ok: false, message: connection.error.message };
      // Nothing is found, but credentials, database and rights are proven.
      const allowed = await client.searchRead('account.move', [['id', '=', 0]], z.object({ id: z.int() }), ['id']);
      if (!allowed.ok) return { ok: false, message: allowed.error.message };
      return { ok: true, version: connection.value.version.text };
    },
  };
}

const lost: PostingOutcome = { outcome: 'uncertain', message: 'no outcome was recorded', retryAfterMs: null };

/** Snapshots of one customer or product are one record at the target, whatever their keys. */
const identity = (document: TargetDocument): string =>
  document.kind === 'partner' || document.kind === 'product' ? `${document.kind}/${document.object}` : document.key;

/** One work per record: of two snapshots of a customer in one batch, the newer; of two equal documents, either. */
function workOn(postings: readonly Posting[]): Map<string, Work> {
  const works = new Map<string, Work>();
  for (const { document, receipts, uncertain } of postings) {
    const known = works.get(identity(document));
    const newer = known === undefined || versionOf(document) > versionOf(known.document);
    works.set(identity(document), {
      document: newer ? document : known.document,
      receipts,
      uncertain: uncertain || known?.uncertain === true,
      outcome: null,
      remoteId: null,
      moveId: null,
    });
  }
  return works;
}

const versionOf = (document: TargetDocument): number =>
  document.kind === 'partner' || document.kind === 'product' ? document.version : 0;

/**
 * Customers and products first, so that bills of the same wave find them; then what settles, and the matching. Credit
 * notes come last: Odoo matches one with its invoice at once, and a payment of the same wave has the first claim to it.
 */
async function postAll(works: readonly Work[], kinds: Kinds, books: Books): Promise<void> {
  await upsertPartners(works.filter(isOf('partner')), books);
  await upsertProducts(works.filter(isOf('product')), books);
  const invoices = works.filter(isOf('invoice'));
  const notes = works.filter(isOf('credit_note'));
  const entries = works.filter(isOf('entry'));
  const payments = works.filter(isOf('payment'));
  await book(kinds.bill, invoices, books);
  await book(kinds.entry, entries, books);
  await book(kinds.payment, payments, books);
  await settle([...entries, ...payments], books);
  await book(kinds.bill, notes, books);
}

const isOf =
  <Kind extends TargetDocument['kind']>(...kinds: readonly Kind[]) =>
  (work: Work): work is Work<Extract<TargetDocument, { kind: Kind }>> =>
    kinds.some((kind) => kind === work.document.kind);

async function lookUp(document: TargetDocument, kinds: Kinds, books: Books): Promise<LookupOutcome> {
  switch (document.kind) {
    case 'partner':
    case 'product':
      return findCard(document, books.client);
    case 'invoice':
    case 'credit_note':
      return findBooked(kinds.bill, document, books);
    case 'entry':
      return findBooked(kinds.entry, document, books);
    case 'payment':
      return findBooked(kinds.payment, document, books);
    default:
      return unreachable(document);
  }
}

/** A draft is not in the books: posting again finishes it. */
async function findBooked<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  document: Document,
  books: Books,
): Promise<LookupOutcome> {
  const found = await findByKey(kind, [document.key], books);
  if (!found.ok) return { found: 'unknown', message: found.error.message };
  const copies = found.value.get(document.key) ?? [];
  const [record] = copies;
  if (record?.state !== 'posted') return { found: 'no' };
  return { found: 'yes', receipt: receiptOf({ document, receipts: new Map() }, record, books, copies.length) };
}
