/** The whole demo: who is told about, in which order, with what rubbish in between. Pure: the same input, the same bytes. */
import { at } from './calendar.ts';
import { chance } from './chance.ts';
import { chargebeeCatalogue, chargebeeCycle, chargebeeOpening } from './chargebee-story.ts';
import { type DemoDelivery, delivery } from './delivery.ts';
import { customer } from './people.ts';
import { salesforceStory } from './salesforce-story.ts';
import {
  type StripeWorld,
  sentByStripe,
  stripeCatalogue,
  stripeCycle,
  stripeOpening,
  stripePayouts,
  stripeWorld,
} from './stripe-story.ts';

export interface DemoOptions {
  /** About so many deliveries: stories are not cut in the middle. */
  readonly count: number;
  readonly customers: number;
}

export interface DemoStory {
  /** One phase is sent after the other is acknowledged. */
  readonly phases: readonly (readonly DemoDelivery[])[];
  /** What the sandbox Stripe's API shows meanwhile. */
  readonly world: StripeWorld;
}

const SEED = 20_261_122;
/** More cycles than this of one customer would leave the demo's calendar. */
const MAX_CYCLES = 1000;

/** Every fourth customer is billed by Chargebee, the others by Stripe; all of them are known to Salesforce. */
export function demoStory(options: DemoOptions): DemoStory {
  const world = stripeWorld();
  const people = Array.from({ length: options.customers }, (_, number) => ({
    ...customer(number),
    luck: chance(SEED + number),
  }));
  const byChargebee = (number: number): boolean => number % 4 === 3;
  const catalogue = [...stripeCatalogue(), ...chargebeeCatalogue()];
  const told = people.flatMap((person) => [
    ...(byChargebee(person.number) ? chargebeeOpening(person) : stripeOpening(person)),
    ...salesforceStory(person),
  ]);
  const bad = rubbish();
  for (let cycle = 0; cycle < MAX_CYCLES; cycle += 1) {
    for (const person of people) {
      if (catalogue.length + told.length + bad.length >= options.count) break;
      told.push(
        ...(byChargebee(person.number)
          ? chargebeeCycle(person, cycle, person.luck)
          : stripeCycle(person, cycle, person.luck, world)),
      );
    }
  }
  return { phases: [catalogue, told, [...stripePayouts(world), ...bad]], world };
}

/** Forged, broken and unheard-of deliveries. */
function rubbish(): readonly DemoDelivery[] {
  const created = at(0, 0, 0);
  const forged = sentByStripe(
    'rubbish-1',
    'invoice.finalized',
    { id: 'in_forged', object: 'invoice' },
    { id: 'evt_demo_forged', created },
  );
  const unheard = { id: 'mb_demo', object: 'moon_base', status: 'landed' };
  return [
    { ...forged, expect: 'rejected', forged: true },
    delivery('chargebee', 'rubbish-2', ['ev_demo_forged'], '{"id":"ev_demo_forged"}', {
      expect: 'rejected',
      forged: true,
    }),
    delivery('salesforce', 'rubbish-3', [], '<not-an-envelope/>', { expect: 'rejected', forged: true }),
    delivery('stripe', 'rubbish-4', [], '{"id":"evt_demo_broken","object":"event",', { expect: 'quarantined' }),
    {
      ...sentByStripe('rubbish-5', 'moon_base.landed', unheard, { id: 'evt_demo_unheard', created }),
      expect: 'quarantined',
    },
  ];
}
