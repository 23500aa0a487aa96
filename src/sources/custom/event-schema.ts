/**
 * Canonical events as zod schemas: for facts that come from outside the compiler's sight, such as those that a custom
 * source's expressions make. canonical/events.ts stays the definition; the check at the end of this file does not
 * compile when the two differ, so neither can drift.
 *
 * The schemas are made for a dialect, because there are two: facts as they are stored, and facts as people write them
 * (plain ids instead of object keys, what is absent instead of null). Both parse to the same `AnnouncedEvent`.
 */
import { z } from 'zod';
import type { AnnouncedEvent, CanonicalKind } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, minorUnits, type Rate, rate } from '../../canonical/money.ts';

/** Object kinds as they stand in keys, `stripe:credit_note:cn_1`. */
export const objectKinds = [
  'customer',
  'product',
  'invoice',
  'payment',
  'credit_note',
  'refund',
  'dispute',
  'payout',
  'fee',
  'adjustment',
  'subscription',
  'deal',
  'contract',
] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** How the schemas read what the two ways of writing facts differ in. */
export interface FactDialect {
  /** An object of this kind. */
  readonly key: (kind: ObjectKind) => z.ZodType<ObjectKey>;
  /** Objects that must be in the books before. */
  readonly requires: z.ZodType<readonly ObjectKey[]>;
  readonly occurredAt: z.ZodType<EpochMs>;
  /** Orders snapshots. */
  readonly version: z.ZodType<number>;
  readonly nullable: <T>(inner: z.ZodType<T>) => z.ZodType<T | null>;
  /** A value that may be left out where the dialect allows it. */
  readonly withDefault: <T>(inner: z.ZodType<T>, value: T) => z.ZodType<T>;
}

/** Furthest instant a calendar date can hold (ECMA-262: 8.64e15 ms). */
const MAX_INSTANT = 8_640_000_000_000_000;
export const instantSchema: z.ZodType<EpochMs> = z.int().min(-MAX_INSTANT).max(MAX_INSTANT);

/** Integer minor units; text and fractions are refused, so that no rounding hides here. */
export const amountSchema: z.ZodType<MinorUnits> = z.int().transform((amount) => minorUnits(amount));

export const currencySchema: z.ZodType<Currency> = z
  .string()
  .regex(/^[A-Z]{3}$/, 'an ISO 4217 code in capitals, such as EUR')
  .transform((code) => currency(code));

const rateSchema: z.ZodType<Rate> = z
  .string()
  .regex(/^(?!0*(?:\.0*)?$)\d{1,12}(?:\.\d{1,12})?$/, 'a positive decimal in quotes, such as "0.9213"')
  .transform((text) => rate(text));

const quantity = z.string().regex(/^-?\d{1,18}(?:\.\d{1,18})?$/, 'a decimal in quotes, such as "2"');
const percent = z.string().regex(/^-?\d{1,6}(?:\.\d{1,12})?$/, 'a decimal in quotes, such as "20"');
const text = z.string().max(2000);
const word = z.string().min(1).max(255);

const MAX_LINES = 1000;
const MAX_TAXES = 50;

const parts = (dialect: FactDialect) => {
  const { nullable, withDefault, key } = dialect;
  const address = z.strictObject({
    line1: nullable(text),
    line2: nullable(text),
    city: nullable(text),
    postalCode: nullable(text),
    state: nullable(text),
    country: nullable(text),
  });
  const lineTax = z.strictObject({
    code: word,
    amount: amountSchema,
    inclusive: withDefault(z.boolean(), false),
    percent: nullable(percent),
  });
  const line = z.strictObject({
    id: word,
    description: text,
    product: nullable(key('product')),
    quantity: withDefault(quantity, '1'),
    net: amountSchema,
    discount: withDefault(amountSchema, minorUnits(0)),
    taxes: withDefault(z.array(lineTax).max(MAX_TAXES), []),
    period: nullable(z.strictObject({ start: instantSchema, end: instantSchema })),
    proration: withDefault(z.boolean(), false),
  });
  const settlement = z
    .strictObject({
      currency: currencySchema,
      gross: amountSchema,
      fee: amountSchema,
      feeTax: withDefault(amountSchema, minorUnits(0)),
      net: amountSchema,
      exchangeRate: nullable(rateSchema),
      reference: word,
    })
    .refine(({ gross, fee, feeTax, net }) => gross - fee - feeTax === net, {
      error: 'gross − fee − feeTax must be net',
      path: ['net'],
    });
  return { address, lines: z.array(line).max(MAX_LINES), settlement };
};

