/** Ironclad: steps of a contract's workflow, signed with Ironclad's RSA key. docs/sources/ironclad.md. */
import { z } from 'zod';
import { err, ok } from '../../canonical/result.ts';
import { decodeBase64, decodeHex } from '../../verification/hmac.ts';
import { readPublicKey, rsaAlgorithms, verifyRsa } from '../../verification/public-key.ts';
import {
  asVerified,
  type Delivery,
  type LiveSecret,
  liveSecrets,
  type Verification,
} from '../../verification/verification.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { instantText, readInstant } from '../instants.ts';
import { parseJsonText } from '../json.ts';
import { facts, nothing, unknownType } from '../reading.ts';
import { keysOf } from '../source.ts';

const key = keysOf('ironclad');

const ironcladSettings = z.strictObject({
  /** The company this source serves; events of any other are quarantined. */
  companyId: z.string().min(1).max(64).optional(),
  /** Pinned: what the message says of its own algorithm is not believed. */
  algorithm: z.enum(rsaAlgorithms).default('rsa-sha256'),
});
type IroncladSettings = z.infer<typeof ironcladSettings>;

const MAX_HEADER_LENGTH = 4096;
const eventIdPattern = /^[\x21-\x7e]{1,200}$/;
const verificationHeader = z.object({
  nonce: z.string().min(1).max(256),
  signature: z.string().min(1).max(2048),
  encoding: z.enum(['base64', 'hex']),
});

/**
 * `eventId + body + nonce` under any live key (PEM). The parts are joined without a separator, so bytes could be moved
 * between the id and the body; a body that then still begins with `{` cannot be had that way, as no id contains one.
 */
async function verify(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  { algorithm }: IroncladSettings,
): Promise<Verification> {
  const eventId = delivery.headers.get('x-ironclad-webhook-event-id');
  const header = delivery.headers.get('x-ironclad-webhook-verification');
  if (eventId === null || header === null) return err('header_missing');
  if (header.length > MAX_HEADER_LENGTH || !eventIdPattern.test(eventId) || eventId.includes('{')) {
    return err('header_malformed');
  }
  const json = parseJsonText(header);
  const stated = verificationHeader.safeParse(json.ok ? json.value : null);
  if (!stated.success || delivery.body[0] !== 0x7b || delivery.body.at(-1) !== 0x7d) return err('header_malformed');
  const { nonce, signature, encoding } = stated.data;
  const presented = encoding === 'hex' ? decodeHex(signature) : decodeBase64(signature);
  if (presented === null || nonce.includes('}')) return err('header_malformed');
  const message = joined(eventId, delivery.body, nonce);
  let live = 0;
  for (const { value } of liveSecrets(secrets, delivery.receivedAt)) {
    const publicKey = await readPublicKey(value, algorithm);
    if (publicKey === null) continue;
    live += 1;
    if (await verifyRsa(publicKey, presented, message)) {
      return ok(
        asVerified(delivery, 'signed', {
          'x-ironclad-webhook-event-id': eventId,
          'x-ironclad-webhook-verification': header,
        }),
      );
    }
  }
  return err(live === 0 ? 'no_live_secret' : 'signature_mismatch');
}

function joined(eventId: string, body: Uint8Array, nonce: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const head = encoder.encode(eventId);
  const tail = encoder.encode(nonce);
  const message = new Uint8Array(head.length + body.length + tail.length);
  message.set(head);
  message.set(body, head.length);
  message.set(tail, head.length + body.length);
  return message;
}

const id = z.string().min(1).max(120);
const ironcladEvent = z.looseObject({
  companyID: id.nullish(),
  company: id.nullish(),
  webhookID: id.nullish(),
  timestamp: instantText,
  payload: z.looseObject({
    event: z.string().regex(/^[a-z]{1,40}(?:_[a-z]{1,40}){0,6}$/),
    workflowID: id.nullish(),
    recordID: id.nullish(),
  }),
});
type IroncladEvent = z.infer<typeof ironcladEvent>;

const withoutEffect = /^(?:workflow|record|entity|obligation)_[a-z_]+$/;

export const ironclad = announcingSource<IroncladSettings, IroncladEvent>({
  provider: 'ironclad',
  about: {
    name: 'Ironclad',
    auth: 'an asymmetric signature over id, body and nonce, by a pinned key',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the event id in its header',
    retries: 'ten times in about fourteen hours',
    page: null,
  },
  settings: ironcladSettings,
  verify,
  event: ironcladEvent,
  address(event, { evidence }) {
    const { event: type, workflowID, recordID } = event.payload;
    return {
      eventId:
        evidence['x-ironclad-webhook-event-id'] ??
        [event.webhookID ?? '', type, workflowID ?? recordID ?? '', event.timestamp].join('/'),
      type,
      occurredAt: readInstant(event.timestamp),
      customer: null,
    };
  },
  objection(event, { companyId }) {
    const company = event.companyID ?? event.company ?? null;
    if (companyId !== undefined && company !== companyId) return otherAccount('companyID');
    const { event: type, workflowID } = event.payload;
    if (type === 'workflow_completed' && (workflowID === null || workflowID === undefined)) {
      return { code: 'schema_mismatch', detail: 'payload.workflowID: a workflow id' };
    }
    return withoutEffect.test(type) ? null : unknownType;
  },
  interpret({ payload }, stored) {
    const { event: type, workflowID } = payload;
    if (type !== 'workflow_completed' || workflowID === null || workflowID === undefined) {
      return nothing(`${type} concerns no books`);
    }
    return facts({
      kind: 'contract.activated',
      occurredAt: stored.occurredAt,
      requires: [],
      contract: key('contract', workflowID),
      customer: null,
      name: workflowID,
    });
  },
  understands: ['workflow_completed', 'workflow_*', 'record_*', 'entity_*', 'obligation_*'],
});
