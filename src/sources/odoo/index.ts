/**
 * Odoo's own outgoing webhooks ("Send Webhook Notification", Odoo 17 and later). Odoo signs nothing, waits one second
 * for the answer, ignores it and never sends again, so whatever it sends is taken in. docs/sources/odoo.md.
 */
import { z } from 'zod';
import { verifySecretPath } from '../../verification/secret-path.ts';
import { announcingSource } from '../announcing.ts';
import { readInstant } from '../instants.ts';
import { textMember } from '../json.ts';
import { facts, nothing, unknownType } from '../reading.ts';
import { keysOf } from '../source.ts';

const key = keysOf('odoo');

const odooSettings = z.strictObject({
  /**
   * Where Odoo is where customers are kept: partners become customers of the books. Leave it off when Odoo is a target,
   * or its own partners would come back to it as new ones.
   */
  customers: z.boolean().default(false),
  /** The company this source serves, for actions that send `company_id`. */
  companyId: z.int().positive().optional(),
});
type OdooSettings = z.infer<typeof odooSettings>;

const odooRecord = z.looseObject({
  _model: z.string().regex(/^[a-z][a-z0-9_]{0,63}(?:\.[a-z0-9_]{1,64}){0,6}$/),
  _id: z.int().positive(),
  _action: z.string().max(300).nullish(),
  /** As Odoo writes it: UTC, without zone. Only there when the action sends it. */
  write_date: z.union([z.string().max(40), z.literal(false)]).nullish(),
  company_id: z.union([z.int(), z.literal(false)]).nullish(),
});
type OdooRecord = z.infer<typeof odooRecord>;

const targetsOwn = "a record of the books' own target: it is compared when its document is posted";
const notes: ReadonlyMap<string, string> = new Map([
  ['res.partner', 'partners of this Odoo are no customers of this source'],
  ...['account.move', 'account.payment', 'account.bank.statement.line', 'account.move.line'].map(
    (model): [string, string] => [model, targetsOwn],
  ),
  ...['sale.order', 'crm.lead', 'product.product', 'product.template', 'sale.subscription', 'res.users'].map(
    (model): [string, string] => [model, 'concerns no books'],
  ),
]);

const writtenAt = ({ write_date: text }: OdooRecord): number | null =>
  typeof text === 'string' ? readInstant(text) : null;

export const odoo = announcingSource<OdooSettings, OdooRecord>({
  provider: 'odoo',
  about: {
    name: 'Odoo, its own webhooks',
    auth: 'a secret address; nothing is signed',
    trust: 'addressed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'model, record, action and `write_date`',
    retries: '**never**: it waits one second and ignores the answer',
    page: null,
  },
  settings: odooSettings,
  verify: verifySecretPath,
  event: odooRecord,
  // Nothing is ever sent twice, so two deliveries are two events unless the record's own stamp says otherwise.
  address: (event, { receivedAt }) => ({
    eventId: `${event._model}/${event._id}/${event._action ?? ''}/${writtenAt(event) ?? `received-${receivedAt}`}`,
    type: event._model,
    occurredAt: writtenAt(event),
    customer: event._model === 'res.partner' ? String(event._id) : null,
  }),
  objection(event, { companyId }) {
    const other = typeof event.company_id === 'number' && companyId !== undefined && event.company_id !== companyId;
    if (other) return { code: 'wrong_account', detail: 'company_id: not the one this source serves' };
    return notes.has(event._model) ? null : unknownType;
  },
  interpret(event, stored, { customers }) {
    if (event._model !== 'res.partner' || !customers) return nothing(notes.get(event._model) ?? 'concerns no books');
    if (textMember(event, 'name') === null) {
      return {
        kind: 'quarantine',
        reason: { code: 'unsupported_shape', detail: 'name: the webhook action has to send it' },
      };
    }
    const address = {
      line1: textMember(event, 'street'),
      line2: textMember(event, 'street2'),
      city: textMember(event, 'city'),
      postalCode: textMember(event, 'zip'),
      // States and countries come as numbers of Odoo's own tables, unless the action sends `country_code`.
      state: null,
      country: textMember(event, 'country_code'),
    };
    return facts({
      kind: 'customer.upserted',
      occurredAt: stored.occurredAt,
      requires: [],
      customer: key('customer', String(event._id)),
      version: writtenAt(event) ?? stored.occurredAt,
      name: textMember(event, 'name'),
      email: textMember(event, 'email'),
      phone: textMember(event, 'phone'),
      taxId: textMember(event, 'vat'),
      address: Object.values(address).every((part) => part === null) ? null : address,
      references: {},
      deleted: event.active === false,
    });
  },
  understands: [...notes.keys()],
});
