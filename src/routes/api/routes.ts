/** The route table. */
import { approvalRoutes } from './approvals.ts';
import { correctionRoutes } from './corrections.ts';
import { eventRoutes } from './events.ts';
import { identityRoutes } from './identities.ts';
import { laneRoutes } from './lanes.ts';
import { ledgerRoutes } from './ledger.ts';
import { periodRoutes } from './periods.ts';
import type { Route } from './route.ts';
import { statusRoutes } from './status.ts';
import { tenantRoutes } from './tenants.ts';
import { tryoutRoutes } from './tryouts.ts';
import { windowRoutes } from './windows.ts';
import { workRoutes } from './work.ts';

export const routes: readonly Route[] = [
  ...statusRoutes,
  ...eventRoutes,
  ...laneRoutes,
  ...identityRoutes,
  ...ledgerRoutes,
  ...workRoutes,
  ...periodRoutes,
  ...approvalRoutes,
  ...correctionRoutes,
  ...windowRoutes,
  ...tenantRoutes,
  ...tryoutRoutes,
];
