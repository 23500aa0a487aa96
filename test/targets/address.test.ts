import { describe, expect, it } from 'vitest';
import { type AddressRefusal, checkAddress } from '../../src/targets/address.ts';

const verdict = (url: string, allow: 'public' | 'any' = 'public'): AddressRefusal | 'allowed' => {
  const checked = checkAddress(url, allow);
  return checked.ok ? 'allowed' : checked.error;
};

describe('checkAddress', () => {
  it.each([
    'https://acme.odoo.com',
    'https://erp.example.com:8443/x',
    'https://8.8.8.8',
    'https://[2606:4700::1111]/',
    'http://172.32.0.1',
    'http://100.128.0.1',
    'https://xn--bcher-kva.example.org.',
  ])('lets %s through', (url) => {
    expect(verdict(url)).toBe('allowed');
  });

  it.each([
    ['loopback', 'http://127.0.0.1:8069'],
    ['loopback, short', 'http://127.1'],
    ['loopback, decimal', 'http://2130706433'],
    ['loopback, octal', 'http://0177.0.0.1'],
    ['loopback, hexadecimal', 'http://0x7f000001'],
    ['loopback, mixed', 'http://0x7f.0.1'],
    ['loopback, trailing dot', 'http://127.0.0.1./'],
    ['loopback, percent-encoded', 'http://%31%32%37.0.0.1'],
    ['loopback, full-width digits', 'http://１２７.0.0.1'],
    ['this network', 'http://0.0.0.0'],
    ['private 10/8', 'https://10.1.2.3'],
    ['private 172.16/12', 'https://172.31.255.255'],
    ['private 192.168/16', 'https://192.168.0.1'],
    ['carrier NAT', 'https://100.64.0.1'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data'],
    ['cloud metadata, decimal', 'http://2852039166'],
    ['multicast', 'http://224.0.0.1'],
    ['broadcast', 'http://255.255.255.255'],
    ['IPv6 loopback', 'http://[::1]'],
    ['IPv6 unspecified', 'http://[::]'],
    ['IPv6 link-local', 'http://[fe80::1]'],
    ['IPv6 unique local', 'http://[fd00:ec2::254]'],
    ['IPv6 mapped loopback', 'http://[::ffff:127.0.0.1]'],
    ['IPv6 mapped metadata, in hexadecimal', 'http://[::ffff:a9fe:a9fe]'],
    ['NAT64 of loopback', 'http://[64:ff9b::7f00:1]'],
    ['6to4 of loopback', 'http://[2002:7f00:1::]'],
    ['documentation', 'http://[2001:db8::1]'],
  ])('refuses %s', (_, url) => {
    expect(verdict(url)).toBe('inward_address');
    expect(verdict(url, 'any')).toBe('allowed');
  });

  it.each([
    'http://localhost:8069',
    'http://LOCALHOST.',
    'http://odoo',
    'http://odoo.localhost',
    'http://metadata.google.internal/computeMetadata/v1',
    'http://printer.local',
    'http://printer.local.',
    'http://router.lan',
    'http://127.0.0.1.nip.io',
    'http://localtest.me',
  ])('refuses the inward name %s', (url) => {
    expect(verdict(url)).toBe('inward_name');
  });

  it.each([
    ['not a url', 'not_a_url'],
    ['http://', 'not_a_url'],
    ['file:///etc/passwd', 'scheme'],
    ['gopher://example.com', 'scheme'],
    ['https://user:pass@example.com', 'credentials_in_url'],
  ])('refuses %s in any mode', (url, why) => {
    expect(verdict(url, 'any')).toBe(why);
    expect(verdict(url)).toBe(why);
  });
});
