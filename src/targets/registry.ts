/** Every kind of target, and how its connector is made. A new target is one folder and one case here. */
import { unreachable } from '../canonical/result.ts';
import type { TargetConfig } from '../tenants/config.ts';
import type { TargetConnector, TargetHttp } from './connector.ts';
import { embeddedGlConnector } from './embedded-gl/connector.ts';
import { odooConnector } from './odoo/connector.ts';

/**
 * @param credential resolves a `secret://` reference; what it throws, this throws: a secret that cannot be read is the
 *   gateway's own fault, not the target's.
 */
export async function connectorFor(
  target: TargetConfig,
  credential: (reference: string) => Promise<string>,
  http: TargetHttp,
): Promise<TargetConnector> {
  switch (target.kind) {
    case 'odoo':
      return odooConnector(target, await credential(target.credential), http);
    case 'embedded-gl':
      return embeddedGlConnector();
    default:
      return unreachable(target);
  }
}
