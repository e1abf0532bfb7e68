import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { RAMDISK_ISO_LABEL } from '@bessemer/protocol/media/reserved-region';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { LONE_TOKEN, loneFiles } from '../stage/lone-files.ts';
import { startLoneAgent } from '../stage/lone-agent.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';
import { call } from '../stage/wire.ts';

const API_PORT = 6_386;
const SECTOR_BYTES = 2_048;
const DESCRIPTOR_AT = 16 * SECTOR_BYTES;
const LABEL_AT = DESCRIPTOR_AT + 40;
const LABEL_BYTES = 32;

/** A disk that a tenant left: it looks like a boot medium of the service, with a configuration of the tenant's. */
const plantedDisk = (files: { readonly [path: string]: string }): Buffer => {
  const disk = Buffer.alloc(1024 ** 2);
  disk.write('\u0001CD001\u0001', DESCRIPTOR_AT, 'latin1');
  disk.write(RAMDISK_ISO_LABEL.padEnd(LABEL_BYTES), LABEL_AT, 'latin1');
  let at = 20 * SECTOR_BYTES;
  for (const [path, text] of Object.entries(files)) {
    at += disk.write(`${path}\n${text}\n`, at);
  }
  return disk;
};

export const plantedMedia: Drill = {
  name: 'planted-media',
  threats: ['T-23'],
  attempt:
    'a disk left by a tenant is labelled like the boot medium and holds a configuration with a token and a service of its own',
  expected:
    "the agent reads nothing from it: the tenant's service is not called, its token commands nothing",
  run: async (stage) => {
    const findings = makeFindings();
    const [address, tenantAddress] = [stage.stranger(), stage.stranger()];
    const authority = await foreignAuthority();
    const own = await authority.issue('service', tenantAddress);
    const tenant = await startPlayedAgent({
      address: tenantAddress,
      port: API_PORT,
      certificate: own.certificate,
      key: own.key,
      reply: () => ({ status: 200, body: '{}' }),
    });
    const agent = await startLoneAgent({
      directory: await mkdtemp(join(stage.directory, 'lone-')),
      address,
      files: { 'proc/cmdline': 'boot_method=vmedia\n' },
      disk: plantedDisk(
        loneFiles({
          apiUrl: `https://${tenantAddress}:${API_PORT}`,
          token: LONE_TOKEN,
          ca: authority.certificate,
          identity: await authority.issue('agent', address),
        }),
      ),
    });
    try {
      findings.check(await agent.says(/listens/), 'the agent does not listen');
      const { status } = await call(`${agent.url}/v1/commands/?agent_token=${LONE_TOKEN}`);
      findings.saw(`the planted token: ${status}; ${tenant.connections()} calls`);
      findings.check(status === 401, `the planted token was answered ${status}`);
      findings.check(tenant.connections() === 0, 'the agent called the service of the tenant');
    } finally {
      await agent.kill();
      await tenant.close();
    }
    return findings.finding();
  },
};
