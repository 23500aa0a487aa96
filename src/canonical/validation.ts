/**
 * What is asked of a fact before anything is booked or posted, in the order an accountant would ask: customer, product
 * and price, entity, currency, tax code, account, period, prerequisite. The first that fails is the exception, and its
 * message names the others, so that a person mends them in one go.
 *
 * The rules refuse as well, each at the moment it misses something; what they say has its place in the same order.
 */
import { accountFor } from './accounts.ts';
import type { ExceptionCause, ExceptionDraft } from './decision.ts';
import type { CanonicalEvent, InvoiceLine } from './events.ts';
import { factDate } from './fact-date.ts';
import { dateIn, type ObjectKey } from './ids.ts';
import { baseOn } from './rules/fx.ts';
import { openDay, type RuleContext } from './rules/rule.ts';
import { stakeOf } from './stake.ts';

/** Where a cause stands in the order of questions; what is not a question of validation comes with the price. */
const order: Readonly<Partial<Record<ExceptionCause, number>>> = {
  customer_inactive: 1,
  product_unknown: 2,
  does_not_add_up: 3,
  entity_unclear: 4,
  currency_not_allowed: 5,
  rate_missing: 6,
  tax_not_mapped: 7,
  account_not_mapped: 8,
  period_closed: 9,
  prerequisite_missing: 10,
};
const placeOf = ({ cause }: ExceptionDraft): number => order[cause] ?? 3;

/** What came of the rule: a `refused` one missed something; a `booked` one had all its accounts and an open day. */
export type Ruled = 'booked' | 'waits' | { readonly refused: ExceptionDraft };

/**
 * The exception that stands in the way of a fact, or null. A fact that changes nothing is not to be asked: what is
 * booked stays so, whatever has become of its customer or its period.
 */
export function validate(fact: CanonicalEvent, context: RuleContext, ruled: Ruled): ExceptionDraft | null {
  const failures = [
    ...customer(fact, context),
    ...products(fact, context),
    ...price(fact),
    ...entity(fact, context),
    ...currencyOf(fact, context),
  ];
  if (ruled !== 'booked')
    failures.push(
      ...rates(fact, context),
      ...taxes(fact, context),
      ...accounts(fact, context),
      ...period(fact, context),
    );
  if (typeof ruled === 'object' && !failures.some((failure) => says(failure, ruled.refused)))
    failures.push(ruled.refused);
  const [first, ...others] = failures.toSorted((a, b) => placeOf(a) - placeOf(b));
  if (first === undefined) return null;
  return others.length === 0 ? first : { ...first, message: `${first.message} ${alsoWrong(others)}` };
}

/** Others than these are counted only: a message is one sentence or two. */
const NAMED = 4;

function alsoWrong(others: readonly ExceptionDraft[]): string {
  const named = others.slice(0, NAMED).map(({ message }) => message);
  const rest = others.length - named.length;
  return `Also: ${named.join(' ')}${rest === 0 ? '' : ` And ${rest} more.`}`;
}

/** The rule's refusal is said already: an account it missed was looked for here by the same words. */
const says = (failure: ExceptionDraft, refused: ExceptionDraft): boolean =>
  failure.cause === refused.cause || (failure.cause === 'tax_not_mapped' && refused.cause === 'account_not_mapped');

const failed = (
  fact: CanonicalEvent,
  cause: ExceptionCause,
  object: ObjectKey | null,
  message: string,
  remedy: string,
): ExceptionDraft => ({ cause, message, remedy, ...stakeOf([fact]), object });

const customer = (fact: CanonicalEvent, { books, objects }: RuleContext): ExceptionDraft[] => {
  if (fact.kind !== 'invoice.issued' || books.policies.validation?.customers !== 'active') return [];
  const state = objects(fact.customer);
  if (state === null || state.kind !== 'customer' || state.active) return [];
  const message = `Its customer ${fact.customer} was removed at the provider.`;
  return [
    failed(
      fact,
      'customer_inactive',
      fact.invoice,
      message,
      'Restore the customer at the provider, or set the policy validation.customers to any.',
    ),
  ];
};

const idOf = (key: ObjectKey): string => key.split(':').slice(2).join(':');

function products(fact: CanonicalEvent, { books, objects }: RuleContext): ExceptionDraft[] {
  if (fact.kind !== 'invoice.issued' || books.policies.validation?.products !== 'known') return [];
  const mapping = books.accounts.revenue;
  const ownAccount = (product: ObjectKey) => typeof mapping === 'object' && mapping[idOf(product)] !== undefined;
  const unknown = new Set(
    fact.lines.flatMap(({ product }) =>
      product === null || objects(product) !== null || ownAccount(product) ? [] : [product],
    ),
  );
  if (unknown.size === 0) return [];
  const message = `It sells what nobody has announced: ${[...unknown].slice(0, NAMED).join(', ')}.`;
  const remedy = 'Have the provider send the product, or give it an account under accounts.revenue.';
  return [failed(fact, 'product_unknown', fact.invoice, message, remedy)];
}

