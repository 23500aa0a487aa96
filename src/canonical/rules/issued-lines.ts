/** The lines of an invoice or credit note as the books keep them: by account, discounts apart where the policy says so. */
import type { CreditNoteIssued, InvoiceIssued, InvoiceLine } from '../events.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { allocate, type MinorUnits, minorUnits } from '../money.ts';
import type { InvoiceCredit, InvoiceState, IssuedLine, IssuedTax } from '../objects.ts';
import { err, ok } from '../result.ts';
import { slicesOf } from './deferral.ts';
import { share } from './fx.ts';
import { accountOf } from './lines.ts';
import { find, type OrException, problem, type RuleContext, spoken } from './rule.ts';

/** Net and taxes of all lines. */
export const sumOfLines = (lines: readonly InvoiceLine[]): number =>
  lines.reduce((sum, line) => sum + line.taxes.reduce((part, tax) => part + tax.amount, line.net as number), 0);

export function addsUp(
  object: ObjectKey,
  fact: Pick<InvoiceIssued, 'lines' | 'total' | 'currency'>,
): OrException<null> {
  const sum = sumOfLines(fact.lines);
  if (sum === fact.total) return ok(null);
  const stake = { amount: fact.total, currency: fact.currency };
  const lines = spoken({ amount: minorUnits(sum), currency: fact.currency });
  return err(
    problem('does_not_add_up', object, {
      message: `Its lines and taxes come to ${lines}, its total is ${spoken(stake)}.`,
      remedy: 'Compare it with the provider; if the provider shows all lines, re-fetch the event, else book by hand.',
      stake,
    }),
  );
}

function taxesOf(context: RuleContext, line: InvoiceLine, object: ObjectKey): OrException<IssuedTax[]> {
  const taxes = new Map<string, IssuedTax>();
  for (const tax of line.taxes) {
    const account = accountOf(context.books.accounts, 'tax', tax.code, object);
    // Reverse charge: no tax, no account asked for; the code stays, and with it what the line's net was taxed as.
    if (!account.ok && tax.amount !== 0) return account;
    const amount = minorUnits((taxes.get(tax.code)?.amount ?? 0) + tax.amount);
    const code = account.ok ? account.value : (taxes.get(tax.code)?.account ?? null);
    taxes.set(tax.code, { code: tax.code, account: code, amount, percent: tax.percent });
  }
  return ok([...taxes.values()]);
}

/** Gross: the line before its discount, and the discount as a negative line of its own over the same months. */
function discountSplit(context: RuleContext, line: InvoiceLine) {
  const own = { role: 'revenue' as const, id: line.id, net: line.net, discount: false };
  if (context.books.policies.discounts === 'net' || line.discount === 0) return [own];
  return [
    { ...own, net: minorUnits(line.net + line.discount) },
    { role: 'discount' as const, id: `${line.id}:discount`, net: minorUnits(-line.discount), discount: true },
  ];
}

function issuedLine(
  context: RuleContext,
  fact: InvoiceIssued,
  line: InvoiceLine,
  date: IsoDate,
): OrException<readonly IssuedLine[]> {
  const lines: IssuedLine[] = [];
  for (const part of discountSplit(context, line)) {
    const { accounts } = context.books;
    const qualifier = part.discount ? fact.currency : productQualifier(line);
    const revenue = accountOf(accounts, part.role, qualifier, fact.invoice);
    if (!revenue.ok) return revenue;
    const slices = slicesOf(context, fact.invoice, date, { net: part.net, period: line.period });
    if (!slices.ok) return slices;
    const deferred =
      slices.value.length === 0 ? ok(null) : accountOf(accounts, 'deferredRevenue', fact.currency, fact.invoice);
    if (!deferred.ok) return deferred;
    const taxes = part.discount ? ok([]) : taxesOf(context, line, fact.invoice);
    if (!taxes.ok) return taxes;
    lines.push({
      id: part.id,
      source: line.id,
      role: part.role,
      description: part.discount ? `Discount: ${line.description}` : line.description,
      product: line.product,
      productPosted: line.product !== null && find(context, line.product, 'product') !== null,
      net: part.net,
      tax: minorUnits(taxes.value.reduce((sum, tax) => sum + tax.amount, 0)),
      taxes: taxes.value,
      revenueAccount: revenue.value,
      deferredAccount: deferred.value,
      slices: slices.value,
    });
  }
  return ok(lines);
}

