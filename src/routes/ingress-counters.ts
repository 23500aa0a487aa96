/** Deliveries by outcome since this isolate started: for /metrics. Bounded by the number of configured sources. */

export type IngressOutcome = 'accepted' | 'duplicate' | 'quarantined' | 'refused';

const counts = new Map<string, number>();

export function countIngress(tenant: string, source: string, outcome: IngressOutcome): void {
  const key = JSON.stringify([tenant, source, outcome]);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function ingressCounts(): { tenant: string; source: string; outcome: IngressOutcome; count: number }[] {
  return [...counts].map(([key, count]) => {
    const [tenant, source, outcome]: [string, string, IngressOutcome] = JSON.parse(key);
    return { tenant, source, outcome, count };
  });
}
