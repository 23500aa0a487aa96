/** `npm run config -- backtest`: prints what a proposed config would have booked otherwise. */
import { amountText } from '../../src/ledger/views.ts';
import type { GatewayAddress } from '../runtime/operator-api.ts';
import { backtest, type Moved } from './backtest.ts';
import { runtimeOf } from './configs.ts';
import { HttpEvidence } from './http-evidence.ts';
import { NodeLedger } from './node-ledger.ts';

/**
 * Reads the whole history, archived bytes included, so the token needs role operate. Nothing is changed anywhere.
 * @param since a day, UTC. @throws when it is none, or the document is no config.
 */
export async function printBacktest(
  at: GatewayAddress,
  tenant: string,
  document: unknown,
  since: string,
): Promise<void> {
  const from = Date.parse(`${since}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(since) || Number.isNaN(from))
    throw new Error(`${since} is not a day, such as 2026-11-01`);
  const evidence = new HttpEvidence(at, tenant);
  const ledger = new NodeLedger();
  try {
    const { events, changed, list, totals, borrowed } = await backtest(
      evidence,
      ledger,
      await runtimeOf(document, 0),
      from,
    );
    for (const { event, type, dates, outcome, moved } of list) {
      console.log(`${event} ${type}`);
      if (outcome.was !== outcome.would) console.log(`  ${outcome.was} → ${outcome.would}`);
      if (dates.was.join() !== dates.would.join())
        console.log(`  dated ${dates.was.join(', ')} → ${dates.would.join(', ')}`);
      for (const line of moved) console.log(`  ${told(line)}`);
    }
    if (changed > list.length) console.log(`and ${changed - list.length} more`);
    if (totals.length > 0) console.log('In all:');
    for (const line of totals) console.log(`  ${told(line)}`);
    if (borrowed > 0)
      console.log(`${borrowed} events were read as recorded: what they ask for now was not asked then.`);
    console.log(`${tenant}: ${changed} of ${events} events decided since ${since} would be booked otherwise`);
  } finally {
    ledger.close();
  }
}

const told = ({ entity, account, currency, was, would }: Moved): string =>
  `${entity} ${account}: ${amountText(was, currency)} → ${amountText(would, currency)}`;
