// The product's agent as a process without a service: in a machine made of files, told at boot whatever the drill
// wants it to be told.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AGENT_PORT } from '@bessemer/protocol/agent/command';

import { type AgentProcess, startAgent } from '#fleet/agent-process';

import { pause, systemClock } from '../../clock.ts';
import { DEFAULT_AGENT_PROGRAM } from '../../lab.ts';

export type LoneAgent = {
  readonly address: string;
  readonly url: string;
  /** The ramdisk's root file system. */
  readonly root: string;
  readonly diskPath: string;
  readonly log: () => Promise<string>;
  /** True when the log came to match in time. */
  readonly says: (pattern: RegExp, limitMs?: number) => Promise<boolean>;
  /** SIGKILL, and gone. */
  readonly kill: () => Promise<void>;
  /** The same machine without a restart of its ramdisk: only the process is new. */
  readonly startAgain: () => void;
};

export type LoneAgentWish = {
  readonly directory: string;
  readonly address: string;
  /** Path below the root to content. */
  readonly files: { readonly [path: string]: string };
  /** Content of the one disk. */
  readonly disk?: Buffer;
};

const DISK_BYTES = 16 * 1024 ** 2;
const LOOK_EACH_MS = 30;
const WAIT_MS_MAX = 20_000;
const MAC = '52:54:00:d0:d0:d0';

const machineOf = (address: string, diskPath: string) => ({
  system: { uuid: 'u', serial: 'DRILL', manufacturer: 'Bessemer', product: 'Simulated' },
  bootMode: 'uefi',
  cpu: { count: 1, architecture: 'x86_64' },
  memoryMiB: 512,
  nics: [{ name: 'sim-nic0', mac: MAC, ipv4: address }],
  disks: [
    {
      name: '/dev/sim0',
      path: diskPath,
      sizeBytes: DISK_BYTES,
      model: 'Lab virtual disk',
      serial: 'DRILLDISK',
      vendor: 'Bessemer',
      wwn: '0x5000000000000001',
      rotational: false,
      tran: 'virtio',
      logicalSectorBytes: 512,
      supports: ['discard'],
    },
  ],
  listen: { host: address, port: AGENT_PORT },
  bmcAddress: null,
});

export const startLoneAgent = async (wish: LoneAgentWish): Promise<LoneAgent> => {
  const { directory, address } = wish;
  const root = join(directory, 'root');
  const serialLog = join(directory, 'serial.log');
  const diskPath = join(directory, 'disk.raw');
  await mkdir(root, { recursive: true, mode: 0o700 });
  const content = Buffer.alloc(DISK_BYTES);
  wish.disk?.copy(content);
  await writeFile(diskPath, content, { mode: 0o600 });
  await writeFile(join(directory, 'machine.json'), JSON.stringify(machineOf(address, diskPath)));
  for (const [path, text] of Object.entries(wish.files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { mode: 0o600 });
  }
  await writeFile(serialLog, '');
  const start = (): AgentProcess =>
    startAgent({
      program: DEFAULT_AGENT_PROGRAM,
      machineDirectory: directory,
      simulatedDirectory: directory,
      serialLog,
    });
  let agent = start();
  let fromChars = 0;
  const log = (): Promise<string> => readFile(serialLog, 'utf8');
  return {
    address,
    url: `https://${address}:${AGENT_PORT}`,
    root,
    diskPath,
    log,
    says: async (pattern, limitMs = WAIT_MS_MAX) => {
      const untilMs = systemClock.monotonicMs() + limitMs;
      while (!pattern.test((await log()).slice(fromChars))) {
        if (systemClock.monotonicMs() > untilMs) return false;
        await pause(systemClock, LOOK_EACH_MS);
      }
      return true;
    },
    kill: async () => {
      agent.signal('SIGKILL');
      await agent.ended;
      fromChars = (await log()).length;
    },
    startAgain: () => {
      agent = start();
    },
  };
};
