/** The books read through a running gateway's operator API. Answers are checked: a changed API is an error, not a finding. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type EvidenceTable, evidenceTables, journalPage, type RowOf } from '../../src/ledger/evidence-reads.ts';
import { type SealLeaf, sealLeaf } from '../../src/ledger/seals.ts';
import { call, type GatewayAddress } from '../runtime/operator-api.ts';
import type { Evidence, JournalStep } from './evidence.ts';

const journal = journalPage.extend({ next: z.string().nullable(), resume: z.string().nullable() });
const rowPage = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });
const leafPage = z.object({ parts: z.int(), leaves: z.array(sealLeaf) });
const version = z.object({ document: z.unknown() });
const tenantList = z.object({ items: z.array(z.string()) });

const notNow: ReadonlySet<number> = new Set([401, 429, 502, 503, 504]);

/** The tenant asked for, or the only one there is. @throws when that is not one. */
export async function tenantAt(at: GatewayAddress, asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked;
  const [only, other] = tenantList.parse(await call(at, 'GET', '/api/v1/tenants')).items;
  if (only === undefined || other !== undefined) throw new Error('Say which tenant: --tenant <tenant>');
  return only;
}

export class HttpEvidence implements Evidence {
  readonly tenant: string;
  readonly #at: GatewayAddress;

  constructor(at: GatewayAddress, tenant: string) {
    this.#at = at;
    this.tenant = tenant;
  }

  async journal(after: string | null): Promise<JournalStep> {
    const { next, resume, ...page } = journal.parse(
      await this.#get('/evidence/journal', { limit: '200', ...cursor(after) }),
    );
    return { page, next, resume: resume ?? after };
  }

  async *rows<Table extends EvidenceTable>(table: Table): AsyncGenerator<RowOf<Table>> {
    for (let after: string | null = null; ; ) {
      const { items, next } = rowPage.parse(
        await this.#get(`/evidence/rows/${table}`, { limit: '200', ...cursor(after) }),
      );
      // The schema of this very table; TypeScript does not follow the table's name through it.
      for (const item of items) yield evidenceTables[table].row.parse(item) as RowOf<Table>;
      if (next === null) return;
      after = next;
    }
  }

  async leaves(day: string, part: number): Promise<readonly SealLeaf[] | null> {
    const response = await this.#fetch(`/seals/${encodeURIComponent(day)}/leaves`, { part: String(part) });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`The gateway answered ${response.status} for the seal of ${day}.`);
    return leafPage.parse(await response.json()).leaves;
  }

  async archived(key: string): Promise<AsyncIterable<string> | null | 'refused'> {
    const response = await this.#fetch('/evidence/archive', { key });
    if (response.status === 403) return 'refused';
    if (response.status === 404) return null;
    if (!response.ok || response.body === null)
      throw new Error(`The gateway answered ${response.status} for the archive object ${key}.`);
    const text = Readable.from(response.body);
    return createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  }

  async laneBody(source: string, eventId: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#fetch(`/events/${encodeURIComponent(eventId)}/body`, { source });
    // Busy is no finding; an answer that the bytes are not there, or not those that were booked, is.
    if (notNow.has(response.status))
      throw new Error(`The gateway answered ${response.status} for ${source}/${eventId}.`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  }

  async config(number: number): Promise<unknown> {
    return version.parse(await this.#get(`/config/versions/${number}`, {})).document;
  }

  #path(path: string, query: Readonly<Record<string, string>>): string {
    return `/api/v1${path}?${new URLSearchParams({ ...query, tenant: this.tenant }).toString()}`;
  }

  #get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return call(this.#at, 'GET', this.#path(path, query));
  }

  #fetch(path: string, query: Readonly<Record<string, string>>): Promise<Response> {
    return fetch(`${this.#at.url}${this.#path(path, query)}`, {
      headers: { authorization: `Bearer ${this.#at.token}` },
      signal: AbortSignal.timeout(60_000),
    });
  }
}

const cursor = (after: string | null): Record<string, string> => (after === null ? {} : { cursor: after });
