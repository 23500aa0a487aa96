/**
 * Codes in documents to ids in Odoo: accounts, journals, currencies, countries, and the company's own settings. Asked
 * for in bulk, kept for the life of the connector; what was not found is asked for again.
 */
import { z } from 'zod';
import type { TargetDocument } from '../../canonical/documents.ts';
import { type EpochMs, isoDate } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { TargetLocks } from '../connector.ts';
import type { OdooClient } from './client.ts';
import { type Failure, type Rejection, rejected } from './errors.ts';
import { reference, text } from './wire.ts';

/** Lock dates are moved by people at month's end: how long one read of them is relied on. */
const lockDatesMs = 60_000;
const noLock = '0000-00-00';

/** ISO dates; everything on or before the date is locked. `0000-00-00` where nothing is. */
export interface LockDates {
  readonly all: string;
  readonly sales: string;
  readonly taxes: string;
}

const accountRow = z.object({ id: z.int(), code: text });
const journalRow = z.object({ id: z.int(), code: text });
const currencyRow = z.object({ id: z.int(), name: z.string() });
const countryRow = z.object({ id: z.int(), code: text });
const companyRow = z.looseObject({ currency_id: reference });

/** Since 18 per user (exceptions a person granted the connector's user count); before, one date for advisers. */
const lockFields = (major: number): { readonly [kind in keyof LockDates]: readonly string[] } =>
  major >= 18
    ? {
        all: ['user_fiscalyear_lock_date', 'user_hard_lock_date'],
        sales: ['user_sale_lock_date'],
        taxes: ['user_tax_lock_date'],
      }
    : { all: ['fiscalyear_lock_date', 'period_lock_date'], sales: [], taxes: ['tax_lock_date'] };

export class References {
  readonly accounts = new Map<string, number>();
  readonly journals = new Map<string, number>();
  readonly currencies = new Map<string, number>();
  readonly countries = new Map<string, number>();
  private company: { currency: number | null; locks: LockDates; readAt: EpochMs } | null = null;

  get locks(): LockDates {
    return this.company?.locks ?? { all: noLock, sales: noLock, taxes: noLock };
  }

  /** Null when the company's currency is not among the active ones. */
  get companyCurrency(): string | null {
    const id = this.company?.currency;
    for (const [code, currency] of this.currencies) if (currency === id) return code;
    return null;
  }

  /** Reads what these documents need and is not known yet: no call at all when everything is. */
  async prepare(
    documents: readonly TargetDocument[],
    client: OdooClient,
    now: EpochMs,
  ): Promise<Result<null, Failure>> {
    const connection = await client.connect();
    if (!connection.ok) return connection;
    const { major } = connection.value.version;
    const countries = documents.flatMap((each) =>
      each.kind === 'partner' && each.address?.country ? [each.address.country.toUpperCase()] : [],
    );
    const steps = [() => this.readCountries(client, countries)];
    if (documents.some((each) => each.kind !== 'partner' && each.kind !== 'product')) {
      steps.push(
        () => this.readAccounts(client, documents.flatMap(accountsOf), major),
        () => this.readJournals(client),
        () => this.readCurrencies(client),
        () => this.readCompany(client, major, now),
      );
    }
    for (const step of steps) {
      const done = await step();
      if (!done.ok) return done;
    }
    return ok(null);
  }

  /** The lock dates as they are by now, give or take a minute. */
  async readLocks(client: OdooClient, now: EpochMs): Promise<Result<TargetLocks, Failure>> {
    const connection = await client.connect();
    if (!connection.ok) return connection;
    const read = await this.readCompany(client, connection.value.version.major, now);
    if (!read.ok) return read;
    const day = (lock: string) => (lock === noLock ? null : isoDate(lock));
    const { all, sales, taxes } = this.locks;
    return ok({ all: day(all), sales: day(sales), taxes: day(taxes) });
  }

