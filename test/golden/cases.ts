/** All golden cases by topic, in the order of docs/accounting/README.md. */
import type { Family } from './case.ts';
import { closing } from './cases/closing.ts';
import { creditNotes } from './cases/credit-notes.ts';
import { currencies } from './cases/currencies.ts';
import { disputes } from './cases/disputes.ts';
import { invoices } from './cases/invoices.ts';
import { losses } from './cases/losses.ts';
import { payments } from './cases/payments.ts';
import { payouts } from './cases/payouts.ts';
import { providers } from './cases/providers.ts';
import { recognition } from './cases/recognition.ts';
import { refunds } from './cases/refunds.ts';
import { taxAndDiscounts } from './cases/tax-and-discounts.ts';

export const families: readonly Family[] = [
  ...[invoices, taxAndDiscounts, payments, creditNotes, refunds, disputes, payouts, losses, recognition, currencies],
  ...[closing, providers],
];
