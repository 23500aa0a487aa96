import { describe, expect, it } from 'vitest';
import {
  archiveReferences,
  bodyOf,
  isLaterAnswers,
  readArchiveLine,
  writeArchiveLine,
} from '../../src/ledger/archive-lines.ts';

const line = {
  ...{ lane: 'stripe:cus_1', seq: 3, source: 'stripe', eventId: 'evt_1', type: 'charge.succeeded', occurredAt: 1 },
  ...{ receivedAt: 2, trust: 'signed', bodyHash: 'b'.repeat(64), evidence: { 'stripe-signature': 't=1' } },
};

describe('a line of the archive', () => {
  it('keeps bytes, answers, and numbers that no double holds', () => {
    const answers = { 'balance_transaction:txn_1': { fee: 12345678901234567890n }, 'event:evt_1': null };
    const read = readArchiveLine(writeArchiveLine({ ...line, text: '{"a":"é"}', answers }));
    if (isLaterAnswers(read)) throw new Error('it is an event');
    expect(new TextDecoder().decode(bodyOf(read) ?? undefined)).toBe('{"a":"é"}');
    expect(read.answers).toEqual(answers);
  });

  it('keeps bytes that are no text', () => {
    const read = readArchiveLine(JSON.stringify({ ...line, base64: btoa('\xff\x00') }));
    if (isLaterAnswers(read)) throw new Error('it is an event');
    expect(bodyOf(read)).toEqual(new Uint8Array([255, 0]));
  });

  it('tells later answers from events, and refuses what is neither', () => {
    const later = { kind: 'answers', source: 'stripe', eventId: 'evt_1', answers: { 'a:b': 1 } };
    expect(isLaterAnswers(readArchiveLine(writeArchiveLine(later)))).toBe(true);
    expect(() => readArchiveLine('{"kind":"answers"}')).toThrow();
    expect(() => readArchiveLine('{"lane":')).toThrow();
  });
});

describe('a reference into the archive', () => {
  it.each([
    [null, null, null],
    ['raw/a/x.ndjson#3', 'raw/a/x.ndjson#3', null],
    ['raw/a/x.ndjson#3+raw/a/y.ndjson#0', 'raw/a/x.ndjson#3', 'raw/a/y.ndjson#0'],
    ['+raw/a/y.ndjson#0', null, 'raw/a/y.ndjson#0'],
    ['nonsense', null, null],
  ])('%s', (text, bytes, answers) => {
    const words = (place: { key: string; line: number } | null) =>
      place === null ? null : `${place.key}#${place.line}`;
    const found = archiveReferences(text);
    expect([words(found.bytes), words(found.answers)]).toEqual([bytes, answers]);
  });
});