/** The product's own id: what a tenant writes in `accounts.revenue`. */
const productQualifier = (line: InvoiceLine): string =>
  line.product === null ? 'default' : line.product.split(':').slice(2).join(':');

export function issuedLines(context: RuleContext, fact: InvoiceIssued, date: IsoDate): OrException<IssuedLine[]> {
  const lines: IssuedLine[] = [];
  for (const line of fact.lines) {
    const issued = issuedLine(context, fact, line, date);
    if (!issued.ok) {
      const stake = { amount: fact.total, currency: fact.currency };
      return err({ ...issued.error, ...stake });
    }
    lines.push(...issued.value);
  }
  return ok(lines);
}

type CreditPart = InvoiceCredit['lines'][number];

/** The issued lines a credit note's line takes from: those it names, else all, in proportion to what they were issued over. */
function targetsOf(invoice: InvoiceState, line: InvoiceLine): { line: IssuedLine; weight: number }[] {
  const named = invoice.lines.find((issued) => issued.source === line.id);
  if (named !== undefined) return [{ line: named, weight: 1 }];
  const weights = invoice.lines.map((issued) => ({ line: issued, weight: Math.max(issued.net, 0) }));
  return weights.some(({ weight }) => weight > 0) ? weights : weights.slice(0, 1).map((w) => ({ ...w, weight: 1 }));
}

function creditParts(invoice: InvoiceState, line: InvoiceLine, taxes: readonly IssuedTax[]): CreditPart[] {
  const gross = invoice.lines.find((issued) => issued.source === line.id && issued.role === 'revenue');
  const discount = invoice.lines.find((issued) => issued.source === line.id && issued.role === 'discount');
  if (gross !== undefined && discount !== undefined) {
    const [own, given] = discountShare(gross, discount, line.net);
    return [
      { line: gross.id, net: own, taxes },
      { line: discount.id, net: given, taxes: [] },
    ];
  }
  const targets = targetsOf(invoice, line);
  const weights = targets.map((target) => target.weight);
  const nets = allocate(line.net, weights);
  const taxParts = taxes.map((tax) => ({ tax, amounts: allocate(tax.amount, weights) }));
  return targets.map((target, index) => ({
    line: target.line.id,
    net: nets[index] ?? minorUnits(0),
    taxes: taxParts.map(({ tax, amounts }) => ({ ...tax, amount: amounts[index] ?? minorUnits(0) })),
  }));
}

/** Splits a net credit as the line itself was split into gross and discount. */
function discountShare(gross: IssuedLine, discount: IssuedLine, net: MinorUnits): [MinorUnits, MinorUnits] {
  const issued = gross.net + discount.net;
  if (issued <= 0) return [net, minorUnits(0)];
  const given = share(discount.net, net, issued);
  return [minorUnits(net - given), given];
}

/** What a credit note takes from which issued line. */
export function creditLines(
  context: RuleContext,
  fact: CreditNoteIssued,
  invoice: InvoiceState,
): OrException<CreditPart[]> {
  const parts: CreditPart[] = [];
  for (const line of fact.lines) {
    const taxes = taxesOf(context, line, fact.creditNote);
    if (!taxes.ok) return taxes;
    const used = taxes.value.map((tax) => ({ ...tax, account: accountIssued(invoice, tax) }));
    parts.push(...creditParts(invoice, line, used));
  }
  return ok(parts);
}

const accountIssued = (invoice: InvoiceState, tax: IssuedTax): string | null =>
  invoice.lines.flatMap((line) => line.taxes).find((issued) => issued.code === tax.code)?.account ?? tax.account;
