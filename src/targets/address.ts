/**
 * Where the gateway may connect to. A tenant's config names a target's address, so whoever edits config could point the
 * gateway, with a credential in hand, at its own network or a cloud's metadata service (server-side request forgery).
 *
 * It looks at the address as written, in every spelling the URL parser folds (decimal, octal and hexadecimal IPv4,
 * mapped IPv6, trailing dots). It does not resolve names: a public name that resolves inward is stopped by the
 * platform, whose egress has no route to private networks.
 */
import { err, ok, type Result } from '../canonical/result.ts';

/** `public`: what is reachable on the internet. `any`: local development, sandboxes on loopback. */
export type AddressPolicy = 'public' | 'any';
export type AddressRefusal = 'not_a_url' | 'scheme' | 'credentials_in_url' | 'inward_address' | 'inward_name';

/** IPv4 blocks that are not on the public internet: IANA's special-purpose registry (RFC 6890 and successors). */
const inwardIpv4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Suffixes that never name a public host, and public name services that answer any inward address one asks for. */
const inwardSuffixes = [
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'arpa',
  'test',
  'invalid',
  'onion',
  'nip.io',
  'sslip.io',
  'xip.io',
  'localtest.me',
  'lvh.me',
] as const;

const ipv4Pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function ipv4Number(host: string): number | null {
  const match = ipv4Pattern.exec(host);
  if (match === null) return null;
  return match.slice(1).reduce((value, octet) => value * 256 + Number(octet), 0);
}

function isInwardIpv4(address: number): boolean {
  return inwardIpv4.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((ipv4Number(network) ?? 0) / size);
  });
}

/** The eight groups of an IPv6 address as the URL parser writes it (`::` allowed, no dotted tail). */
function ipv6Groups(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}

/**
 * Public IPv6 is 2000::/3 (global unicast). Everything else is inward or a wrapping of IPv4 (mapped, NAT64) that no
 * target needs; inside 2000::/3, documentation, Teredo and 6to4 are refused for the same reason.
 */
function isInwardIpv6(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups;
  if (first < 0x2000 || first > 0x3fff) return true;
  return first === 0x2002 || first === 0x3fff || (first === 0x2001 && (second === 0xdb8 || second < 0x200));
}

function isInwardName(host: string): boolean {
  const name = host.replace(/\.+$/, '').toLowerCase();
  if (!name.includes('.')) return true;
  return inwardSuffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/** The parsed address, or why the gateway does not connect to it. */
export function checkAddress(url: string, allow: AddressPolicy): Result<URL, AddressRefusal> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return err('not_a_url');
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return err('scheme');
  if (parsed.username !== '' || parsed.password !== '') return err('credentials_in_url');
  if (allow === 'any') return ok(parsed);
  const host = parsed.hostname;
  if (host.startsWith('[')) {
    return isInwardIpv6(ipv6Groups(host.slice(1, -1))) ? err('inward_address') : ok(parsed);
  }
  const address = ipv4Number(host.replace(/\.+$/, ''));
  if (address !== null) return isInwardIpv4(address) ? err('inward_address') : ok(parsed);
  return isInwardName(host) ? err('inward_name') : ok(parsed);
}
