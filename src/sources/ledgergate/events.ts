/** The bodies of the gateway's own events, and what the books answer when such an event is read. */
import { z } from 'zod';
import { accountRoles } from '../../canonical/accounts.ts';
import { type IsoDate, isoDate, type ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, minorUnits } from '../../canonical/money.ts';

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .transform((text): IsoDate => isoDate(text));
const code = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .transform((text): Currency => currency(text));
const amount = z.int().transform(minorUnits);
const account = z.string().min(1).max(64);
const entity = z.string().min(1).max(48);
const customer = z
  .string()
  .regex(/^[^:]+:customer:.+$/)
  .transform((text) => text as ObjectKey);

const slice = z.strictObject({
  period: day,
  currency: code,
  amount,
  base: amount,
  revenueAccount: account,
  deferredAccount: account,
  line: z.string(),
});

/** A month of an entity is over. `run` tells a later run for the same month from the first. */
const recognitionEvent = z.strictObject({
  kind: z.literal('recognition'),
  entity,
  period: day,
  run: z.string().max(64),
});
export type RecognitionEvent = z.infer<typeof recognitionEvent>;

/** A posting window of a target that takes summary journals has closed. */
const summaryEvent = z.strictObject({
  kind: z.literal('summary'),
  entity,
  target: z.string().min(1).max(48),
  number: z.int().positive(),
});
export type SummaryEvent = z.infer<typeof summaryEvent>;

/** An entry as somebody stated it, with who asked and who approved. */
const journalEvent = z.strictObject({
  kind: z.literal('journal'),
  entity,
  id: z.string().min(1).max(700),
  purpose: z.enum(['opening', 'reversal', 'correction']),
  date: day,
  description: z.string().min(1).max(300),
  lines: z
    .array(
      z.strictObject({
        role: z.enum(accountRoles),
        account,
        currency: code,
        amount,
        base: amount,
        customer: customer.nullable(),
        tax: z.string().max(200).nullable(),
        memo: z.string().max(300).nullable(),
        item: z
          .string()
          .regex(/^[^:]+:[^:]+:.+$/)
          .max(600)
          .transform((text) => text as ObjectKey)
          .exactOptional(),
      }),
    )
    .max(1000),
  deferrals: z.array(slice).max(5000),
  /** The entry it reverses or stands in for, `<lane>#<position>.<part>`. */
  about: z.string().max(600).nullable(),
  /** Targets that never got the entry, and so get no reversal of it. */
  notFor: z.array(z.string().max(48)).min(1).max(100).optional(),
  reason: z.string().min(3).max(500),
  requestedBy: z.string().max(200),
  approvedBy: z.string().max(200).nullable(),
});
export type JournalEvent = z.infer<typeof journalEvent>;

export const ownEvent = z.discriminatedUnion('kind', [recognitionEvent, summaryEvent, journalEvent]);
export type OwnEvent = z.input<typeof ownEvent>;

/** Enrichment `open_schedules` (id `<entity>/<first day of the month>/<run>`). */
export const slices = z.array(slice).max(5000);

/** Enrichment `window`: one journal per day (or month) of the window, in parts where the target takes no more lines. */
const summaryLines = z
  .array(
    z.strictObject({
      date: day,
      part: z.int().positive().nullable(),
      label: z.string().min(1).max(300),
      lines: z.array(z.strictObject({ account, currency: code, amount, base: amount })).max(5000),
    }),
  )
  .max(2000);

/** `differs`: the entries are not what the window's control totals say, in words. Nothing may be posted of it then. */
export const windowAnswer = z.union([summaryLines, z.strictObject({ differs: z.string().max(400) })]);
