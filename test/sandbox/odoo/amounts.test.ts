import { describe, expect, it } from 'vitest';
import type { WireObject } from '../../../sandbox/odoo/wire.ts';
import { first, type Odoo, openOdoo } from './books.ts';

const NO_TAX = [[6, 0, []]];
const TAX_15 = [[6, 0, [1]]];

function amounts(odoo: Odoo, lines: readonly WireObject[], vals: WireObject = {}) {
  const id = odoo.draft({
    invoice_line_ids: lines.map((line) => [0, 0, { quantity: 1, account_id: odoo.account('400000'), ...line }]),
    ...vals,
  });
  const { amount_untaxed, amount_tax, amount_total, amount_total_signed } = odoo.read(
    'account.move',
    id,
    'amount_untaxed',
    'amount_tax',
    'amount_total',
    'amount_total_signed',
  );
  return [amount_untaxed, amount_tax, amount_total, amount_total_signed];
}

describe('amounts (odoo.md A3 Rounding)', () => {
  it('rounds the tax of the whole document once', () => {
    const lines = [1.05, 1.1, 1.15, 1.2, 1.25].map((price_unit) => ({ price_unit, tax_ids: TAX_15 }));
    expect(amounts(openOdoo(), lines)).toEqual([5.75, 0.86, 6.61, 6.61]);
  });

  it('rounds the sum, and books the missing cent on the largest line', () => {
    const odoo = openOdoo();
    const line = { price_unit: 33.333, tax_ids: NO_TAX };
    expect(amounts(odoo, [line, line, line])).toEqual([100, 0, 100, 100]);
    const balances = odoo.call('account.move.line/search_read', {
      domain: [],
      fields: ['balance', 'price_subtotal'],
      order: 'id',
    }).body;
    expect(balances).toMatchObject([
      { balance: -33.34, price_subtotal: 33.33 },
      { balance: -33.33, price_subtotal: 33.33 },
      { balance: -33.33, price_subtotal: 33.33 },
      { balance: 100 },
    ]);
  });

  it('is exact where floats are not', () => {
    const tenth = { price_unit: 0.1, tax_ids: NO_TAX };
    expect(amounts(openOdoo(), [tenth, { price_unit: 0.2, tax_ids: NO_TAX }])).toEqual([0.3, 0, 0.3, 0.3]);
    expect(amounts(openOdoo(), [{ price_unit: 1.005, tax_ids: NO_TAX }])[0]).toBe(1.01);
  });

  it('rounds to the currency’s own decimals and books the unrounded price in the company’s currency', () => {
    const odoo = openOdoo();
    expect(amounts(odoo, [{ price_unit: 1000.4, tax_ids: NO_TAX }], { currency_id: odoo.currency('JPY') })).toEqual([
      1000, 0, 1000, 1000.4,
    ]);
    expect(amounts(odoo, [{ price_unit: 10.1234, tax_ids: NO_TAX }], { currency_id: odoo.currency('KWD') })).toEqual([
      10.123, 0, 10.123, 10.12,
    ]);
  });

  it('converts by invoice_currency_rate, foreign units per company unit', () => {
    const odoo = openOdoo();
    const vals = { currency_id: odoo.currency('EUR'), invoice_currency_rate: 0.9 };
    expect(amounts(odoo, [{ price_unit: 90, tax_ids: NO_TAX }], vals)).toEqual([90, 0, 90, 100]);
  });

  it('applies a default tax when tax_ids is left out, and none when it is empty', () => {
    const odoo = openOdoo();
    expect(amounts(odoo, [{ price_unit: 100 }])[1]).toBe(15);
    expect(amounts(odoo, [{ price_unit: 100, tax_ids: NO_TAX }])[1]).toBe(0);
    expect(amounts(odoo, [{ price_unit: 100, tax_ids: false }])[1]).toBe(0);
  });

  it('gives a new product the company’s default tax', () => {
    const odoo = openOdoo();
    const product = first(
      odoo.call('product.product/load', { fields: ['id', 'name', 'type'], data: [['__gw__.p', 'Pro', 'service']] }),
    );
    expect(amounts(odoo, [{ product_id: product, price_unit: 100, account_id: odoo.account('450000') }])[1]).toBe(15);
  });

  it('refuses a taxed amount beyond what floats can balance', () => {
    const odoo = openOdoo();
    const answer = odoo.call('account.move/create', {
      vals_list: {
        move_type: 'out_invoice',
        invoice_line_ids: [[0, 0, { quantity: 1, price_unit: 9_999_999_999_999.99, tax_ids: TAX_15 }]],
      },
    });
    expect([answer.status, answer.message]).toEqual([422, 'The entry is not balanced.']);
  });
});
