import { assignOutstandingLine, payRegistered, postPayments } from '../accounting/payments.ts';
import { cancelMoves, postMoves, resetToDraft } from '../accounting/posting.ts';
import { reconcileLines, removeReconciliation } from '../accounting/reconcile.ts';
import { reverseMoves } from '../accounting/reversal.ts';
import { forbidden, userError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import { idsOf, isList, isObject, textOf, type Wire, type WireObject } from '../wire.ts';
import { Crud } from './crud.ts';
import { type ModelLookup, matching } from './domain.ts';
import type { Model } from './field.ts';
import { load } from './load.ts';
import { ordered, readGroups, readRecords } from './reading.ts';

export interface MethodCall {
  readonly model: Model;
  readonly ids: readonly number[];
  readonly args: WireObject;
  readonly context: WireObject;
  /** Commits the caller saw when its transaction began. */
  readonly snapshot: number;
}

export interface Method {
  /** Python's parameters in order; `*` marks the required ones. Model methods take no ids. */
  readonly parameters: readonly string[];
  readonly onModel: boolean;
  /** undefined is Python's None: `null` in JSON-2, *no result key* in JSON-RPC (odoo.md A2). */
  run(call: MethodCall): Wire | undefined;
}

type Run = Method['run'];
const onModel = (parameters: readonly string[], run: Run): Method => ({ parameters, onModel: true, run });
/** A method of Python that returns None. */
const nothing =
  (work: (call: MethodCall) => void): Run =>
  (call) => {
    work(call);
    return undefined;
  };
const onRecords = (parameters: readonly string[], run: Run): Method => ({ parameters, onModel: false, run });

/** Every method a client can call, as `model/method` or `*` for all models. */
export function methodTable(books: Books, models: ModelLookup): (model: string, method: string) => Method | undefined {
  const crud = new Crud(books, models);
  const all: Readonly<Record<string, Method>> = { ...readMethods(models), ...writeMethods(books, crud, models) };
  const own = { ...moveMethods(books), ...paymentMethods(books, models), ...wizardMethods(books, models) };
  return (model, method) => {
    if (model === 'ir.model.data' && all[method] !== undefined) return closed(all[method]);
    return own[`${model}/${method}`] ?? all[method];
  };
}

function readMethods(models: ModelLookup): Record<string, Method> {
  return {
    search: onModel(['domain*', 'offset', 'limit', 'order'], (call) => found(call, models)),
    search_count: onModel(['domain*', 'limit'], ({ model, args }) => {
      const count = matching(model, args.domain ?? [], models).length;
      return typeof args.limit === 'number' && args.limit > 0 ? Math.min(count, args.limit) : count;
    }),
    search_read: onModel(['domain', 'fields', 'offset', 'limit', 'order'], (call) => {
      const fields = names(call.args.fields);
      readRecords(call.model, [], fields, models);
      return readRecords(call.model, found(call, models), fields, models);
    }),
    read: onRecords(['fields', 'load'], ({ model, ids, args }) => readRecords(model, ids, names(args.fields), models)),
    fields_get: onModel(['allfields', 'attributes'], ({ model, args }) =>
      fieldsGet(model, names(args.allfields), names(args.attributes)),
    ),
    read_group: onModel(['domain*', 'fields*', 'groupby*', 'offset', 'limit', 'orderby', 'lazy'], (call) =>
      readGroup(call, models),
    ),
    formatted_read_group: onModel(
      ['domain*', 'groupby', 'aggregates', 'having', 'offset', 'limit', 'order'],
      ({ model, args }) =>
        readGroups(
          model,
          ordered(model, matching(model, args.domain ?? [], models), 'id'),
          names(args.groupby),
          names(args.aggregates),
          models,
        ),
    ),
  };
}

/** The deprecated form of grouping, which Odoo 19 still answers. */
function readGroup(call: MethodCall, models: ModelLookup): Wire {
  const { model, args } = call;
  const groupby = typeof args.groupby === 'string' ? [args.groupby] : names(args.groupby);
  const sums = names(args.fields).filter((field) => field.includes(':'));
  const ids = matching(model, args.domain ?? [], models);
  const first = groupby[0] ?? '';
  return readGroups(model, ids, groupby, [...sums, '__count'], models).map((group) => ({
    ...Object.fromEntries(groupby.map((field): [string, Wire] => [field, group[field] ?? false])),
    ...Object.fromEntries(sums.map((sum): [string, Wire] => [sum.split(':')[0] ?? sum, group[sum] ?? 0])),
    [`${first}_count`]: group.__count ?? 0,
    __domain: [
      '&',
      ...(isList(args.domain) ? args.domain : []),
      ...(isList(group.__extra_domain) ? group.__extra_domain : []),
    ],
  }));
}

function writeMethods(books: Books, crud: Crud, models: ModelLookup): Record<string, Method> {
  return {
    create: onModel(['vals_list*'], ({ model, args, context }) => {
      const list = isList(args.vals_list) ? args.vals_list : [args.vals_list ?? {}];
      return list.map((vals) => crud.create(model, isObject(vals) ? vals : {}, context));
    }),
    write: onRecords(['vals*'], ({ model, ids, args }) => {
      crud.write(model, ids, isObject(args.vals) ? args.vals : {});
      return true;
    }),
    unlink: onRecords([], ({ model, ids }) => {
      crud.unlink(model, ids);
      return true;
    }),
    load: onModel(['fields*', 'data*'], ({ model, args, snapshot }) => {
      const rows = isList(args.data) ? args.data.filter(isList) : [];
      return load(books, crud, model, names(args.fields), rows, snapshot, models);
    }),
    export_data: onRecords(['fields_to_export*'], () => {
      throw userError("You don't have the rights to export data. Please contact an Administrator.");
    }),
  };
}

function moveMethods(books: Books): Record<string, Method> {
  return {
    'account.move/action_post': onRecords([], ({ ids }) => {
      postMoves(books, ids);
      return false;
    }),
    'account.move/button_draft': onRecords(
      [],
      nothing(({ ids }) => resetToDraft(books, ids)),
    ),
    'account.move/button_cancel': onRecords(
      [],
      nothing(({ ids }) => cancelMoves(books, ids)),
    ),
    'account.move/js_assign_outstanding_line': onRecords(['line_id*'], ({ ids, args }) => {
      const lineId = args.line_id;
      if (typeof lineId === 'number') for (const id of ids) assignOutstandingLine(books, id, lineId);
      return undefined;
    }),
    'account.move.line/reconcile': onRecords(
      [],
      nothing(({ ids }) => reconcileLines(books, ids)),
    ),
    'account.move.line/remove_move_reconcile': onRecords(
      [],
      nothing(({ ids }) => removeReconciliation(books, ids)),
    ),
  };
}

function paymentMethods(books: Books, models: ModelLookup): Record<string, Method> {
  return {
    'account.payment/action_post': onRecords(
      [],
      nothing(({ ids }) => postPayments(books, ids, models)),
    ),
    'account.payment/action_draft': onRecords(
      [],
      nothing(({ ids }) => {
        for (const id of ids) {
          const payment = books.payments.get(id);
          if (payment === undefined) continue;
          if (payment.moveId !== null) resetToDraft(books, [payment.moveId]);
          books.payments.put({ ...payment, state: 'draft' });
        }
      }),
    ),
    'account.payment/action_cancel': onRecords([], ({ ids }) => {
      for (const id of ids) {
        const payment = books.payments.get(id);
        if (payment === undefined) continue;
        if (payment.moveId !== null) cancelMoves(books, [payment.moveId]);
        books.payments.put({ ...payment, state: 'canceled' });
      }
      return undefined;
    }),
  };
}

function wizardMethods(books: Books, models: ModelLookup): Record<string, Method> {
  const reverse = (modify: boolean) =>
    onRecords([], ({ ids }) => {
      const drafts = ids.flatMap((id) => reverseMoves(books, id, modify, models));
      const [first] = drafts;
      const default_move_type = first === undefined ? false : books.move(first).moveType;
      return openAction('Reverse Moves', 'account.move', drafts, { default_move_type });
    });
  return {
    'account.move.reversal/refund_moves': reverse(false),
    'account.move.reversal/modify_moves': reverse(true),
    'account.move.reversal/reverse_moves': reverse(false),
    'account.payment.register/action_create_payments': onRecords([], ({ ids, context }) => {
      const payments = ids.flatMap((id) => payRegistered(books, id, models));
      return context.dont_redirect_to_payments ? true : openAction('Payments', 'account.payment', payments);
    }),
  };
}

/** The window a person would be shown: what these methods return instead of ids. */
function openAction(
  name: string,
  model: string,
  ids: readonly number[],
  context: WireObject = { create: false },
): WireObject {
  const [only] = ids;
  const base = { name, type: 'ir.actions.act_window', res_model: model, context };
  if (ids.length === 1 && only !== undefined) return { ...base, view_mode: 'form', res_id: only };
  return { ...base, view_mode: 'list,form', domain: [['id', 'in', ids]] };
}

function found({ model, args }: MethodCall, models: ModelLookup): number[] {
  const ids = ordered(model, matching(model, args.domain ?? [], models), textOf(args.order) ?? model.order);
  const offset = typeof args.offset === 'number' ? args.offset : 0;
  return typeof args.limit === 'number' && args.limit > 0 ? ids.slice(offset, offset + args.limit) : ids.slice(offset);
}

function fieldsGet(model: Model, wanted: readonly string[], attributes: readonly string[]): WireObject {
  const described = Object.entries(model.fields).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  return Object.fromEntries(
    described.map(([name, field]) => {
      const all: Record<string, Wire> = {
        type: field.type,
        string: field.label,
        required: field.required ?? false,
        readonly: field.readonly ?? false,
        ...(field.relation === undefined ? {} : { relation: field.relation }),
        ...(field.selection === undefined ? {} : { selection: field.selection }),
      };
      return [
        name,
        attributes.length === 0
          ? all
          : Object.fromEntries(Object.entries(all).filter(([key]) => attributes.includes(key))),
      ];
    }),
  );
}

function closed(method: Method): Method {
  return {
    ...method,
    run: () => {
      throw forbidden('access', 'Model Data', 'ir.model.data', 'Access Rights');
    },
  };
}

function names(value: Wire | undefined): string[] {
  return idsOf(value).length === 0 && isList(value) ? value.filter((item) => typeof item === 'string') : [];
}
