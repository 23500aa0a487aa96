/**
 * The suite every target connector must pass: whatever call breaks, in whatever way, at whatever place, a document is at
 * the target once in the end, and the connector never claims what it does not know.
 */
import { describe, expect, it } from 'vitest';
import type {
  CreditNoteDocument,
  EntryDocument,
  InvoiceDocument,
  PartnerDocument,
  PaymentDocument,
  ProductDocument,
  TargetDocument,
} from '../../src/canonical/documents.ts';
import { type IsoDate, isoDate, objectKey, type PostingKey, postingKey } from '../../src/canonical/ids.ts';
import { currency, type MinorUnits, minorUnits } from '../../src/canonical/money.ts';
import { documentKey } from '../../src/canonical/rules/document-keys.ts';
import type {
  HttpAnswer,
  Posting,
  PostingOutcome,
  Receipt,
  TargetConnector,
  TargetHttp,
} from '../../src/targets/connector.ts';

/** A document as it stands, finished, in the target's books. */
export interface Booked {
  readonly key: string;
  readonly total: MinorUnits;
  readonly date: string | null;
  /** What is still open of an invoice; null where the notion does not apply. */
  readonly open: MinorUnits | null;
}

/** A target with empty books, and how to look behind the connector's back. */
export interface ContractTarget {
  readonly http: TargetHttp;
  /** A new instance, as after a restart. */
  connector(http: TargetHttp): TargetConnector;
  booked(): readonly Booked[];
  /** What the target answers when it gives up on a conflict of transactions; nothing was written. */
  readonly conflict: HttpAnswer;
  /** What it answers to a wrong key. */
  readonly unauthorized: HttpAnswer;
  lockUntil(date: IsoDate): void;
  /** An account the target does not have. */
  readonly unknownAccount: string;
}

export const now = Date.UTC(2026, 10, 22);
/** Far enough away that no test comes near it. */
export const deadline = now + 600_000;
const usd = currency('USD');
const minor = minorUnits;

const head = (kind: TargetDocument['kind'], object: string, id: string) => ({
  key: documentKey(kind, objectKey('stripe', object, id)),
  object: objectKey('stripe', object, id),
  entity: 'acme',
  dependsOn: [],
});

export const partner = (id = 'cus_1', fields: Partial<PartnerDocument> = {}): PartnerDocument => ({
  ...head('partner', 'customer', id),
  kind: 'partner',
  version: 1,
  name: 'Ada & Söhne, "GmbH"',
  email: 'ada@example.com',
  phone: null,
  taxId: null,
  address: { line1: '1 rue de Rivoli', line2: null, city: 'Paris', postalCode: '75001', state: null, country: 'FR' },
  active: true,
  ...fields,
});

export const product = (id = 'prod_1'): ProductDocument => ({
  ...head('product', 'product', id),
  kind: 'product',
  version: 1,
  name: 'Seats',
  description: null,
  active: true,
});

export const invoice = (id: string, fields: Partial<InvoiceDocument> = {}): InvoiceDocument => ({
  ...head('invoice', 'invoice', id),
  kind: 'invoice',
  partner: partner().key,
  number: `A-${id}`,
  date: isoDate('2026-11-05'),
  dueDate: isoDate('2026-12-05'),
  currency: usd,
  baseTotal: minor(12_010),
  baseCurrency: usd,
  lines: [
    {
      id: 'il_1',
      description: 'Seats',
      product: null,
      account: '400000',
      net: minor(10_000),
      taxes: [{ code: 'FR-20', account: '251000', amount: minor(2_000), percent: '20' }],
    },
    { id: 'il_2', description: 'Support', product: null, account: '400000', net: minor(10), taxes: [] },
  ],
  untaxed: minor(10_010),
  tax: minor(2_000),
  total: minor(12_010),
  ...fields,
});

export const creditNote = (id: string, reverses: PostingKey): CreditNoteDocument => ({
  ...head('credit_note', 'credit_note', id),
  kind: 'credit_note',
  partner: partner().key,
  number: `C-${id}`,
  date: isoDate('2026-11-06'),
  currency: usd,
  baseTotal: minor(3_000),
  baseCurrency: usd,
  lines: [{ id: 'cnli_1', description: 'Seats', product: null, account: '400000', net: minor(3_000), taxes: [] }],
  untaxed: minor(3_000),
  tax: minor(0),
  total: minor(3_000),
  reverses,
});

