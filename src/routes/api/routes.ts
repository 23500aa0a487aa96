/** The route table. */
import { approvalRoutes } from './approvals.ts';
import { correctionRoutes } from './corrections.ts';
import { eventRoutes } from './events.ts';
import { evidenceRoutes } from './evidence.ts';
import { historyRoutes } from './history.ts';
import { identityRoutes } from './identities.ts';
import { laneRoutes } from './lanes.ts';
import { ledgerRoutes } from './ledger.ts';
import { periodRoutes } from './periods.ts';
import { rateRoutes } from './rates.ts';
import { recognitionRoutes } from './recognition.ts';
import { reconciliationRoutes } from './reconciliations.ts';
import type { Route } from './route.ts';
import { statementRoutes } from './statements.ts';
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
  ...rateRoutes,
  ...historyRoutes,
  ...recognitionRoutes,
  ...statementRoutes,
  ...reconciliationRoutes,
  ...evidenceRoutes,
  ...workRoutes,
  ...periodRoutes,
  ...approvalRoutes,
  ...correctionRoutes,
  ...windowRoutes,
  ...tenantRoutes,
  ...tryoutRoutes,
];
