/** Proofs as each provider makes them, for deliveries of `npm run send`. A new provider is one entry of `signers`. */
import { createHmac } from 'node:crypto';
import { signStripe } from '../../sandbox/stripe/sign.ts';

export interface Unsigned {
  /** `https://gateway/in/tenant/source`. */
  readonly url: string;
  readonly body: string;
  readonly contentType: string;
  readonly eventId: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface Signed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Signer = (unsigned: Unsigned, secret: string) => Promise<Signed>;

const seconds = (at: number): number => Math.floor(at / 1000);

export const signers: Readonly<Record<string, Signer>> = {
  stripe: async ({ url, body, at }, secret) => ({ url, headers: { ...(await signStripe(body, secret, seconds(at))) } }),

  /** The secret is the last segment of the address. */
  salesforce: async ({ url, contentType }, secret) => ({
    url: `${url}/${secret}`,
    headers: { 'content-type': contentType, soapaction: '""' },
  }),

  /** The secret is `user:password`. */
  chargebee: async ({ url, contentType }, secret) => ({
    url,
    headers: { 'content-type': contentType, authorization: `Basic ${Buffer.from(secret).toString('base64')}` },
  }),

  'standard-webhooks': async ({ url, body, contentType, eventId, at }, secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key)
      .update(`${eventId}.${seconds(at)}.${body}`)
      .digest('base64');
    return {
      url,
      headers: {
        'content-type': contentType,
        'webhook-id': eventId,
        'webhook-timestamp': String(seconds(at)),
        'webhook-signature': `v1,${signature}`,
      },
    };
  },

  /** As the example of docs/sources/custom.md has it. */
  custom: async ({ url, body, contentType, at }, secret) => {
    const signature = createHmac('sha256', secret)
      .update(`${seconds(at)}.${body}`)
      .digest('hex');
    return { url, headers: { 'content-type': contentType, 'x-acme-signature': `t=${seconds(at)},v1=${signature}` } };
  },
};

/** A secret of the same form that is not the secret: each letter and digit, but the first eight, is the next one. */
export function wrongSecret(secret: string): string {
  const [prefix, rest] = secret.startsWith('whsec_') ? ['whsec_', secret.slice(6)] : ['', secret];
  return prefix + rest.replaceAll(/[a-yA-Y0-8]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 1));
}