const fact = <Kind extends CanonicalKind, Shape extends z.core.$ZodLooseShape>(
  dialect: FactDialect,
  kind: Kind,
  shape: Shape,
) =>
  z.strictObject({
    kind: z.literal(kind),
    occurredAt: dialect.occurredAt,
    requires: dialect.requires,
    ...shape,
  });

function partyFacts(dialect: FactDialect) {
  const { key, nullable, version, withDefault } = dialect;
  const { address } = parts(dialect);
  return [
    fact(dialect, 'customer.upserted', {
      customer: key('customer'),
      version,
      name: nullable(text),
      email: nullable(text),
      phone: nullable(text),
      taxId: nullable(text),
      address: nullable(address),
      references: withDefault(z.record(z.string().min(1).max(48), word), {}),
      deleted: withDefault(z.boolean(), false),
    }),
    fact(dialect, 'product.upserted', {
      product: key('product'),
      version,
      name: text,
      description: nullable(text),
      active: withDefault(z.boolean(), true),
    }),
    fact(dialect, 'subscription.changed', {
      subscription: key('subscription'),
      customer: key('customer'),
      version,
      status: word,
      items: withDefault(
        z
          .array(z.strictObject({ product: nullable(key('product')), quantity: withDefault(quantity, '1') }))
          .max(MAX_LINES),
        [],
      ),
    }),
    fact(dialect, 'deal.won', {
      deal: key('deal'),
      customer: nullable(key('customer')),
      name: text,
      currency: nullable(currencySchema),
      amount: nullable(amountSchema),
    }),
    fact(dialect, 'contract.activated', { contract: key('contract'), customer: nullable(key('customer')), name: text }),
  ] as const;
}

function invoiceFacts(dialect: FactDialect) {
  const { key, nullable, withDefault } = dialect;
  const { lines } = parts(dialect);
  const invoice = { invoice: key('invoice'), customer: key('customer') };
  const zero = minorUnits(0);
  return [
    fact(dialect, 'invoice.issued', {
      ...invoice,
      number: nullable(word),
      currency: currencySchema,
      lines,
      total: amountSchema,
      creditApplied: withDefault(amountSchema, zero),
      dueAt: nullable(instantSchema),
      billedTo: withDefault(z.strictObject({ name: nullable(text), email: nullable(text) }), {
        name: null,
        email: null,
      }),
    }),
    fact(dialect, 'invoice.voided', invoice),
    fact(dialect, 'invoice.written_off', {
      ...invoice,
      remaining: nullable(amountSchema),
      currency: currencySchema,
    }),
    fact(dialect, 'credit_note.issued', {
      creditNote: key('credit_note'),
      ...invoice,
      number: nullable(word),
      currency: currencySchema,
      lines,
      total: amountSchema,
      reducesReceivable: withDefault(amountSchema, zero),
      refunded: withDefault(amountSchema, zero),
      creditedToBalance: withDefault(amountSchema, zero),
      paidOutOfBand: withDefault(amountSchema, zero),
    }),
    fact(dialect, 'credit_note.voided', { creditNote: key('credit_note'), ...invoice }),
  ] as const;
}

