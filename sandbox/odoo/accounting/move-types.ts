import type { MoveType } from '../store/records.ts';

export function isInvoice(type: MoveType): boolean {
  return type !== 'entry';
}

export function isSale(type: MoveType): boolean {
  return type.startsWith('out_');
}

export function isPurchase(type: MoveType): boolean {
  return type.startsWith('in_');
}

/** −1 where the document's lines are credits (customer invoices, vendor refunds), else 1. */
export function lineSign(type: MoveType): 1 | -1 {
  return type === 'out_invoice' || type === 'out_receipt' || type === 'in_refund' ? -1 : 1;
}
