/** What operators did. */
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, type Page, type PageRequest, pageOf } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { audit } from './schema.ts';
import { iso } from './views.ts';

const idPlace = z.tuple([z.string()]);
export const auditCursor = cursorOf('audit', idPlace);

export const auditView = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

/** Operator actions, newest first. */
export async function listAudit(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<z.infer<typeof idPlace>>,
): Promise<Page<z.infer<typeof auditView>>> {
  const rows = await db
    .select()
    .from(audit)
    .where(and(eq(audit.tenant, tenant), page.after === null ? undefined : lt(audit.id, page.after[0])))
    .orderBy(desc(audit.id))
    .limit(page.limit + 1);
  return pageOf(
    rows,
    page.limit,
    (row) => ({
      id: row.id,
      at: iso(row.at),
      actor: row.actor,
      action: row.action,
      subject: row.subject,
      detail: z.record(z.string(), z.unknown()).parse(JSON.parse(row.detail)),
    }),
    (row) => auditCursor.encode([row.id]),
  );
}