function paymentFacts(dialect: FactDialect) {
  const { key, nullable } = dialect;
  const { settlement } = parts(dialect);
  const money = { currency: currencySchema, amount: amountSchema };
  const payment = { payment: key('payment'), customer: nullable(key('customer')), ...money };
  return [
    fact(dialect, 'payment.captured', {
      ...payment,
      invoice: nullable(key('invoice')),
      settlement: nullable(settlement),
    }),
    fact(dialect, 'payment.applied', { ...payment, invoice: key('invoice') }),
    fact(dialect, 'payment.external', { ...payment, customer: key('customer'), invoice: key('invoice') }),
    fact(dialect, 'payment.failed', { ...payment, invoice: nullable(key('invoice')), reason: nullable(text) }),
    fact(dialect, 'refund.paid', {
      refund: key('refund'),
      payment: key('payment'),
      invoice: nullable(key('invoice')),
      customer: nullable(key('customer')),
      currency: currencySchema,
      cumulative: amountSchema,
      amount: nullable(amountSchema),
      creditNote: nullable(key('credit_note')),
      settlement: nullable(settlement),
    }),
    fact(dialect, 'refund.reversed', { refund: key('refund'), ...payment }),
  ] as const;
}

function processorFacts(dialect: FactDialect) {
  const { key, nullable } = dialect;
  const { settlement } = parts(dialect);
  const money = { currency: currencySchema, amount: amountSchema };
  const dispute = { dispute: key('dispute'), payment: key('payment'), customer: nullable(key('customer')), ...money };
  const settled = { ...dispute, settlement: nullable(settlement) };
  return [
    fact(dialect, 'dispute.opened', dispute),
    fact(dialect, 'dispute.withdrawn', settled),
    fact(dialect, 'dispute.won', settled),
    fact(dialect, 'dispute.lost', dispute),
    fact(dialect, 'payout.sent', {
      payout: key('payout'),
      ...money,
      arrivesAt: nullable(instantSchema),
      transactions: nullable(z.array(z.strictObject({ payment: key('payment'), settlement })).max(10_000)),
    }),
    fact(dialect, 'payout.returned', { payout: key('payout'), ...money }),
    fact(dialect, 'processor.fee', { fee: key('fee'), ...money, description: text }),
    fact(dialect, 'balance.adjusted', { adjustment: key('adjustment'), ...money, category: word }),
  ] as const;
}

/** A schema that reads one fact written in `dialect`. Making it costs about a millisecond: keep it. */
export function canonicalEventSchema(dialect: FactDialect) {
  return z.discriminatedUnion('kind', [
    ...partyFacts(dialect),
    ...invoiceFacts(dialect),
    ...paymentFacts(dialect),
    ...processorFacts(dialect),
  ]);
}

const storedKey = (kind: ObjectKind): z.ZodType<ObjectKey> =>
  z.custom<ObjectKey>(
    (value) => typeof value === 'string' && new RegExp(`^[a-z0-9-]+:${kind}:.+$`, 's').test(value),
    `a key of the form provider:${kind}:id`,
  );

/** Facts as they are stored: every field there, keys whole. */
export const storedFact = canonicalEventSchema({
  key: storedKey,
  requires: z
    .array(
      z.custom<ObjectKey>(
        (value) => typeof value === 'string' && /^[a-z0-9-]+:[a-z_]+:.+$/s.test(value),
        'a key of the form provider:kind:id',
      ),
    )
    .max(100),
  occurredAt: instantSchema,
  version: z.int(),
  nullable: <T>(inner: z.ZodType<T>) => inner.nullable(),
  withDefault: (inner) => inner,
});

type DeepReadonly<T> = T extends string | number | boolean | null
  ? T
  : { readonly [Field in keyof T]: DeepReadonly<T[Field]> };
type Read = DeepReadonly<z.output<ReturnType<typeof canonicalEventSchema>>>;
/** `refund.paid` may leave its `amount` out; read, it is there or null. */
type Complete<Fact> = { readonly [Field in keyof Fact]-?: Exclude<Fact[Field], undefined> };
type Each<Fact> = Fact extends AnnouncedEvent ? Complete<Fact> : never;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
type FieldsOf<Fact, Kind> = Fact extends { readonly kind: Kind } ? keyof Fact : never;
type SameFields = {
  [Kind in AnnouncedEvent['kind']]: Same<FieldsOf<Read, Kind>, FieldsOf<AnnouncedEvent, Kind>>;
};

/** Compiles only while schemas and events.ts say the same: kinds, fields, types. */
export const schemasFollowEvents: {
  readonly types: Same<Read, Each<AnnouncedEvent>>;
  readonly fields: SameFields[AnnouncedEvent['kind']];
} = { types: true, fields: true };
