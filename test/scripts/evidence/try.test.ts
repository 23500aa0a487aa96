import { it, vi } from 'vitest';
import { demoBooks, evidenceOf } from './books.ts';
import { NodeLedger } from '../../../scripts/evidence/node-ledger.ts';
import { rebuild } from '../../../scripts/evidence/rebuild.ts';
it('x', async () => {
  const g = await demoBooks(300, 20);
  const t1=performance.now();
  const r = await rebuild(evidenceOf(g), new NodeLedger());
  console.log(JSON.stringify({...r, differences: r.differences.slice(0,20)}, null, 1).slice(0,9000), performance.now()-t1);
  vi.useRealTimers();
}, 60000);
