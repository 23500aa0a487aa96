import { createMove, unlinkMove, writeLine, writeMove } from '../accounting/moves.ts';
import { createPayment, registerValues } from '../accounting/payments.ts';
import { forbidden, missingError, userError, validationError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import { idOf, idsOf, numberOf, textOf, type Wire, type WireObject } from '../wire.ts';
import type { ModelLookup } from './domain.ts';
import type { Field, Model } from './field.ts';
import { checkedValues, linkedIds } from './values.ts';

/** Who may write what a bot with billing and contact rights may not (odoo.md A4, A5). */
const RESERVED: Readonly<Record<string, readonly [label: string, group: string]>> = {
  'res.company': ['Companies', 'Access Rights'],
  'res.currency': ['Currency', 'Accounting/Administrator'],
  'res.country': ['Country', 'Contact/Creation'],
  'account.account': ['Account', 'Accounting/Administrator'],
  'account.journal': ['Journal', 'Accounting/Administrator'],
  'account.tax': ['Tax', 'Accounting/Administrator'],
  'ir.model.data': ['Model Data', 'Access Rights'],
};

/** Creates, writes and removes records of any model, with the rights of the bot and each model's own rules. */
export class Crud {
  constructor(
    private readonly books: Books,
    private readonly models: ModelLookup,
  ) {}

  create(model: Model, vals: WireObject, context: WireObject = {}): number {
    refuseReserved(model, 'create');
    switch (model.name) {
      case 'account.move':
        return createMove(this.books, vals, this.models).id;
      case 'account.move.line':
        return this.#createLine(vals);
      case 'account.payment':
        return createPayment(this.books, checkedValues(model, vals, 'create', this.models)).id;
      case 'account.payment.register': {
        const values = checkedValues(model, vals, 'create', this.models);
        return this.books.addPlain(model.name, registerValues(this.books, values, activeIds(context))).id;
      }
      case 'account.move.reversal': {
        const values = checkedValues(model, vals, 'create', this.models);
        return this.books.addPlain(model.name, { ...values, active_ids: activeIds(context) }).id;
      }
      default:
        return this.books.addPlain(model.name, this.#plainValues(model, vals)).id;
    }
  }

  write(model: Model, ids: readonly number[], vals: WireObject): void {
    refuseReserved(model, 'modify');
    for (const id of ids) if (!model.has(id)) throw missingError(model.name, id);
    for (const id of ids) this.#writeOne(model, id, vals);
  }

  unlink(model: Model, ids: readonly number[]): void {
    refuseReserved(model, 'delete');
    for (const id of ids) {
      if (!model.has(id)) throw missingError(model.name, id);
      if (model.name === 'account.move') unlinkMove(this.books, id);
      else if (model.name === 'res.partner') this.#unlinkPartner(id);
      else throw userError(`The operation cannot be completed: another model requires the record being deleted.`);
    }
  }

  #writeOne(model: Model, id: number, vals: WireObject): void {
    if (model.name === 'account.move') writeMove(this.books, id, vals, this.models);
    else if (model.name === 'account.move.line') writeLine(this.books, id, vals, this.models);
    else if (model.name === 'account.payment') this.#writePayment(model, id, vals);
    else {
      const before = this.books.table(model.name).get(id)?.values ?? {};
      this.books.setPlain(model.name, id, linked(model, before, checkedValues(model, vals, 'write', this.models)));
    }
  }

  #createLine(vals: WireObject): number {
    const moveId = idOf(vals.move_id);
    if (moveId === null) throw validationError("Missing required value for the field 'Journal Entry' (move_id)");
    const { move_id: _moveId, ...line } = vals;
    writeMove(this.books, moveId, { line_ids: [[0, 0, line]] }, this.models);
    return this.books.lines.lastId;
  }

  #writePayment(model: Model, id: number, vals: WireObject): void {
    const values = checkedValues(model, vals, 'write', this.models);
    const payment = this.books.payments.get(id);
    if (payment === undefined) throw missingError(model.name, id);
    const places = this.books.currency(payment.currencyId).places;
    this.books.payments.put({
      ...payment,
      memo: 'memo' in values ? textOf(values.memo) : payment.memo,
      date: payment.state === 'draft' ? (textOf(values.date) ?? payment.date) : payment.date,
      amount:
        payment.state === 'draft' && 'amount' in values
          ? Math.round(numberOf(values.amount) * 10 ** places)
          : payment.amount,
    });
  }

  #unlinkPartner(id: number): void {
    if (this.books.moves.find('partner_id', id).length > 0) {
      throw userError('The partner cannot be deleted because it is used in Accounting');
    }
    this.books.table('res.partner').delete(id);
  }

  #plainValues(model: Model, vals: WireObject): WireObject {
    const values = linked(model, {}, checkedValues(model, vals, 'create', this.models));
    const company = this.books.company().values;
    if (model.name === 'res.partner') {
      if (textOf(values.name) === null) throw validationError('Contacts require a name');
      return { active: true, type: 'contact', ...values };
    }
    if (model.name === 'product.product') {
      if (textOf(values.name) === null) throw validationError("Missing required value for the field 'Name' (name).");
      const tax = idOf(company.account_sale_tax_id);
      return {
        active: true,
        sale_ok: true,
        type: 'consu',
        list_price: 1,
        taxes_id: tax === null ? [] : [tax],
        ...values,
      };
    }
    return values;
  }
}

function linked(model: Model, before: WireObject, values: WireObject): WireObject {
  const isMany = (field: Field | undefined) => field?.type === 'many2many' || field?.type === 'one2many';
  return Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Wire] => [
      name,
      isMany(model.fields[name]) ? linkedIds(idsOf(before[name]), value) : value,
    ]),
  );
}

function refuseReserved(model: Model, verb: string): void {
  const reserved = RESERVED[model.name];
  if (reserved !== undefined) throw forbidden(verb, reserved[0], model.name, reserved[1]);
}

function activeIds(context: WireObject): number[] {
  return context.active_model === undefined || context.active_model === 'account.move' ? idsOf(context.active_ids) : [];
}
