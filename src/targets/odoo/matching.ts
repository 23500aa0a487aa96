/**
 * Documents that somebody else posted: found by what a person would look for (a bill's number, a movement's reference, a
 * customer's id or e-mail address) instead of our key. Two customers that fit are none: which one is meant is not guessed.
 * Of two documents that fit the first is taken, and that there are two is a difference.
 */
import { z } from 'zod';
import type { TargetDocument } from '../../canonical/documents.ts';
import { unreachable } from '../../canonical/result.ts';
import type { LookupOutcome, Posting } from '../connector.ts';
import { type BookedKind, type Books, receiptOf } from './booking.ts';
import type { Kinds } from './kinds.ts';
import type { BookedDocument } from './readback.ts';
import { text } from './wire.ts';

/** One answer per posting, in order. */
export async function matchAll(
  postings: readonly Posting[],
  kinds: Kinds,
  books: Books,
): Promise<readonly LookupOutcome[]> {
  const answers: LookupOutcome[] = [];
  // One by one: a parallel run and a history load have time, and what one document is found by says nothing of another.
  for (const posting of postings) answers.push(await matchOne(posting, kinds, books));
  return answers;
}

async function matchOne({ document, receipts }: Posting, kinds: Kinds, books: Books): Promise<LookupOutcome> {
  switch (document.kind) {
    case 'partner':
      return matchCard(
        'res.partner',
        [
          ['ref', providerId(document)],
          ['email', document.email],
        ],
        books,
      );
    case 'product':
      return matchCard(
        'product.product',
        [
          ['default_code', providerId(document)],
          ['name', document.name],
        ],
        books,
      );
    case 'invoice':
    case 'credit_note':
      return matchBooked(kinds.bill, document, receipts, ['name', 'ref', 'payment_reference'], document.number, books);
    case 'entry':
      return matchBooked(kinds.entry, document, receipts, ['ref'], document.reference, books);
    case 'payment':
      return matchBooked(kinds.payment, document, receipts, [kinds.payment.keyField], document.reference, books);
    default:
      return unreachable(document);
  }
}

/** `stripe:customer:cus_1` → `cus_1`. */
const providerId = ({ object }: TargetDocument): string => object.split(':').slice(2).join(':');

const absent: LookupOutcome = { found: 'no' };

/** By the first field that has a value and finds exactly one. */
async function matchCard(
  model: 'res.partner' | 'product.product',
  fields: readonly (readonly [string, string | null])[],
  { client }: Books,
): Promise<LookupOutcome> {
  for (const [field, value] of fields) {
    if (value === null || value === '') continue;
    const rows = await client.searchRead(
      model,
      [
        [field, '=', value],
        ['active', 'in', [true, false]],
      ],
      z.object({ id: z.int(), name: text }),
      ['name'],
    );
    if (!rows.ok) return { found: 'unknown', message: rows.error.message };
    const [only, other] = rows.value;
    if (only !== undefined && other === undefined) {
      const receipt = { remoteId: `${model}/${only.id}`, remoteName: null, remoteDate: null, differences: [] };
      return { found: 'yes', receipt };
    }
  }
  return absent;
}

async function matchBooked<Document extends BookedDocument>(
  kind: BookedKind<Document>,
  document: Document,
  receipts: Posting['receipts'],
  fields: readonly string[],
  number: string,
  books: Books,
): Promise<LookupOutcome> {
  for (const field of fields) {
    const rows = await books.client.searchRead(
      kind.model,
      [[field, '=', number], ['company_id', '=', books.config.companyId], ...kind.domain],
      kind.row,
      [...kind.readFields],
    );
    if (!rows.ok) return { found: 'unknown', message: rows.error.message };
    const posted = rows.value.filter((record) => record.state === 'posted');
    const [only] = posted;
    if (only === undefined) continue;
    return { found: 'yes', receipt: receiptOf({ document, receipts }, only, books, posted.length) };
  }
  return absent;
}