export const payment = (id: string, settles: PostingKey): PaymentDocument => ({
  ...head('payment', 'payment', id),
  kind: 'payment',
  partner: partner().key,
  date: isoDate('2026-11-07'),
  currency: usd,
  amount: minor(2_010),
  reference: 'wire 4711',
  settles,
});

export const entry = (id: string, settles: PostingKey | null, amount = 12_010): EntryDocument => ({
  ...head('entry', 'charge', id),
  kind: 'entry',
  date: isoDate('2026-11-08'),
  reference: `ch_${id}`,
  baseCurrency: usd,
  lines: [
    line('101401', amount - 350, null),
    line('620000', 350, null),
    { ...line('121000', -amount, settles), partner: partner().key },
  ],
});

const line = (account: string, amount: number, settles: PostingKey | null) => ({
  account,
  currency: usd,
  amount: minor(amount),
  base: minor(amount),
  partner: null,
  label: 'Charge',
  settles,
  exchangeDifference: false,
});

/** Ways a call breaks. Those named `after` were carried out all the same. */
const faults = [
  'request dropped',
  'answer lost after commit',
  'hang after commit',
  'gateway error after commit',
  'connection refused',
  'rate limited',
  'server error page',
  'conflict',
] as const;
type Fault = (typeof faults)[number];

/** Breaks the call with the given number, counted from zero, and passes all others on. */
function breaking(target: ContractTarget, at: number, fault: Fault): TargetHttp & { readonly count: () => number } {
  let count = 0;
  return {
    count: () => count,
    async send(request) {
      if (count++ !== at) return target.http.send(request);
      return broken(target, fault, () => target.http.send(request));
    },
  };
}

const page = (status: number): HttpAnswer => ({
  kind: 'answer',
  status,
  contentType: 'text/html',
  body: '<h1>Bad Gateway</h1>',
  retryAfterMs: status === 429 ? 1000 : null,
});

async function broken(target: ContractTarget, fault: Fault, carryOut: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  switch (fault) {
    case 'request dropped':
      return { kind: 'broken', message: 'connection lost' };
    case 'answer lost after commit':
      await carryOut();
      return { kind: 'broken', message: 'connection lost' };
    case 'hang after commit':
      await carryOut();
      return { kind: 'broken', message: 'no answer within 60000 ms' };
    case 'gateway error after commit':
      await carryOut();
      return page(502);
    case 'connection refused':
      return { kind: 'refused', message: 'no connection: ECONNREFUSED' };
    case 'rate limited':
      return page(429);
    case 'server error page':
      return page(500);
    case 'conflict':
      return target.conflict;
  }
}

const postings = (
  documents: readonly TargetDocument[],
  uncertain: (document: TargetDocument) => boolean = () => false,
  receipts: ReadonlyMap<PostingKey, Receipt> = new Map(),
): Posting[] => documents.map((document) => ({ document, receipts, uncertain: uncertain(document) }));

/** Posts as the poster does: what is not decided is tried again, and said to be uncertain when it was. */
async function persist(connector: TargetConnector, documents: readonly TargetDocument[]): Promise<PostingOutcome[]> {
  const outcomes = new Map<PostingKey, PostingOutcome>();
  const unsure = new Set<PostingKey>();
  for (let attempt = 0; attempt < 5; attempt++) {
    const left = documents.filter((each) => {
      const outcome = outcomes.get(each.key)?.outcome;
      return outcome !== 'applied' && outcome !== 'rejected';
    });
    if (left.length === 0) break;
    const answers = await connector.post(
      postings(left, (each) => unsure.has(each.key)),
      now,
      deadline,
    );
    expect(answers).toHaveLength(left.length);
    left.forEach((each, index) => {
      const answer = answers[index];
      if (answer === undefined) return;
      outcomes.set(each.key, answer);
      if (answer.outcome === 'uncertain') unsure.add(each.key);
    });
  }
  return documents.flatMap((each) => outcomes.get(each.key) ?? []);
}

const summary = (target: ContractTarget) =>
  target
    .booked()
    .map(({ key, total, date, open }) => ({ key, total, date, open }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));

const bills = (target: ContractTarget) =>
  target.booked().flatMap((each) => (each.key.startsWith('invoice/') ? [each.key] : []));

