import { expect, it } from 'vitest';
import { objectKey } from '../../src/canonical/ids.ts';
import { documentKey } from '../../src/canonical/rules/document-keys.ts';
import { postedByGateway } from '../../src/sources/own-documents.ts';

it('knows what the gateway posted by the posting key in its reference, and nothing else', () => {
  const invoice = objectKey('stripe', 'invoice', 'in_1');
  const keys = (['partner', 'invoice', 'credit_note', 'entry', 'payment'] as const).map((kind) =>
    documentKey(kind, invoice),
  );
  for (const key of keys) expect(postedByGateway(null, `Ref ${key}`)).toBe(true);
  expect(postedByGateway(documentKey('entry', invoice, 'credit'))).toBe(true);
  for (const text of ['Tour', 'our invoice/credit note: see mail', 'https://x.example/payment/a:b', '', null, 7]) {
    expect(postedByGateway(text)).toBe(false);
  }
});
