/** Customers' ids elsewhere, added to their facts from where the tenant's config says they stand in the provider's object. */
import type { CanonicalEvent } from '../canonical/events.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { normalReference, referenceAt } from '../sources/references.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import type { Readings } from './read-events.ts';

/** The same readings; customers of providers under `identity` carry their configured reference. */
export function nameCustomers(tenant: TenantRuntime, readings: Readings): Readings {
  if (tenant.identity.size === 0) return readings;
  return new Map(
    [...readings].map(([event, reading]) => [
      event,
      reading.kind === 'facts'
        ? { ...reading, facts: reading.facts.map((fact) => withReference(tenant, event, fact)) }
        : reading,
    ]),
  );
}

/** What the source found by itself stays where the configured place is empty. */
function withReference(tenant: TenantRuntime, event: LeasedEvent, fact: CanonicalEvent): CanonicalEvent {
  if (fact.kind !== 'customer.upserted') return fact;
  const [provider = '', , ...id] = fact.customer.split(':');
  const rule = tenant.config.identity[provider];
  const other = tenant.identity.get(provider);
  if (rule === undefined || other === undefined) return fact;
  const found = referenceAt(event.body, id.join(':'), rule.customerKey) ?? fact.references[other];
  if (found === undefined) return fact;
  return { ...fact, references: { ...fact.references, [other]: normalReference(other, found) } };
}