  private async readAccounts(
    client: OdooClient,
    codes: readonly string[],
    major: number,
  ): Promise<Result<null, Failure>> {
    const missing = [...new Set(codes)].filter((code) => !this.accounts.has(code));
    if (missing.length === 0) return ok(null);
    const company = major >= 18 ? 'company_ids' : 'company_id';
    const rows = await client.searchRead(
      'account.account',
      [
        ['code', 'in', missing],
        [company, 'in', [client.config.companyId]],
      ],
      accountRow,
      ['code'],
    );
    if (!rows.ok) return rows;
    for (const { id, code } of rows.value) if (code !== null) this.accounts.set(code, id);
    return ok(null);
  }

  private async readJournals(client: OdooClient): Promise<Result<null, Failure>> {
    const { journals, companyId } = client.config;
    const missing = Object.values(journals).filter((code) => !this.journals.has(code));
    if (missing.length === 0) return ok(null);
    const rows = await client.searchRead(
      'account.journal',
      [
        ['code', 'in', missing],
        ['company_id', '=', companyId],
      ],
      journalRow,
      ['code'],
    );
    if (!rows.ok) return rows;
    for (const { id, code } of rows.value) if (code !== null) this.journals.set(code, id);
    return ok(null);
  }

  /** All active ones at once: a few dozen rows at most. An inactive currency cannot be posted in. */
  private async readCurrencies(client: OdooClient): Promise<Result<null, Failure>> {
    if (this.currencies.size > 0) return ok(null);
    const rows = await client.searchRead('res.currency', [['active', '=', true]], currencyRow, ['name']);
    if (!rows.ok) return rows;
    for (const { id, name } of rows.value) this.currencies.set(name, id);
    return ok(null);
  }

  private async readCountries(client: OdooClient, codes: readonly string[]): Promise<Result<null, Failure>> {
    const missing = [...new Set(codes)].filter((code) => !this.countries.has(code));
    if (missing.length === 0) return ok(null);
    const rows = await client.searchRead('res.country', [['code', 'in', missing]], countryRow, ['code']);
    if (!rows.ok) return rows;
    for (const { id, code } of rows.value) if (code !== null) this.countries.set(code, id);
    return ok(null);
  }

  private async readCompany(client: OdooClient, major: number, now: EpochMs): Promise<Result<null, Failure>> {
    const age = this.company === null ? Number.POSITIVE_INFINITY : now - this.company.readAt;
    if (age >= 0 && age < lockDatesMs) return ok(null);
    const fields = lockFields(major);
    const rows = await client.read('res.company', [client.config.companyId], companyRow, [
      'currency_id',
      ...fields.all,
      ...fields.sales,
      ...fields.taxes,
    ]);
    if (!rows.ok) return rows;
    const [company] = rows.value;
    if (company === undefined)
      return err(rejected('config', 'no_company', 'Odoo has no company with the configured id'));
    const latest = (names: readonly string[]) =>
      names.reduce((lock, name) => {
        const value = company[name];
        return typeof value === 'string' && value.length === 10 && value > lock ? value : lock;
      }, noLock);
    this.company = {
      currency: company.currency_id,
      readAt: now,
      locks: { all: latest(fields.all), sales: latest(fields.sales), taxes: latest(fields.taxes) },
    };
    return ok(null);
  }
}

function accountsOf(document: TargetDocument): readonly string[] {
  switch (document.kind) {
    case 'invoice':
    case 'credit_note':
      return document.lines.flatMap((line) => [line.account, ...line.taxes.map((tax) => tax.account)]);
    case 'entry':
      return document.lines.map((line) => line.account);
    case 'partner':
    case 'product':
    case 'payment':
      return [];
  }
}

/** Looks a code up, or says what a person has to add in Odoo or in the mapping. */
export function idFor(known: ReadonlyMap<string, number>, what: string, code: string): Result<number, Rejection> {
  const id = known.get(code);
  const shown = /^[\w.-]{1,64}$/.test(code) ? code : 'with this code';
  return id === undefined
    ? err(rejected('business', `${what}_missing`, `Odoo has no ${what} ${shown} in this company`))
    : ok(id);
}