/** What must be there before each kind can be posted. */
const scenarios: readonly {
  readonly kind: TargetDocument['kind'];
  readonly before: readonly (readonly TargetDocument[])[];
  readonly documents: readonly TargetDocument[];
}[] = [
  { kind: 'partner', before: [], documents: [partner(), partner('cus_2')] },
  { kind: 'product', before: [], documents: [product(), product('prod_2')] },
  { kind: 'invoice', before: [[partner()]], documents: [invoice('in_1'), invoice('in_2')] },
  {
    kind: 'credit_note',
    before: [[partner()], [invoice('in_1')]],
    documents: [creditNote('cn_1', invoice('in_1').key)],
  },
  { kind: 'payment', before: [[partner()], [invoice('in_1')]], documents: [payment('py_1', invoice('in_1').key)] },
  {
    kind: 'entry',
    before: [[partner()], [invoice('in_1'), invoice('in_2')]],
    documents: [entry('ch_1', invoice('in_1').key), entry('ch_2', invoice('in_2').key, 2_000)],
  },
];

async function prepared(make: () => ContractTarget, before: readonly (readonly TargetDocument[])[]) {
  const target = make();
  for (const wave of before) {
    const outcomes = await target.connector(target.http).post(postings(wave), now, deadline);
    expect(outcomes.map((each) => each.outcome)).toEqual(wave.map(() => 'applied'));
  }
  return target;
}

