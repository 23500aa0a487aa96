/** The demo's customers: made up, the same each time. */
export interface DemoCustomer {
  readonly number: number;
  readonly name: string;
  readonly email: string;
  readonly country: string;
  /** Salesforce account id, 18 characters. */
  readonly salesforceId: string;
  readonly stripeId: string;
  readonly chargebeeId: string;
}

const first = ['Alder', 'Birch', 'Cedar', 'Dahlia', 'Elm', 'Fir', 'Ginkgo', 'Hazel', 'Iris', 'Juniper'] as const;
const second = ['Analytics', 'Logistics', 'Robotics', 'Media', 'Foods', 'Energy', 'Textiles'] as const;
const countries = ['FR', 'DE', 'BE', 'ES'] as const;

/** Lower case and digits only, so that the checksum of the 18-character form is always AAA but for the prefix. */
const salesforceIdOf = (prefix: string, number: number): string =>
  `${prefix}${number.toString(36).padStart(12, '0')}AAA`;

export function customer(number: number): DemoCustomer {
  const name = `${first[number % first.length]} ${second[number % second.length]}`;
  return {
    number,
    name,
    email: `billing@${name.toLowerCase().replace(' ', '-')}-${number}.example`,
    country: countries[number % countries.length] ?? 'FR',
    salesforceId: salesforceIdOf('001', number + 1),
    stripeId: `cus_demo${String(number).padStart(4, '0')}`,
    chargebeeId: `demo-${String(number).padStart(4, '0')}`,
  };
}

export const salesforceId = salesforceIdOf;
/** As tenants/demo.json names it. */
export const organizationId = '00d000000000001AAA';
