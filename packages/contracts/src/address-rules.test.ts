import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressRules } from './address-rules.js';

const never = [
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::FFFF:A9FE:A9FE',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  'fe80::1',
  'febf::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'fd00:0ec2:0:0::0254',
  '100.100.100.200',
  '::ffff:100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '::ffff:168.63.129.16',
];
const local = [
  '127.0.0.1',
  '127.255.255.255',
  '::1',
  '::ffff:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '::ffff:c0a8:1',
  '100.64.0.1',
  '100.127.255.255',
  'fc00::1',
  'fdff::1',
  '224.0.0.1',
  '255.255.255.255',
  'ff02::1',
];
const open = [
  '203.0.113.7',
  '8.8.8.8',
  '172.32.0.1',
  '100.128.0.1',
  '2001:db8::1',
  '64:ff9b::808:808',
  '::ffff:8.8.8.8',
];

describe('[IN-36] address rules', () => {
  const rules = new AddressRules([]);

  it.each(never)('%s is refused whoever chose the host', (address) => {
    expect([rules.permits(address, 'written'), rules.permits(address, 'computed')]).toEqual([false, false]);
  });

  it.each(local)('%s is refused where the host is computed', (address) => {
    expect([rules.permits(address, 'written'), rules.permits(address, 'computed')]).toEqual([true, false]);
  });

  it.each(open)('%s is open', (address) => {
    expect([rules.permits(address, 'written'), rules.permits(address, 'computed')]).toEqual([true, true]);
  });

  it('opens what is listed, in every spelling, and nothing beside', () => {
    const listed = new AddressRules(['10.1.0.0/16', '169.254.169.254/32', 'fd12::/16']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '169.254.169.254', 'fd12::1']) {
      expect(listed.permits(address, 'computed'), address).toBe(true);
    }
    for (const address of ['10.2.0.1', '169.254.169.253', 'fd13::1', '127.0.0.1']) {
      expect(listed.permits(address, 'computed'), address).toBe(false);
    }
  });

  it('permits nothing that is no address', () => {
    for (const text of ['', 'localhost', '127.1', '2130706433', '%', '::1::']) {
      expect(rules.permits(text, 'written'), text).toBe(false);
    }
  });

  it('decides on a mapped address as on the address in it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(rules.permits(`::ffff:${address}`, 'computed')).toBe(rules.permits(address, 'computed'));
      }),
    );
  });

  it('throws where a range is none', () => {
    expect(() => new AddressRules(['10.0.0.0/33'])).toThrow();
    expect(() => new AddressRules(['example.com/8'])).toThrow();
  });
});
