export { type LedgerFault, NodeLedger } from '../../scripts/evidence/node-ledger.ts';
