/** Orders → invoices. Lines, discounts and taxes are Shopify's; they must make the order's total. */
import type { InvoiceLine, LineTax } from '../../canonical/events.ts';
import { type Currency, currency, type MinorUnits, minorUnits } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { exactMinor, exactSum, facts, linesTotal, nothing, partyName, plainLine, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, customerOfOrder, key } from './context.ts';
import type { Order } from './schemas.ts';

type Priced = Pick<Order['shipping_lines'][number], 'price' | 'discount_allocations' | 'tax_lines'>;

interface Amounts {
  readonly net: number;
  readonly discount: MinorUnits;
  readonly taxes: readonly LineTax[];
}

/** `0.13` → `13`, for people and for the tax code; amounts are never derived from it. */
const percentOf = (rate: number | null | undefined): string | null =>
  rate === null || rate === undefined ? null : String(Number((rate * 100).toFixed(6)));

function taxesOf(line: Priced, code: Currency, inclusive: boolean, path: string): Result<readonly LineTax[], string> {
  const taxes = new Map<string, LineTax>();
  for (const [index, tax] of line.tax_lines.entries()) {
    const amount = exactMinor(tax.price, code, `${path}.tax_lines[${index}].price`);
    if (!amount.ok) return amount;
    const percent = percentOf(tax.rate);
    const name = `${tax.title}-${percent ?? '?'}`;
    const sum = minorUnits((taxes.get(name)?.amount ?? 0) + amount.value);
    taxes.set(name, { code: name, amount: sum, inclusive, percent });
  }
  return ok([...taxes.values()].filter((tax) => tax.amount !== 0));
}

function amountsOf(
  line: Priced,
  quantity: number,
  { currency: shopCurrency, taxes_included }: Order,
  path: string,
): Result<Amounts, string> {
  const code = currency(shopCurrency);
  const price = exactMinor(line.price, code, `${path}.price`);
  if (!price.ok) return price;
  let discount = 0;
  for (const [index, each] of line.discount_allocations.entries()) {
    const part = exactMinor(each.amount, code, `${path}.discount_allocations[${index}].amount`);
    if (!part.ok) return part;
    discount += part.value;
  }
  const taxes = taxesOf(line, code, taxes_included, path);
  if (!taxes.ok) return taxes;
  const tax = exactSum(taxes.value.map((each) => each.amount)) ?? Number.NaN;
  const net = price.value * quantity - discount - (taxes_included ? tax : 0);
  if (!Number.isSafeInteger(net)) return err(`${path}.price: too_large`);
  return ok({ net, discount: minorUnits(discount), taxes: taxes.value });
}

function linesOf(order: Order): Result<readonly InvoiceLine[], string> {
  const lines: InvoiceLine[] = [];
  for (const [index, item] of order.line_items.entries()) {
    const path = `line_items[${index}]`;
    if (item.gift_card) return err(`${path}.gift_card: stored value is a debt, not a sale`);
    const amounts = amountsOf(item, item.quantity, order, path);
    if (!amounts.ok) return amounts;
    lines.push(
      plainLine({
        id: item.id,
        description: item.name ?? item.title ?? '',
        product: item.product_id === null || item.product_id === undefined ? null : key('product', item.product_id),
        quantity: String(item.quantity),
        ...amounts.value,
      }),
    );
  }
  for (const [index, shipping] of order.shipping_lines.entries()) {
    const amounts = amountsOf(shipping, 1, order, `shipping_lines[${index}]`);
    if (!amounts.ok) return amounts;
    const id = `shipping-${shipping.id ?? index + 1}`;
    lines.push(plainLine({ id, description: shipping.title ?? 'Shipping', ...amounts.value }));
  }
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('line_items: an id twice');
  return ok(lines);
}

function issued(order: Order, context: Context): Interpretation {
  if (order.test && context.settings.testOrders === 'refuse') {
    return { kind: 'quarantine', reason: { code: 'wrong_mode', detail: 'test: expected a real order' } };
  }
  const code = currency(order.currency);
  const total = exactMinor(order.total_price, code, 'total_price');
  if (!total.ok) return unsupported(total.error);
  const lines = linesOf(order);
  if (!lines.ok) return unsupported(lines.error);
  if (linesTotal(lines.value) !== total.value) {
    return unsupported(
      'line_items, shipping_lines: nets and taxes do not sum to total_price (duties, fees and tips have no rule)',
    );
  }
  const { customer, billing_address } = order;
  return facts({
    kind: 'invoice.issued',
    occurredAt: order.processed_at ?? order.created_at ?? context.occurredAt,
    requires: [],
    invoice: key('invoice', order.id),
    customer: customerOfOrder(order),
    number: order.name ?? null,
    currency: code,
    lines: lines.value,
    total: total.value,
    creditApplied: minorUnits(0),
    dueAt: null,
    billedTo: {
      name:
        partyName(billing_address?.company) ??
        partyName(billing_address?.name) ??
        partyName(null, customer?.first_name, customer?.last_name),
      email: order.email ?? null,
    },
  });
}

export const orderCreated = (order: Order, context: Context): Interpretation =>
  context.settings.issueAt === 'created' ? issued(order, context) : nothing('booked when it is paid');

export const orderPaid = (order: Order, context: Context): Interpretation =>
  context.settings.issueAt === 'paid' ? issued(order, context) : nothing('booked when it was placed');

/** An order that was paid is taken back by its refunds, which have events of their own. */
export function orderCancelled(order: Order, { occurredAt, settings }: Context): Interpretation {
  const unpaid = order.financial_status === 'voided' || order.financial_status === 'pending';
  if (!unpaid) return nothing('what was paid is given back by refunds, which have events of their own');
  if (settings.issueAt === 'paid') return nothing('it was never paid, so it was never booked');
  if (order.test && settings.testOrders === 'refuse') return nothing('a test order was not booked');
  const invoice = key('invoice', order.id);
  return facts({
    kind: 'invoice.voided',
    occurredAt,
    requires: [invoice],
    invoice,
    customer: customerOfOrder(order),
  });
}
