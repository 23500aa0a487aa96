/** The route table. */
import { eventRoutes } from './events.ts';
import { evidenceRoutes } from './evidence.ts';
import { identityRoutes } from './identities.ts';
import { laneRoutes } from './lanes.ts';
import { ledgerRoutes } from './ledger.ts';
import type { Route } from './route.ts';
import { statusRoutes } from './status.ts';
import { tenantRoutes } from './tenants.ts';
import { tryoutRoutes } from './tryouts.ts';
import { workRoutes } from './work.ts';

export const routes: readonly Route[] = [
  ...statusRoutes,
  ...eventRoutes,
  ...laneRoutes,
  ...identityRoutes,
  ...ledgerRoutes,
  ...evidenceRoutes,
  ...workRoutes,
  ...tenantRoutes,
  ...tryoutRoutes,
];
