// The IPMI client over a network that loses, doubles, reorders, delays and forges: the lab's BMC behind a proxy.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test, type TestContext } from 'node:test';

import { connectIpmi, withIpmiSession } from '#drivers/ipmi/client';
import { chassisControl, chassisStatus } from '#drivers/ipmi/commands/chassis';
import { getDeviceId, getSystemGuid } from '#drivers/ipmi/commands/device';
import { getUserName } from '#drivers/ipmi/commands/users';
import type { IpmiSession } from '#drivers/ipmi/session';

import { loginOf, partsFor, troubleOf } from './drivers/ipmi-contract.ts';
import { startLabBmc, type LabBmc } from './drivers/lab-bmc.ts';
import { startUdpProxy, type Fate, type UdpProxy, type Way } from './drivers/udp-proxy.ts';

let lab: LabBmc;

// A new one for each test: openings that were given up keep their places in its table for a while.
beforeEach(async () => {
  lab = await startLabBmc();
});

afterEach(() => lab.close());

/** Enough sendings for a network that loses every third packet. */
const MANY_WAITS_MS: readonly number[] = Array.from({ length: 12 }, () => 60);

const proxyWith = async (context: TestContext, fate: Fate): Promise<UdpProxy> => {
  const proxy = await startUdpProxy(lab.port, fate);
  context.after(proxy.close);
  return proxy;
};

const loginVia = async ({ port }: UdpProxy, waitsMs = MANY_WAITS_MS): Promise<IpmiSession> =>
  connectIpmi(await partsFor(port, waitsMs), loginOf(lab, [17]));

/** Some questions whose answers differ, so that one which goes to another question is noticed. */
const askAll = async (session: IpmiSession): Promise<unknown> => [
  await session.run(getDeviceId()),
  await session.run(getUserName(2)),
  await session.run(getSystemGuid()),
  await session.run(chassisStatus()),
  await session.run(getUserName(3)),
];

const asked = async (port: number): Promise<unknown> =>
  withIpmiSession(await partsFor(port, MANY_WAITS_MS), loginOf(lab, [17]), askAll);

/** Datagrams of the session, not of its opening. */
const isSealed = (datagram: Buffer): boolean => datagram[5] === 0xc0;

const withBitFlipped = (datagram: Buffer): Buffer => {
  const forged = Buffer.from(datagram);
  const at = forged.length - 20;
  forged.writeUInt8(forged.readUInt8(at) ^ 0x04, at);
  return forged;
};

/** The first, and then every third. */
const lossTo = (lost: Way): Fate => {
  let count = 0;
  return (datagram, way) => {
    if (way !== lost) return [datagram];
    count += 1;
    return count % 3 === 1 ? [] : [datagram];
  };
};

const reordered = (): Fate => {
  const kept = new Map<Way, Buffer>();
  return (datagram, way) => {
    const earlier = kept.get(way);
    kept.set(way, datagram);
    // Each arrives, and the one before it arrives once more after it.
    return earlier === undefined ? [datagram] : [datagram, earlier];
  };
};

const NETWORKS: readonly (readonly [string, () => Fate])[] = [
  ['loses every third packet on its way to the BMC', () => lossTo('to-bmc')],
  ['loses every third answer', () => lossTo('to-console')],
  ['doubles every packet', () => (datagram) => [datagram, datagram]],
  ['repeats each packet after the one that follows', reordered],
  [
    'forges a packet before each true one',
    () => (datagram) => (isSealed(datagram) ? [withBitFlipped(datagram), datagram] : [datagram]),
  ],
  [
    'mixes in what is no IPMI at all',
    () => (datagram) => [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(0), datagram],
  ],
];

for (const [name, makeFate] of NETWORKS) {
  test(`the answers are the same over a network that ${name}`, async (context) => {
    const straight = await asked(lab.port);
    const proxy = await proxyWith(context, makeFate());

    assert.deepEqual(await asked(proxy.port), straight);
  });
}

test('what is done once is done once, whichever way its packets are doubled', async (context) => {
  const proxy = await proxyWith(context, (datagram) => [datagram, datagram]);
  const session = await loginVia(proxy);
  const counted = lab.bmc.counters.chassisControls;

  await session.run(chassisControl('power-cycle'));
  await session.close();

  assert.equal(lab.bmc.counters.chassisControls, counted + 1);
});

test('an answer that comes after its question was given up is not taken for the next one', async (context) => {
  const late: Buffer[] = [];
  let isDelayed = false;
  const proxy = await proxyWith(context, (datagram, way) => {
    if (way === 'to-bmc' || !isDelayed) return [datagram];
    late.push(datagram);
    return late.length === 1 ? [] : late.splice(0);
  });
  const session = await loginVia(proxy, [60]);
  isDelayed = true;

  const first = await troubleOf(session.run(getUserName(2)));
  const second = await session.run(getDeviceId());
  isDelayed = false;
  await session.close();

  assert.equal(first, 'no-answer');
  assert.equal(second.ipmiVersion, '2.0');
});

test('a network where all answers are altered is told from silence', async (context) => {
  const proxy = await proxyWith(context, (datagram, way) =>
    way === 'to-console' && isSealed(datagram) ? [withBitFlipped(datagram)] : [datagram],
  );

  assert.equal(await troubleOf(loginVia(proxy, [60, 60])), 'altered');
});

test('a session whose BMC restarted ends in silence, and a new one opens', async (context) => {
  const proxy = await proxyWith(context, (datagram) => [datagram]);
  const session = await loginVia(proxy, [60, 60]);
  lab.dropSessions();

  const trouble = await troubleOf(session.run(chassisStatus()));
  await session.close();
  const next = await loginVia(proxy);
  await next.close();

  assert.equal(trouble, 'no-answer');
});

test('a BMC that is talked into cipher suite 0 is not believed', async (context) => {
  const proxy = await proxyWith(context, (datagram, way) => {
    if (way === 'to-bmc' || datagram[5] !== 0x11) return [datagram];
    // The algorithms that an answer to Open Session names, each replaced by "none".
    const weak = Buffer.from(datagram);
    for (const at of [32, 40, 48]) weak.writeUInt8(0, at);
    return [weak];
  });

  assert.equal(await troubleOf(loginVia(proxy)), 'no-cipher-suite');
});

test('no packet to the BMC proposes a cipher suite but those that are allowed', async (context) => {
  const proxy = await proxyWith(context, (datagram) => [datagram]);
  const session = await loginVia(proxy);
  await session.close();

  const proposals = proxy.seen.filter(
    ({ datagram, way }) => way === 'to-bmc' && datagram[5] === 0x10,
  );
  const algorithms = proposals.map(({ datagram }) => [datagram[28], datagram[36], datagram[44]]);

  assert.deepEqual(algorithms, [[3, 4, 1]]);
});

test('neither the password nor anything that is said in a session crosses the network readable', async (context) => {
  const proxy = await proxyWith(context, (datagram) => [datagram]);
  await asked(proxy.port);

  const all = Buffer.concat(proxy.seen.map(({ datagram }) => datagram));

  assert.equal(all.includes(lab.password), false);
  const guid = Buffer.from(lab.bmc.guid);
  const inside = proxy.seen.filter(({ datagram }) => isSealed(datagram));
  assert.ok(inside.length > 10);
  assert.equal(
    inside.some(({ datagram }) => datagram.includes(guid)),
    false,
  );
});
