/** Events of the other billing platforms and processors, read by their own sources. */
import type { ConfiguredSource } from '../../src/sources/registered.ts';
import { stored, verifiedBody } from '../conformance/interpreting.ts';
import { readOnce, type Told } from './case.ts';

export interface Announcement {
  readonly date: string;
  readonly type: string;
  readonly about: string;
  readonly body: object;
  /** What the provider's API shows when it is asked, by `kind:id`. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

/** One delivery of one event. */
export const through =
  (by: string, source: ConfiguredSource) =>
  ({ date, type, about, body, shown = {} }: Announcement): Told => ({
    ...{ date, by, type, about },
    reading: readOnce(() => {
      const parsed = source.parse(verifiedBody(new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))));
      const event = parsed.ok ? parsed.value[0] : undefined;
      if (event === undefined) throw new Error(`${type} is not addressable`);
      return event.quarantine === null
        ? source.interpret(stored(event), new Map(Object.entries(shown)))
        : { kind: 'quarantine', reason: event.quarantine };
    }),
  });
