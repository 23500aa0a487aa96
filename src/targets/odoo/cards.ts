/** Customers and products: upserts by external id, with nothing to post and nothing to compare. */
import { z } from 'zod';
import type { PartnerDocument, ProductDocument } from '../../canonical/documents.ts';
import type { LookupOutcome, Receipt } from '../connector.ts';
import type { Books } from './booking.ts';
import { divide } from './bulk.ts';
import type { OdooClient } from './client.ts';
import { partnerFields, partnerReference, partnerRows } from './partner.ts';
import { productFields, productReference, productRows } from './product.ts';
import { text } from './wire.ts';
import { type Difference, difference, fail, isOpen, type Work } from './work.ts';

type CardDocument = PartnerDocument | ProductDocument;

/** Decides every work it is given. Safe to repeat whatever came of an earlier attempt, so `uncertain` needs no look-up. */
export async function upsertPartners(works: readonly Work<PartnerDocument>[], books: Books): Promise<void> {
  await upsert(works, books, (document) => partnerRows(document, books.references), 'res.partner', partnerFields, []);
  // Odoo checks tax ids where the VAT module is installed. A wrong one is a warning, not a reason to hold all invoices.
  const refused = works.filter(
    (work) => work.outcome?.outcome === 'rejected' && work.outcome.class === 'business' && work.document.taxId !== null,
  );
  for (const work of refused) work.outcome = null;
  await upsert(
    refused,
    books,
    (document) => partnerRows({ ...document, taxId: null }, books.references),
    'res.partner',
    partnerFields,
    [difference('tax id', 'as given', 'left out: Odoo refuses it')],
  );
}

export const upsertProducts = (works: readonly Work<ProductDocument>[], books: Books): Promise<void> =>
  upsert(works, books, productRows, 'product.product', productFields, []);

async function upsert<Document extends CardDocument>(
  works: readonly Work<Document>[],
  books: Books,
  rowsOf: (document: Document) => string[][],
  model: 'res.partner' | 'product.product',
  fields: readonly string[],
  differences: readonly Difference[],
): Promise<void> {
  const { batch } = books.config.limits;
  for (let start = 0; start < works.length; start += batch) {
    await divide(
      works.slice(start, start + batch),
      books.budget,
      isOpen,
      async (part) => {
        const data = part.flatMap((work) => rowsOf(work.document));
        const loaded = await books.client.load(model, fields, data, part.length);
        if (!loaded.ok) return loaded;
        part.forEach((work, index) => {
          const id = loaded.value[index] ?? null;
          work.remoteId = id;
          const receipt: Receipt = { remoteId: `${model}/${id}`, remoteName: null, remoteDate: null, differences };
          work.outcome = { outcome: 'applied', receipt };
        });
        return loaded;
      },
      (part, failure) => fail(part, failure, true),
    );
  }
}

/** By our reference; the content is not compared, as people at the target may and do complete it. */
export async function findCard(document: CardDocument, client: OdooClient): Promise<LookupOutcome> {
  const [model, field, key] =
    document.kind === 'partner'
      ? ['res.partner', 'ref', partnerReference(document)]
      : ['product.product', 'default_code', productReference(document)];
  const row = z.object({ id: z.int(), name: text });
  const rows = await client.searchRead(
    model,
    [
      [field, '=', key],
      ['active', 'in', [true, false]],
    ],
    row,
    ['name'],
  );
  if (!rows.ok) return { found: 'unknown', message: rows.error.message };
  const [card] = rows.value;
  if (card === undefined) return { found: 'no' };
  const copies = rows.value.length;
  return {
    found: 'yes',
    receipt: {
      remoteId: `${model}/${card.id}`,
      remoteName: null,
      remoteDate: null,
      differences: copies > 1 ? [difference('copies', '1', String(copies))] : [],
    },
  };
}
