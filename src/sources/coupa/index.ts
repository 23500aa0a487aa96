/**
 * Coupa: call-outs with the object as Coupa's API has it, proven by Basic or an API key. One source for each kind of
 * object, because the call-out does not say which it is. docs/sources/coupa.md.
 */
import { z } from 'zod';
import { verifyApiKey } from '../../verification/api-key.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { announcingSource } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { facts, nothing, unsupported } from '../reading.ts';
import { keysOf } from '../source.ts';

const key = keysOf('coupa');

const object = z.enum([
  'invoice',
  'payment',
  'expense-report',
  'contract',
  'purchase-order',
  'requisition',
  'receipt',
  'supplier',
]);

const coupaSettings = z.strictObject({
  /** What this source's call-outs carry. */
  object,
  proof: z.enum(['basic', 'api-key']).default('basic'),
  /** The header that holds the API key. */
  apiKeyHeader: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,63}$/, 'a header name in lower case')
    .default('x-api-key'),
});
type CoupaSettings = z.infer<typeof coupaSettings>;

const coupaObject = z.looseObject({
  id: z.union([z.int().positive(), z.bigint().positive()]),
  'updated-at': instantText,
  status: z.string().max(80).nullish(),
  name: z.string().nullish(),
});
type CoupaObject = z.infer<typeof coupaObject>;

/** States in which a contract is agreed; Coupa calls the live one published. */
const agreed: ReadonlySet<string> = new Set(['published', 'active']);

export const coupa = announcingSource<CoupaSettings, CoupaObject>({
  provider: 'coupa',
  about: {
    name: 'Coupa',
    auth: 'Basic, or an API key in a header',
    trust: 'authenticated',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'kind, id, `updated-at` and status',
    retries: 'from its list of failed call-outs, by hand',
    page: null,
  },
  settings: coupaSettings,
  // XML call-outs are taken in and kept, so that a wrong setting loses nothing.
  contentTypes: ['application/json', 'application/xml', 'text/xml'],
  verify: (delivery, secrets, { proof, apiKeyHeader }) =>
    proof === 'basic' ? verifyBasic(delivery, secrets) : verifyApiKey(delivery, secrets, apiKeyHeader, ''),
  event: coupaObject,
  address: (event, _delivery, settings) => ({
    eventId: `${settings.object}/${event.id}/${event['updated-at']}/${event.status ?? ''}`,
    type: settings.object,
    occurredAt: readInstant(event['updated-at']),
    customer: null,
  }),
  objection: () => null,
  interpret(event, stored, settings) {
    switch (settings.object) {
      case 'invoice':
      case 'payment':
      case 'expense-report':
        return unsupported(`a ${settings.object} moves money that no rule of the books covers`);
      case 'contract':
        if (!agreed.has(event.status ?? '')) return nothing('the contract is not published');
        return facts({
          kind: 'contract.activated',
          occurredAt: stored.occurredAt,
          requires: [],
          contract: key('contract', String(event.id)),
          customer: null,
          name: event.name || String(event.id),
        });
      default:
        return nothing(`a ${settings.object} concerns no books`);
    }
  },
  understands: [...object.options],
});
