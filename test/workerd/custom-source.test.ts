/** JSON Schema, JSONPath and CEL are interpreted: they run where making code from text is forbidden. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sources } from '../../src/sources/registry.ts';
import { asSample } from '../../src/verification/sample.ts';

const settings = {
  provider: 'standard-webhooks',
  secrets: ['secret://crm'],
  entity: 'demo-eu',
  system: 'crm',
  event: { batch: '$.events', id: '$.id', customer: '$.data.account' },
  types: {
    'invoice.posted': {
      schema: {
        type: 'object',
        required: ['data'],
        properties: {
          data: { required: ['lines'], properties: { number: { type: 'string', pattern: '^A-[0-9]+$' } } },
        },
      },
      facts: [
        "cel.bind(lines, event.data.lines.map(l, {'id': l.id, 'description': l.id, 'net': minor(l.net, 'EUR')}),",
        "{'kind': 'invoice.issued', 'invoice': event.data.number, 'customer': customer, 'currency': 'EUR',",
        "'lines': lines, 'total': sum(lines.map(l, l.net)), 'dueAt': event.data.?due.orValue(null)})",
      ],
    },
  },
};
const event = (number: string) => ({
  id: `e-${number}`,
  type: 'invoice.posted',
  data: {
    number,
    account: 'C1',
    lines: [
      { id: '1', net: '10.10' },
      { id: '2', net: '0.20' },
    ],
  },
});

const configured = () => {
  const answer = sources.get('standard-webhooks')?.configure(settings);
  if (answer?.ok !== true) throw new Error(answer?.error.join('; ') ?? 'no such source');
  return answer.value;
};

/** Deployed Workers refuse to make code from text; the test pool allows it for its own sake, so it is refused here. */
beforeEach(() => {
  const refuse = (): never => {
    throw new EvalError('code from text');
  };
  vi.stubGlobal('eval', refuse);
  vi.stubGlobal('Function', refuse);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a source described by configuration, on workerd', () => {
  it('addresses, checks and maps a batch', () => {
    const source = configured();
    const receivedAt = Date.UTC(2026, 10, 22);
    const body = new Uint8Array(new TextEncoder().encode(JSON.stringify({ events: [event('A-1'), event('B-1')] })));
    const parsed = source.parse(
      asSample({
        method: 'POST',
        url: new URL('https://gateway.test/in/demo/crm'),
        headers: new Headers(),
        body,
        receivedAt,
      }),
    );
    if (!parsed.ok) throw new Error(parsed.error.reason.detail);
    const [good, bad] = parsed.value;
    expect(bad?.quarantine).toEqual({
      code: 'schema_mismatch',
      detail: expect.stringContaining('#/data/number: pattern'),
    });
    if (good === undefined) throw new Error('no event');
    expect(source.interpret({ ...good, receivedAt }, new Map())).toMatchObject({
      kind: 'facts',
      facts: [{ invoice: 'x-crm:invoice:A-1', customer: 'x-crm:customer:C1', total: 1030, dueAt: null }],
    });
  });

  it('says what is wrong with an expression', () => {
    const types = { 'a.b': { facts: 'event.a.matches("(a+)+")' } };
    const answer = sources.get('standard-webhooks')?.configure({ ...settings, types });
    expect(answer?.ok === false && answer.error[0]).toMatch(/^types\.a\.b\.facts: cannot use matches/);
  });
});
