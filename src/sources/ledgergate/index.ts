/**
 * The gateway's own source: what is told by the clock or by a person instead of a webhook, as events of the same lanes,
 * with the same order, chain, archive and postings. Nothing comes in by HTTP: no delivery is ever proven.
 */
import { z } from 'zod';
import type { CanonicalEvent } from '../../canonical/events.ts';
import { objectKey } from '../../canonical/ids.ts';
import { err } from '../../canonical/result.ts';
import { describeIssues, parseJson } from '../json.ts';
import { type ConfiguredSource, registerSource } from '../registered.ts';
import type { Enrichment, EnrichmentNeed, Interpretation, SourceDefinition, StoredEvent } from '../source.ts';
import { enrichmentKey } from '../source.ts';
import {
  type JournalEvent,
  ownEvent,
  type RecognitionEvent,
  type SummaryEvent,
  slices,
  windowAnswer,
} from './events.ts';

/** Reserved: no source of a tenant's config may have this name. */
export const OWN_SOURCE = 'ledgergate';

const key = (kind: string, id: string) => objectKey(OWN_SOURCE, kind, id);

function read(event: StoredEvent) {
  const json = parseJson(event.body);
  return ownEvent.safeParse(json.ok ? json.value : null);
}

function needs(event: StoredEvent): readonly EnrichmentNeed[] {
  const parsed = read(event);
  if (!parsed.success) return [];
  switch (parsed.data.kind) {
    case 'recognition':
      // With the run: two runs of a month are two questions, never one answer (src/queues/enrich-own.ts).
      return [
        {
          kind: 'open_schedules',
          id: `${parsed.data.entity}/${parsed.data.period}/${parsed.data.run}`,
          account: null,
        },
      ];
    case 'summary':
      return [
        { kind: 'window', id: `${parsed.data.target}/${parsed.data.entity}/${parsed.data.number}`, account: null },
      ];
    case 'journal':
      return [];
  }
}

function facts(event: StoredEvent, enrichment: Enrichment): Interpretation {
  const parsed = read(event);
  if (!parsed.success) return unreadable(describeIssues(parsed.error.issues));
  const own = parsed.data;
  const [need] = needs(event);
  const fetched = need === undefined ? null : enrichment.get(enrichmentKey(need));
  switch (own.kind) {
    case 'recognition':
      return recognised(own, event, fetched);
    case 'summary':
      return summarised(own, event, fetched);
    case 'journal':
      return found(own.entity, [posted(own, event)]);
  }
}

const found = (entity: string, all: readonly CanonicalEvent[]): Interpretation => ({
  kind: 'facts',
  facts: all,
  note: null,
  entity,
});

const unreadable = (detail: string): Interpretation => ({
  kind: 'quarantine',
  reason: { code: 'schema_mismatch', detail },
});

function recognised(own: RecognitionEvent, event: StoredEvent, fetched: unknown): Interpretation {
  const open = slices.safeParse(fetched);
  if (!open.success) return unreadable(describeIssues(open.error.issues));
  const recognition = key('recognition', `${own.entity}/${own.period.slice(0, 7)}/${own.run}`);
  const { occurredAt } = event;
  return found(own.entity, [
    { kind: 'revenue.recognized', occurredAt, requires: [], recognition, period: own.period, open: open.data },
  ]);
}

function summarised(own: SummaryEvent, event: StoredEvent, fetched: unknown): Interpretation {
  const journals = windowAnswer.safeParse(fetched);
  if (!journals.success) return unreadable(describeIssues(journals.error.issues));
  if ('differs' in journals.data)
    return unreadable(`the window's control totals do not agree: ${journals.data.differs}`);
  const { target, entity, number } = own;
  return found(
    entity,
    journals.data.map(({ date, part, label, lines }) => ({
      kind: 'journal.summarised' as const,
      occurredAt: event.occurredAt,
      requires: [],
      summary: key('summary', `${target}/${entity}/${number}/${date}${part === null ? '' : `/${part}`}`),
      target,
      date,
      description: label,
      lines,
    })),
  );
}

function posted(own: JournalEvent, event: StoredEvent): CanonicalEvent {
  const { purpose, date, description, lines, deferrals, notFor } = own;
  const journal = key('journal', own.id);
  const { occurredAt } = event;
  const stated = { journal, purpose, date, description, lines, deferrals, ...(notFor === undefined ? {} : { notFor }) };
  return { kind: 'journal.posted', occurredAt, requires: [], ...stated };
}

const definition: SourceDefinition<Record<string, never>> = {
  provider: OWN_SOURCE,
  settings: z.strictObject({}),
  maxBodyBytes: 0,
  methods: [],
  contentTypes: [],
  verify: async () => err('no_live_secret'),
  parse: () => err({ reason: { code: 'unsupported_shape', detail: 'nothing comes in by HTTP' } }),
  acknowledge: (summary) => Response.json(summary),
  enrichment: needs,
  interpret: (event, _settings, enrichment) => facts(event, enrichment),
  understands: ['recognition', 'summary', 'journal'],
  secretless: () => true,
};

const configured = registerSource(definition).configure({});
if (!configured.ok) throw new Error(configured.error.join('; '));
export const ownSource: ConfiguredSource = configured.value;
