// The provisioning network of emulated machines: a bridge in a network namespace of its own, a tap per machine,
// and one cable (veth) to the host, where the service answers on 10.99.0.1. Nothing is routed beyond.

import { writeFile } from 'node:fs/promises';
import { LabFailure } from '../lab-failure.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { runProgram } from './run-program.ts';

export const NETWORK_NAMESPACE = 'bessemer-lab';
export const HOST_ADDRESS = '10.99.0.1';
export const NETMASK = '255.255.255.0';
const HOST_END = 'bsm0';
const BRIDGE_END = 'bsm1';
const BRIDGE = 'br0';
const TAP_PREFIX = 'bsmtap';
/** Machines get 10.99.0.(50+N); the addresses below are for the host and for services. */
const FIRST_MACHINE_ADDRESS = 50;
const MACHINE_COUNT_MAX = 200;

const exclusive = oneAtATime();

export type Tap = { readonly name: string; readonly index: number; readonly address: string };

const inNamespace = (...args: string[]): Promise<string> =>
  runProgram('ip', ['-n', NETWORK_NAMESPACE, ...args]);

const namespaceExists = async (): Promise<boolean> =>
  (await runProgram('ip', ['netns', 'list']))
    .split('\n')
    .some((line) => line.split(' ')[0] === NETWORK_NAMESPACE);

type Link = { readonly ifname: string };

const linksOf = (text: string): readonly Link[] => {
  const links: unknown = JSON.parse(text === '' ? '[]' : text);
  if (!Array.isArray(links)) return [];
  // `ip -json link` lists objects that all have a name.
  return links as readonly Link[];
};

/** Makes what is missing of namespace, bridge and cable; any number of labs share them. */
const ensureNetwork = async (): Promise<void> => {
  if (process.getuid?.() !== 0) {
    throw new LabFailure('emulated machines need root: they get a network of their own');
  }
  if (!(await namespaceExists())) await runProgram('ip', ['netns', 'add', NETWORK_NAMESPACE]);
  const inside = linksOf(await inNamespace('-json', 'link', 'show')).map((link) => link.ifname);
  await inNamespace('link', 'set', 'lo', 'up');
  if (!inside.includes(BRIDGE)) {
    await inNamespace('link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0');
  }
  await inNamespace('link', 'set', BRIDGE, 'up');
  const outside = linksOf(await runProgram('ip', ['-json', 'link', 'show']));
  if (!outside.some((link) => link.ifname === HOST_END)) {
    await runProgram('ip', [
      'link',
      'add',
      HOST_END,
      'type',
      'veth',
      'peer',
      'name',
      BRIDGE_END,
      'netns',
      NETWORK_NAMESPACE,
    ]);
  }
  await inNamespace('link', 'set', BRIDGE_END, 'master', BRIDGE, 'up');
  // Set before the link is up: no packet of a machine is ever forwarded, and no IPv6 address appears.
  await writeFile(`/proc/sys/net/ipv4/conf/${HOST_END}/forwarding`, '0');
  await runProgram('ip', ['link', 'set', HOST_END, 'addrgenmode', 'none', 'up']);
  await runProgram('ip', ['address', 'replace', `${HOST_ADDRESS}/24`, 'dev', HOST_END]);
};

const tapsOf = async (): Promise<readonly string[]> =>
  linksOf(await inNamespace('-json', 'link', 'show'))
    .map((link) => link.ifname)
    .filter((name) => name.startsWith(TAP_PREFIX));

/** A tap on the bridge that nobody has. Making it is what claims its number and address. */
export const claimTap = (): Promise<Tap> =>
  exclusive(async () => {
    await ensureNetwork();
    const taken = await tapsOf();
    for (let index = 1; index <= MACHINE_COUNT_MAX; index += 1) {
      const name = `${TAP_PREFIX}${index}`;
      if (taken.includes(name) || !(await addTap(name))) continue;
      return { name, index, address: `10.99.0.${FIRST_MACHINE_ADDRESS + index}` };
    }
    throw new LabFailure(`all ${MACHINE_COUNT_MAX} addresses of the lab network are taken`);
  });

/** False: another lab was quicker. */
const addTap = async (name: string): Promise<boolean> => {
  try {
    await inNamespace('tuntap', 'add', name, 'mode', 'tap');
  } catch (error) {
    if ((await tapsOf()).includes(name)) return false;
    throw error;
  }
  await inNamespace('link', 'set', name, 'master', BRIDGE, 'up');
  return true;
};

/** Makes a tap of a lab that is started again, unless it is still there. */
export const ensureTap = (name: string): Promise<void> =>
  exclusive(async () => {
    await ensureNetwork();
    if (!(await tapsOf()).includes(name)) await addTap(name);
  });

/** Gives taps back; the namespace and the cable go with the last one. */
export const releaseTaps = (names: readonly string[]): Promise<void> =>
  exclusive(async () => {
    if (names.length === 0 || !(await namespaceExists())) return;
    const present = await tapsOf();
    for (const name of names.filter((each) => present.includes(each))) {
      await inNamespace('link', 'delete', name);
    }
    if ((await tapsOf()).length > 0) return;
    const outside = linksOf(await runProgram('ip', ['-json', 'link', 'show']));
    if (outside.some((link) => link.ifname === HOST_END)) {
      await runProgram('ip', ['link', 'delete', HOST_END]);
    }
    await runProgram('ip', ['netns', 'delete', NETWORK_NAMESPACE]);
  });
