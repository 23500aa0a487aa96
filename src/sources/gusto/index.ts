/** Gusto: thin payroll events. Its set-up posts a token that becomes the signing key. docs/sources/gusto.md. */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { signingSecrets, verifySetUpAddress } from '../../verification/set-up-address.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { parseJson } from '../json.ts';
import { nothing, unknownType } from '../reading.ts';
import type { QuarantineReason } from '../source.ts';

const gustoSettings = z.strictObject({
  /** The company this source serves; events of any other are quarantined. */
  companyUuid: z.guid().optional(),
});
type GustoSettings = z.infer<typeof gustoSettings>;

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('x-gusto-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-gusto-signature'],
};

/** The set-up token comes unsigned, and is taken at a set-up address only; nothing else is, unsigned. */
async function verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const signed = await verifyHmac(delivery, signingSecrets(secrets), scheme);
  if (signed.ok || delivery.headers.has('x-gusto-signature')) return signed;
  const addressed = await verifySetUpAddress(delivery, secrets);
  return addressed.ok && isSetUp(delivery.body) ? addressed : signed;
}

function isSetUp(body: Uint8Array): boolean {
  const json = parseJson(body);
  return json.ok && setUpToken.safeParse(json.value).success;
}

const name = z.string().regex(/^[A-Za-z_]{1,80}$/);
const id = z.string().min(1).max(120);
const payrollEvent = z
  .looseObject({
    uuid: id.nullish(),
    event_type: z.string().regex(/^[a-z_]{1,80}\.[a-z_.]{1,80}$/),
    resource_type: name,
    resource_uuid: id,
    entity_uuid: id,
    timestamp: z.int().min(0).max(8_640_000_000_000),
  })
  .transform((event) => ({ kind: 'event' as const, ...event }));
const setUpToken = z
  .looseObject({ verification_token: z.string().min(1).max(512), webhook_subscription_uuid: id.nullish() })
  .transform(({ webhook_subscription_uuid: subscription }) => ({ kind: 'set-up' as const, subscription }));
const gustoEvent = z.union([payrollEvent, setUpToken]);
type GustoEvent = z.infer<typeof gustoEvent>;

/** Subjects of Gusto's catalogue of events. Each names what changed and carries no amount. */
const subjects: ReadonlySet<string> = new Set(
  `bank_account company company_benefit contractor contractor_onboarding contractor_payment contractor_payment_group
  department employee employee_benefit employee_job_compensation employee_onboarding external_payroll form garnishment
  history_report information_request job location member notification pay_period pay_schedule payroll people_batch
  recovery_case salary_estimate signatory time_off_request wire_in_request`.split(/\s+/),
);

const setUpReason: QuarantineReason = {
  code: 'unsupported_shape',
  detail: "set-up: keep this token as the source's secret, confirm the subscription at Gusto, then skip this event",
};

export const gusto = announcingSource<GustoSettings, GustoEvent>({
  provider: 'gusto',
  about: {
    name: 'Gusto',
    auth: '`X-Gusto-Signature`: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`uuid`, or type, entity and time',
    retries: 'sixteen times',
    page: null,
  },
  settings: gustoSettings,
  verify,
  event: gustoEvent,
  address(event, { receivedAt }) {
    if (event.kind === 'set-up') {
      const eventId = `set-up/${event.subscription ?? receivedAt}`;
      return { eventId, type: 'verification_token', occurredAt: null, customer: null };
    }
    return {
      eventId: event.uuid ?? `${event.event_type}/${event.entity_uuid}/${event.timestamp}`,
      type: event.event_type,
      occurredAt: event.timestamp * 1000,
      customer: null,
    };
  },
  objection(event, { companyUuid }) {
    if (event.kind === 'set-up') return setUpReason;
    if (companyUuid !== undefined && event.resource_uuid.toLowerCase() !== companyUuid.toLowerCase()) {
      return otherAccount('resource_uuid');
    }
    return subjects.has(event.event_type.split('.')[0] ?? '') ? null : unknownType;
  },
  interpret: (event) => nothing(`${event.kind === 'event' ? event.event_type : 'set-up'} carries no amounts`),
  understands: [...subjects].map((subject) => `${subject}.*`),
});
