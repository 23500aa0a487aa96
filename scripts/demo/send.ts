/** Sends deliveries as their providers do: signed at the time of sending, and again until the answer is a 2xx or a refusal. */
import { z } from 'zod';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import type { DemoFile } from '../runtime/credentials.ts';
import type { DemoDelivery } from './delivery.ts';

/** What the gateway made of a delivery. `refused`: a 4xx. `gave_up`: no 2xx within the retries. */
export interface Answer {
  readonly delivery: DemoDelivery;
  readonly status: 'accepted' | 'duplicate' | 'quarantined' | 'refused' | 'gave_up';
  readonly http: number | null;
  /** Event ids and lanes it was acknowledged for; empty unless it was. */
  readonly events: readonly { readonly id: string; readonly lane: string }[];
  /** Tries that got no answer or a 5xx. */
  readonly retries: number;
}

export interface Sending {
  readonly demo: DemoFile;
  /** Streams that are sent beside each other. */
  readonly concurrency: number;
  /** How long a provider goes on trying, ms. */
  readonly patienceMs: number;
  /** Told after each acknowledged or refused delivery. */
  readonly onAnswer: (answer: Answer) => void;
}

const acknowledgement = z.object({
  status: z.enum(['accepted', 'duplicate', 'quarantined']),
  events: z.array(z.object({ id: z.string(), lane: z.string() })),
});

/** Sends one phase. Deliveries of a stream keep their order; answers are in the order of `deliveries`. */
export async function sendAll(deliveries: readonly DemoDelivery[], sending: Sending): Promise<readonly Answer[]> {
  const streams = [...Map.groupBy(deliveries, (each) => each.stream).values()];
  const answers = new Map<DemoDelivery, Answer>();
  const worker = async (): Promise<void> => {
    for (let stream = streams.shift(); stream !== undefined; stream = streams.shift()) {
      for (const each of stream) {
        const answer = await sendOne(each, sending);
        answers.set(each, answer);
        sending.onAnswer(answer);
      }
    }
  };
  await Promise.all(Array.from({ length: sending.concurrency }, worker));
  return deliveries.flatMap((each) => answers.get(each) ?? []);
}

async function sendOne(delivery: DemoDelivery, sending: Sending): Promise<Answer> {
  const giveUpAt = Date.now() + sending.patienceMs;
  for (let retries = 0; ; retries += 1) {
    const response = await post(delivery, sending.demo);
    if (response !== null && response.status < 500) return { ...read(delivery, response), retries };
    if (Date.now() > giveUpAt) {
      return { delivery, status: 'gave_up', http: response?.status ?? null, events: [], retries };
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** retries, 2000)));
  }
}

/** Null when no answer came: refused, broken or too slow, which a provider treats alike. */
async function post(delivery: DemoDelivery, demo: DemoFile): Promise<{ status: number; text: string } | null> {
  const { url, headers } = await addressed(delivery, demo);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: delivery.body,
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

async function addressed(
  delivery: DemoDelivery,
  demo: DemoFile,
): Promise<{ url: string; headers: Record<string, string> }> {
  const { stripe, salesforce, chargebee } = demo.sources;
  switch (delivery.source) {
    case 'stripe': {
      const secret = delivery.forged ? 'whsec_somebody_elses' : stripe.secret;
      return {
        url: stripe.url,
        headers: { ...(await signStripe(delivery.body, secret, Math.floor(Date.now() / 1000))) },
      };
    }
    case 'salesforce': {
      const headers = { 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' };
      return {
        url: delivery.forged ? salesforce.url.replace(/[^/]+$/, 'somebody-elses-address') : salesforce.url,
        headers,
      };
    }
    case 'chargebee': {
      const password = delivery.forged ? 'guessed' : chargebee.password;
      const basic = Buffer.from(`${chargebee.username}:${password}`).toString('base64');
      return { url: chargebee.url, headers: { 'content-type': 'application/json', authorization: `Basic ${basic}` } };
    }
  }
}

function read(delivery: DemoDelivery, response: { status: number; text: string }): Omit<Answer, 'retries'> {
  const { status: http, text } = response;
  if (http >= 300) return { delivery, status: 'refused', http, events: [] };
  if (delivery.source === 'salesforce') {
    // The Ack says only that it is stored; whether it was stored before, the caller knows.
    if (!text.includes('<Ack>true</Ack>')) return { delivery, status: 'refused', http, events: [] };
    return {
      delivery,
      status: 'accepted',
      http,
      events: delivery.eventIds.map((id) => ({ id, lane: delivery.lane ?? '' })),
    };
  }
  const { status, events } = acknowledgement.parse(JSON.parse(text));
  return { delivery, status, http, events };
}
