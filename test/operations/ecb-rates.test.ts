import { describe, expect, it } from 'vitest';
import { readEcbRates } from '../../src/operations/ecb-rates.ts';

const published = (days: string) => `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube>${days}</Cube>
</gesmes:Envelope>`;

const day = (date: string, ...rates: readonly [string, string][]) =>
  `<Cube time='${date}'>${rates.map(([code, rate]) => `<Cube currency='${code}' rate='${rate}'/>`).join('')}</Cube>`;

describe('rates of the European Central Bank', () => {
  it('are units of each currency per euro, of every day in the file', () => {
    const read = readEcbRates(
      published(day('2026-11-27', ['USD', '1.0523'], ['JPY', '163.2']) + day('2026-11-26', ['USD', '1.0501'])),
    );
    expect(read).toEqual({
      ok: true,
      value: [
        { from: 'EUR', to: 'USD', date: '2026-11-27', rate: '1.0523', source: 'ECB' },
        { from: 'EUR', to: 'JPY', date: '2026-11-27', rate: '163.2', source: 'ECB' },
        { from: 'EUR', to: 'USD', date: '2026-11-26', rate: '1.0501', source: 'ECB' },
      ],
    });
  });

  it.each([
    ['something else', '<html><body>Not found</body></html>'],
    ['no XML', 'EUR,USD'],
    ['a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${published(day('2026-11-27', ['USD', '1.05']))}`],
    ['a rate of zero', published(day('2026-11-27', ['USD', '0.0']))],
    ['a rate that is no decimal', published(day('2026-11-27', ['USD', 'N/A']))],
    ['a day that is none', published(day('yesterday', ['USD', '1.05']))],
  ])('are refused as a whole when the file holds %s', (_what, file) => {
    expect(readEcbRates(file).ok).toBe(false);
  });
});