/** Amounts that only ever are positive, and the sums a provider states twice. */
function price(fact: CanonicalEvent): ExceptionDraft[] {
  const remedy = 'Compare it with the provider; book by hand and skip the event, or re-fetch it once it is corrected.';
  const negative = (object: ObjectKey) => [
    failed(fact, 'does_not_add_up', object, `${fact.kind} says a negative amount.`, remedy),
  ];
  switch (fact.kind) {
    case 'payment.captured':
    case 'payment.applied':
    case 'payment.external':
      return fact.amount < 0 ? negative(fact.payment) : [];
    case 'refund.paid':
      return fact.cumulative < 0 || (fact.amount ?? 0) < 0 ? negative(fact.refund) : [];
    case 'credit_note.issued':
      return fact.total < 0 ? negative(fact.creditNote) : [];
    case 'invoice.issued':
      return fact.lines.some(discountedBelowNothing) ? negative(fact.invoice) : [];
    default:
      return [];
  }
}

const discountedBelowNothing = (line: InvoiceLine): boolean => line.discount < 0;

function entity(fact: CanonicalEvent, { books, objects }: RuleContext): ExceptionDraft[] {
  const keys = [
    'invoice' in fact && fact.kind !== 'invoice.issued' ? fact.invoice : null,
    'payment' in fact ? fact.payment : null,
  ];
  for (const key of keys) {
    const state = key === null ? null : objects(key);
    if (state === null || state.entity === books.entity) continue;
    const message = `It comes for entity ${books.entity}, and ${state.key} is in the books of ${state.entity}.`;
    const remedy =
      'Have both come from sources of one entity. Money between entities is not booked by itself: book it by hand and skip the event.';
    return [failed(fact, 'entity_unclear', state.key, message, remedy)];
  }
  return [];
}

function currencyOf(fact: CanonicalEvent, { books }: RuleContext): ExceptionDraft[] {
  const { currencies } = books;
  if (currencies === undefined || factDate(fact, books.timeZone) === null) return [];
  if (!('currency' in fact) || fact.currency === null || currencies.includes(fact.currency)) return [];
  const message = `It is in ${fact.currency}; the books of ${books.entity} take ${currencies.join(', ')}.`;
  const remedy = `Add ${fact.currency} to the entity's currencies, or correct the entity its source belongs to.`;
  return [failed(fact, 'currency_not_allowed', null, message, remedy)];
}

const billed = (fact: CanonicalEvent) =>
  fact.kind === 'invoice.issued'
    ? { object: fact.invoice, lines: fact.lines }
    : fact.kind === 'credit_note.issued'
      ? { object: fact.creditNote, lines: fact.lines }
      : null;

function taxes(fact: CanonicalEvent, { books }: RuleContext): ExceptionDraft[] {
  const bill = billed(fact);
  if (bill === null) return [];
  const codes = new Set(bill.lines.flatMap((line) => line.taxes.map((tax) => tax.code)));
  const missing = [...codes].filter((code) => !accountFor(books.accounts, 'tax', code).ok);
  if (missing.length === 0) return [];
  const message = `No account is mapped for tax (${missing.slice(0, NAMED).join(', ')}).`;
  const remedy = `Map accounts.tax for ${missing[0]} or its default in the tenant's config, then retry.`;
  return [failed(fact, 'tax_not_mapped', bill.object, message, remedy)];
}

/** Revenue is what configs forget: all products of a bill at once. Other roles are found by the rules. */
function accounts(fact: CanonicalEvent, { books }: RuleContext): ExceptionDraft[] {
  if (fact.kind !== 'invoice.issued') return [];
  const qualifiers = new Set(fact.lines.map(({ product }) => (product === null ? 'default' : idOf(product))));
  const missing = [...qualifiers].filter((qualifier) => !accountFor(books.accounts, 'revenue', qualifier).ok);
  if (missing.length === 0) return [];
  const message = `No account is mapped for revenue (${missing.slice(0, NAMED).join(', ')}).`;
  const remedy = `Map accounts.revenue for ${missing[0]} or its default in the tenant's config, then retry.`;
  return [failed(fact, 'account_not_mapped', fact.invoice, message, remedy)];
}

/** A claim in another currency needs the tenant's rate of its day; money brings the processor's. */
function rates(fact: CanonicalEvent, context: RuleContext): ExceptionDraft[] {
  if (fact.kind !== 'invoice.issued') return [];
  const value = { amount: fact.total, currency: fact.currency };
  const date = dateIn(context.books.timeZone, fact.occurredAt);
  const day = openDay(context, date, fact.invoice, value);
  const base = baseOn(context, value, day.ok ? day.value.date : date, fact.invoice);
  return base.ok ? [] : [base.error];
}

function period(fact: CanonicalEvent, context: RuleContext): ExceptionDraft[] {
  const date = factDate(fact, context.books.timeZone);
  if (date === null) return [];
  const day = openDay(context, date, objectOf(fact), null);
  return day.ok ? [] : [{ ...day.error, ...stakeOf([fact]) }];
}

/** What a person looks for first. */
function objectOf(fact: CanonicalEvent): ObjectKey | null {
  if ('creditNote' in fact && fact.creditNote !== null) return fact.creditNote;
  if ('refund' in fact) return fact.refund;
  if ('dispute' in fact) return fact.dispute;
  if ('invoice' in fact && fact.invoice !== null) return fact.invoice;
  return 'payment' in fact ? fact.payment : null;
}
