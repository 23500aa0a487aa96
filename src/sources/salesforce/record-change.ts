/** What every channel's reader makes of an event: a change of one record, known by an id. */
import { z } from 'zod';
import type { EpochMs } from '../../canonical/ids.ts';
import type { Result } from '../../canonical/result.ts';
import type { QuarantineReason } from '../source.ts';
import type { JsonObject } from './json.ts';

export interface RecordChange {
  readonly eventId: string;
  /** The sObject's API name. */
  readonly type: string;
  /** 18 characters. */
  readonly recordId: string;
  readonly action: 'saved' | 'deleted';
  readonly fields: JsonObject;
  /** False when only changed fields are there: what is absent was not changed, not cleared. */
  readonly complete: boolean;
  /** API names of changed fields where the event lists them; null when it does not, or only as bitmaps. */
  readonly changed: readonly string[] | null;
  /** Fields the event says were emptied. A field that is null or absent in an incomplete change and not here is unknown. */
  readonly cleared: readonly string[];
  /** True for a gap event: the record changed and nothing of it came. */
  readonly gap: boolean;
  /** Tells changes of a record within one second apart, epoch ms and a rank; null where the channel says no order. */
  readonly version: number | null;
  /** Null when the event says nothing about time: then it happened when it was received. */
  readonly occurredAt: EpochMs | null;
  readonly organizationId: string | null;
}

/** What was recognised of one JSON event. `eventId` and `type` are known even when the change is not understood. */
export interface ReadEvent {
  readonly eventId: string;
  readonly type: string;
  readonly change: Result<RecordChange, QuarantineReason>;
}

export const objectName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/);
export const identifier = z.string().regex(/^[\w.:/#-]{1,255}$/);

/** What a channel that sends whole records says of the rest. */
export const wholeRecord = { complete: true, changed: null, cleared: [], gap: false, version: null } as const;
