/**
 * A provider of the simulation's own: its events carry canonical facts as JSON, so that histories exercise everything
 * behind the sources. Registered like any other, so configs name it.
 */
import { z } from 'zod';
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import { err, ok } from '../../src/canonical/result.ts';
import { registerSource } from '../../src/sources/registered.ts';
import type { SourceDefinition } from '../../src/sources/source.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const encodeFacts = (facts: readonly CanonicalEvent[], salt = 0): Uint8Array<ArrayBuffer> =>
  new Uint8Array(encoder.encode(JSON.stringify(salt === 0 ? { facts } : { facts, salt })));

const definition: SourceDefinition<Record<string, never>> = {
  provider: 'simulated',
  settings: z.strictObject({}),
  maxBodyBytes: 1_000_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify: async () => err('header_missing'),
  parse: () => ok([]),
  acknowledge: () => new Response(null),
  enrichment: () => [],
  interpret: (event) => {
    const { facts }: { facts: CanonicalEvent[] } = JSON.parse(decoder.decode(event.body));
    return { kind: 'facts', facts, note: null };
  },
  understands: [],
};

export const simulatedProvider = registerSource(definition);
