/**
 * Plaid: thin notices about a bank connection, signed by a JWT whose key is fetched by id. docs/sources/plaid.md.
 */
import { z } from 'zod';
import { err } from '../../canonical/result.ts';
import { isBasicCredential } from '../../verification/basic.ts';
import { verifyBodyToken } from '../../verification/body-token.ts';
import { liveSecrets } from '../../verification/verification.ts';
import { announcingSource } from '../announcing.ts';
import { nothing, unknownType } from '../reading.ts';
import type { SourceDefinition } from '../source.ts';
import type { PlaidKeys } from './keys.ts';

const plaidSettings = z.strictObject({ environment: z.enum(['production', 'sandbox']).default('production') });
type PlaidSettings = z.infer<typeof plaidSettings>;

const code = z.string().regex(/^[A-Z0-9_]{1,80}$/);
const plaidEvent = z.looseObject({
  webhook_type: code,
  webhook_code: code,
  item_id: z.string().min(1).max(120).nullish(),
});
type PlaidEvent = z.infer<typeof plaidEvent>;

/** What the products' notices are about. None carries an amount, and a bank line is matched, not booked, by itself. */
const notes: ReadonlyMap<string, string> = new Map([
  ['TRANSACTIONS', 'new bank lines can be fetched from Plaid'],
  ['ITEM', 'the state of a bank connection'],
  ['AUTH', 'account numbers of a bank connection'],
  ['BALANCE', 'a bank balance can be fetched from Plaid'],
  ['TRANSFER', 'transfer events can be fetched from Plaid'],
  ['PAYMENT_INITIATION', 'a payment changed its status at the bank'],
  ['HOLDINGS', 'investment holdings can be fetched from Plaid'],
  ['INVESTMENTS_TRANSACTIONS', 'investment transactions can be fetched from Plaid'],
  ['LIABILITIES', 'liabilities can be fetched from Plaid'],
  ['IDENTITY', 'owner details of a bank connection'],
  ['STATEMENTS', 'bank statements can be fetched from Plaid'],
  ['ASSETS', 'an asset report'],
  ['INCOME', 'an income report'],
  ['LINK', 'a session of Plaid Link'],
]);

/** `keys` asks Plaid with the credentials that are the source's secrets, each `client_id:secret`. */
export function plaidSource(keys: PlaidKeys): SourceDefinition<PlaidSettings> {
  return announcingSource<PlaidSettings, PlaidEvent>({
    provider: 'plaid',
    about: {
      name: 'Plaid',
      auth: '`Plaid-Verification`: a JWT (ES256) with the body’s hash; 5 minutes',
      trust: 'signed',
      acknowledges: '200 with the events and their lanes as JSON',
      dedupe: 'type, code, item, time of the token and hash of the body',
      retries: 'for about a day',
      page: null,
    },
    settings: plaidSettings,
    async verify(delivery, secrets, { environment }) {
      // The newest credential is listed last in a rotation, and one is enough: any of them may ask for any key.
      const credential = liveSecrets(secrets, delivery.receivedAt)
        .map(({ value }) => value)
        .findLast(isBasicCredential);
      if (credential === undefined) return err('no_live_secret');
      const colon = credential.indexOf(':');
      const access = { environment, clientId: credential.slice(0, colon), secret: credential.slice(colon + 1) };
      return verifyBodyToken(delivery, 'plaid-verification', (keyId, now) => keys.find(access, keyId, now));
    },
    event: plaidEvent,
    address(event, { evidence, receivedAt }) {
      const { body_sha256: digest = '', issued_at: issuedAt = String(receivedAt) } = evidence;
      // There is no id, and two notices may be equal to the byte: the time of signing tells them apart.
      return {
        eventId: `${event.webhook_type}/${event.webhook_code}/${event.item_id ?? ''}/${issuedAt}/${digest}`,
        type: `${event.webhook_type}.${event.webhook_code}`,
        occurredAt: null,
        customer: null,
      };
    },
    objection: ({ webhook_type: type }) => (notes.has(type) ? null : unknownType),
    interpret: ({ webhook_type: type }) => nothing(notes.get(type) ?? 'no concern of the books'),
    understands: [...notes.keys()].map((type) => `${type}.*`),
  });
}
