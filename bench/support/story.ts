/**
 * What Stripe sends for many customers: an opening, then billing cycles in which each customer has its own turn (paid at
 * once, paid before the invoice, amended, refunded, disputed, failed, credited). Deterministic; every event distinct.
 */
import { chance } from '../../scripts/demo/chance.ts';
import type { DemoDelivery } from '../../scripts/demo/delivery.ts';
import { customer } from '../../scripts/demo/people.ts';
import {
  type StripeWorld,
  stripeCatalogue,
  stripeCycle,
  stripeOpening,
  stripeWorld,
} from '../../scripts/demo/stripe-story.ts';

const SEED = 20_261_122;

export class StoryTeller {
  readonly #people;
  #cycle = 0;

  constructor(customers: number) {
    this.#people = Array.from({ length: customers }, (_, number) => ({
      ...customer(number),
      luck: chance(SEED + number),
    }));
  }

  /** The catalogue and, of each customer, who it is and what it subscribed to. */
  opening(): readonly string[] {
    return inTurn([stripeCatalogue(), ...this.#people.map(stripeOpening)].map(distinct)).flat();
  }

  /**
   * The next `count` cycles of every customer as waves: a wave has at most one event of each customer, so that a
   * customer's events keep their order when a wave is sent all at once. `world` is what Stripe's API must show before.
   */
  cycles(count: number): { readonly waves: readonly (readonly string[])[]; readonly world: StripeWorld } {
    const { streams, world } = this.streams(count);
    return { waves: inTurn(streams), world };
  }

  /** The same, customer by customer. */
  streams(count: number): { readonly streams: readonly (readonly string[])[]; readonly world: StripeWorld } {
    const world = stripeWorld();
    const told = this.#people.map((person) =>
      Array.from({ length: count }, (_, at) => stripeCycle(person, this.#cycle + at, person.luck, world)).flat(),
    );
    this.#cycle += count;
    return { streams: told.map(distinct), world };
  }
}

/** Repetitions are left out. */
const distinct = (stream: readonly DemoDelivery[]): readonly string[] =>
  stream.filter(({ expect }) => expect === 'accepted').map(({ body }) => body);

/** The first of each stream, then the second of each … */
export function inTurn(streams: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const longest = Math.max(...streams.map((stream) => stream.length));
  return Array.from({ length: longest }, (_, at) => streams.flatMap((stream) => stream[at] ?? []));
}