export function connectorContract(name: string, make: () => ContractTarget): void {
  describe(`${name} keeps the connector contract`, () => {
    describe.each(scenarios)('$kind', ({ before, documents }) => {
      it('posts once, with a receipt and nothing different', async () => {
        const target = await prepared(make, before);
        const outcomes = await target.connector(target.http).post(postings(documents), now, deadline);
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ outcome: 'applied', receipt: { differences: [] } });
        }
        const booked = summary(target);
        for (const document of documents) {
          if (document.kind === 'partner' || document.kind === 'product') continue;
          expect(booked.filter((each) => each.key === document.key)).toHaveLength(1);
          expect(booked.find((each) => each.key === document.key)?.date).toBe(document.date);
        }
      });

      it('posts once when it is told twice, and answers the same receipt', async () => {
        const target = await prepared(make, before);
        const first = await target.connector(target.http).post(postings(documents), now, deadline);
        const booked = summary(target);
        const again = await target.connector(target.http).post(postings(documents), now, deadline);
        const unsure = await target.connector(target.http).post(
          postings(documents, () => true),
          now,
          deadline,
        );
        expect(again).toEqual(first);
        expect(unsure).toEqual(first);
        expect(summary(target)).toEqual(booked);
      });

      it('finds what is there and not what is not', async () => {
        const target = await prepared(make, before);
        const [document] = documents;
        if (document === undefined) throw new Error('no document');
        expect(await target.connector(target.http).lookup(document, now)).toEqual({ found: 'no' });
        const [posted] = await target.connector(target.http).post(postings([document]), now, deadline);
        const found = await target.connector(target.http).lookup(document, now);
        const receipt = posted?.outcome === 'applied' ? posted.receipt : null;
        expect(found).toEqual({ found: 'yes', receipt });
      });

      it.each(faults)('is there once in the end, whichever call meets: %s', async (fault) => {
        const clean = await prepared(make, before);
        const counting = breaking(clean, Number.POSITIVE_INFINITY, fault);
        await clean.connector(counting).post(postings(documents), now, deadline);
        const expected = summary(clean);
        expect(counting.count()).toBeGreaterThan(0);
        for (let at = 0; at < counting.count(); at++) {
          const target = await prepared(make, before);
          const http = breaking(target, at, fault);
          const outcomes = await persist(target.connector(http), documents);
          const where = `call ${at} of ${counting.count()}`;
          expect(
            outcomes.map((each) => each.outcome),
            where,
          ).toEqual(documents.map(() => 'applied'));
          expect(summary(target), where).toEqual(expected);
        }
      });

      it.each(faults)('never says applied or rejected of what it could not know: %s', async (fault) => {
        const clean = await prepared(make, before);
        const counting = breaking(clean, Number.POSITIVE_INFINITY, fault);
        await clean.connector(counting).post(postings(documents), now, deadline);
        for (let at = 0; at < counting.count(); at++) {
          const target = await prepared(make, before);
          const earlier = target.booked().map((each) => each.key);
          const outcomes = await target.connector(breaking(target, at, fault)).post(postings(documents), now, deadline);
          const booked = new Set(target.booked().map((each) => each.key));
          outcomes.forEach((outcome, index) => {
            const key = documents[index]?.key ?? '';
            expect(outcome.outcome, `call ${at}`).not.toBe('rejected');
            if (outcome.outcome === 'not_sent' && !earlier.includes(key))
              expect(booked, `call ${at}`).not.toContain(key);
          });
        }
      });
    });

    it('lets one bad document of a batch not hold the others', async () => {
      const target = await prepared(make, [[partner()]]);
      const batch = Array.from({ length: 9 }, (_, index) => invoice(`in_${index}`));
      const [first] = batch[4]?.lines ?? [];
      if (first === undefined) throw new Error('no line');
      batch[4] = invoice('in_4', { lines: [{ ...first, account: target.unknownAccount }] });
      batch[7] = invoice('in_7', { partner: postingKey('customer/nobody') });
      const outcomes = await target.connector(target.http).post(postings(batch), now, deadline);
      const expected = batch.map((_, index) => (index === 4 || index === 7 ? 'rejected' : 'applied'));
      expect(outcomes.map((each) => each.outcome)).toEqual(expected);
      expect(bills(target)).toHaveLength(7);
    });

    it('rejects what a locked period would move, and posts nothing', async () => {
      const target = await prepared(make, [[partner()]]);
      target.lockUntil(isoDate('2026-11-05'));
      const documents = [invoice('in_1'), invoice('in_2', { date: isoDate('2026-11-06') })];
      const outcomes = await target.connector(target.http).post(postings(documents), now, deadline);
      expect(outcomes[0]).toMatchObject({ outcome: 'rejected', class: 'business', code: 'period_locked' });
      expect(outcomes[1]).toMatchObject({ outcome: 'applied' });
      expect(bills(target)).toEqual([documents[1]?.key]);
    });

    it('answers for what was posted before the period was locked', async () => {
      const target = await prepared(make, [[partner()], [invoice('in_1')]]);
      target.lockUntil(isoDate('2026-11-30'));
      const [outcome] = await target.connector(target.http).post(
        postings([invoice('in_1')], () => true),
        now,
        deadline,
      );
      expect(outcome).toMatchObject({ outcome: 'applied', receipt: { differences: [] } });
    });

    it('does not post a document whose total the target sees differently', async () => {
      const target = await prepared(make, [[partner()]]);
      const wrong = invoice('in_1', { total: minor(12_011), baseTotal: minor(12_011) });
      const [outcome] = await target.connector(target.http).post(postings([wrong]), now, deadline);
      expect(outcome).toMatchObject({ outcome: 'rejected', class: 'business', code: 'totals_differ' });
      if (outcome?.outcome === 'rejected') expect(outcome.message).toMatch(/120\.11 USD.*120\.10 USD/);
      expect(bills(target)).toEqual([]);
    });

    it('says config when its key is refused, of every document, and says nothing of the key', async () => {
      const target = await prepared(make, [[partner()]]);
      const http: TargetHttp = {
        send: (request) =>
          request.method === 'GET' ? target.http.send(request) : Promise.resolve(target.unauthorized),
      };
      const outcomes = await target.connector(http).post(postings([invoice('in_1'), invoice('in_2')]), now, deadline);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'rejected', class: 'config' });
      expect(JSON.stringify(outcomes)).not.toMatch(/sandbox-key|Traceback|ada@/i);
      expect(await target.connector(http).probe()).toMatchObject({ ok: false });
      expect(await target.connector(target.http).probe()).toMatchObject({ ok: true });
    });

    it('posts a hundred invoices in few calls, and a hundred settlements', async () => {
      const target = await prepared(make, [[partner()]]);
      const connector = target.connector(target.http);
      await connector.post(postings([invoice('in_warm')]), now, deadline);
      const invoices = Array.from({ length: 100 }, (_, index) => invoice(`in_${index}`));
      let calls = 0;
      const counted = target.connector({
        send: (request) => {
          calls++;
          return target.http.send(request);
        },
      });
      const outcomes = await counted.post(postings(invoices), now, deadline);
      expect(outcomes.every((each) => each.outcome === 'applied')).toBe(true);
      expect(calls).toBeLessThanOrEqual(10);
      const entries = invoices.map((each, index) => entry(`ch_${index}`, each.key));
      const settled = await counted.post(postings(entries), now, deadline);
      expect(settled.every((each) => each.outcome === 'applied' && each.receipt.differences.length === 0)).toBe(true);
      const open = target.booked().filter((each) => each.key.startsWith('invoice/') && each.open !== 0);
      expect(open.map((each) => each.key)).toEqual([invoice('in_warm').key]);
    });
  });
}
