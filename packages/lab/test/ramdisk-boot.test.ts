// The real ramdisk on an emulated UEFI machine, started from virtual media that its BMC fetched: kernel, network
// from the medium's network data, and the agent calling the address and authority that the medium names.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  AGENT_CA_PATH,
  AGENT_CONFIG_PATH,
  NETWORK_DATA_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { cacheDirectory, RAMDISK_ISO } from '@bessemer/protocol/paths';
import { makeLabAuthority } from '../src/bmc/lab-authority.ts';
import { systemClock } from '../src/clock.ts';
import { HOST_ADDRESS, NETMASK, claimTap, releaseTaps } from '../src/host/network.ts';
import { makeQemuMachine } from '../src/qemu/qemu-machine.ts';
import { copyWithArchive } from './boot-medium-copy.ts';
import { makeArchive } from './cpio-writer.ts';

const ISO = join(cacheDirectory(process.env), RAMDISK_ISO);
const MAC = '52:54:00:be:55:77';
/** Four times what it takes on an idle host with two cores. */
const LOOKUP_MS_MAX = 200_000;

const CANNOT = (() => {
  if (process.getuid?.() !== 0 || !existsSync('/dev/net/tun')) return 'needs root and /dev/net/tun';
  return existsSync(ISO) ? false : 'the ramdisk is not built: ./bessemer ramdisk build';
})();

const undo: (() => unknown)[] = [];

after(async () => {
  for (const work of undo.toReversed()) await work();
});

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, HOST_ADDRESS, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

test(
  'the ramdisk comes up from the medium and its agent looks itself up',
  { skip: CANNOT },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bessemer-ramdisk-'));
    undo.push(() => rm(directory, { recursive: true }));
    const tap = await claimTap();
    undo.push(() => releaseTaps([tap.name]));
    const authority = await makeLabAuthority(systemClock);
    const identity = await authority.issue('service', HOST_ADDRESS);
    const lookups: URL[] = [];
    const looked = Promise.withResolvers<void>();
    const server = createServer(
      { key: identity.key, cert: identity.certificate },
      (asked, answer) => {
        const url = new URL(asked.url ?? '/', `https://${HOST_ADDRESS}`);
        answer.setHeader('content-type', 'application/json');
        if (url.pathname.includes('lookup')) {
          lookups.push(url);
          looked.resolve();
          answer.writeHead(404).end('{}');
          return;
        }
        answer.end(
          JSON.stringify({ default_version: { id: 'v1', version: '1.99' }, versions: [] }),
        );
      },
    );
    const port = await listen(server);
    undo.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const medium = join(directory, 'medium.iso');
    await copyWithArchive(
      ISO,
      makeArchive({
        [AGENT_CONFIG_PATH]: [
          '[DEFAULT]',
          `api_url = https://${HOST_ADDRESS}:${port}`,
          'agent_token = 0123456789012345678901234567890123456789012',
          `cafile = /${AGENT_CA_PATH}`,
          '',
        ].join('\n'),
        [AGENT_CA_PATH]: authority.certificate,
        [NETWORK_DATA_PATH]: JSON.stringify({
          links: [{ id: 'nic0', type: 'phy', ethernet_mac_address: MAC, mtu: 1500 }],
          networks: [
            {
              id: 'provisioning',
              type: 'ipv4',
              link: 'nic0',
              ip_address: tap.address,
              netmask: NETMASK,
              network_id: 'lab',
              routes: [],
            },
          ],
          services: [],
        }),
      }),
      medium,
    );
    const machine = await makeQemuMachine(
      {
        facts: {
          name: 'ramdisk',
          uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee77',
          serial: 'LAB-77',
          manufacturer: 'Bessemer',
          model: 'Lab machine',
          biosVersion: '1',
          macs: [MAC],
          cpuCount: 2,
          memoryMiB: 1024,
        },
        directory: join(directory, 'm'),
        bootMode: 'uefi',
        disks: [],
        tap: tap.name,
        acceleration: 'tcg',
      },
      systemClock,
    );
    undo.push(() => machine.close());
    await machine.insertMedia(medium);
    machine.bootPlan.override = { source: 'cdrom', isPersistent: false };

    await machine.powerOn();
    const cancel = systemClock.after(LOOKUP_MS_MAX, () => {
      looked.reject(new Error(`no lookup in ${LOOKUP_MS_MAX} ms`));
    });
    await looked.promise.catch(async (error: unknown) => {
      const console = await readFile(machine.serialLog, 'utf8');
      throw new Error(`${String(error)}; console:\n${console.slice(-4000)}`, { cause: error });
    });
    cancel();

    assert.match(lookups[0]?.searchParams.get('addresses') ?? '', new RegExp(MAC));
  },
);
