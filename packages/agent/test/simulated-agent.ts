// An agent of a simulated machine for tests: in this process, on a port of its own, spoken to over its real
// HTTPS interface.

import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { JsonObject } from '@bessemer/protocol/json';
import { systemClock } from '#clock';
import { makeSimulatedHardware } from '#hardware/simulated-hardware';
import type { SimulatedDisk, SimulatedMachine } from '#hardware/simulated-machine';
import type { StepManager } from '#hardware/steps';
import { makeAgentLog } from '../src/agent-log.ts';
import { type AgentConfiguration, readConfiguration } from '../src/configuration.ts';
import { DiskWritePermit } from '../src/may-write-disks.ts';
import { startAgent } from '../src/start-agent.ts';

export const TOKEN = 'a-token-of-this-test-that-is-long-enough-43';
export const MAC = '52:54:00:00:00:77';
const MIB = 1024 * 1024;

export type Answer = { readonly status: number; readonly body: unknown; readonly location: string };

export type TestAgent = {
  readonly directory: string;
  readonly diskPath: string;
  readonly diskBytes: number;
  readonly callbackUrl: string | null;
  /** Exit statuses that the machine was told. */
  readonly exits: readonly number[];
  readonly lines: () => readonly string[];
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Headers,
  ) => Promise<Answer>;
  /** With the token, waiting for the end. */
  readonly run: (name: string, params: JsonObject) => Promise<CommandResult>;
  readonly close: () => Promise<void>;
};

type Headers = { readonly [name: string]: string };

export type TestAgentOptions = {
  readonly diskMiB?: number;
  readonly disk?: Partial<SimulatedDisk>;
  readonly bootMode?: 'uefi' | 'bios';
  readonly bmcInside?: SimulatedMachine['bmcInside'];
  readonly configuration?: Partial<AgentConfiguration>;
  readonly withoutPermit?: boolean;
  readonly plugIns?: readonly StepManager[];
};

export const startTestAgent = async (options: TestAgentOptions = {}): Promise<TestAgent> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-agent-'));
  const diskBytes = (options.diskMiB ?? 64) * MIB;
  const diskPath = join(directory, 'disk.raw');
  await writeFile(diskPath, '');
  await truncate(diskPath, diskBytes);
  const machine = machineOf(diskPath, diskBytes, options);
  const exits: number[] = [];
  const log = makeAgentLog(systemClock, () => {});
  const agent = await startAgent({
    configuration: {
      ...(await readConfiguration(directory)),
      token: TOKEN,
      listenHost: '127.0.0.1',
      listenPort: 0,
      downloadRetryIntervalMs: 1,
      ...options.configuration,
    },
    hardware: makeSimulatedHardware({
      clock: systemClock,
      machine,
      exit: (status) => exits.push(status),
      say: log.say,
    }),
    permit: options.withoutPermit === true ? null : DiskWritePermit.forSimulatedDisks(),
    clock: { ...systemClock, sleep: () => systemClock.sleep(1) },
    log,
    plugIns: options.plugIns ?? [],
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  const call = (method: string, path: string, body?: unknown, headers: Headers = {}) =>
    exchange(`${agent.callbackUrl}${path}`, method, body, headers);
  return {
    directory,
    diskPath,
    diskBytes,
    callbackUrl: agent.callbackUrl,
    exits,
    lines: log.lines,
    call,
    run: async (name, params) => {
      const path = `/v1/commands/?wait=true&agent_token=${TOKEN}`;
      const { status, body } = await call('POST', path, { name, params });
      if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(body)}`);
      return body as CommandResult;
    },
    close: async () => {
      await agent.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const machineOf = (
  path: string,
  sizeBytes: number,
  { disk, bootMode, bmcInside = null }: TestAgentOptions,
): SimulatedMachine => ({
  system: { uuid: 'u', serial: 'SIM1', manufacturer: 'Bessemer', product: 'Simulated' },
  bootMode: bootMode ?? 'uefi',
  cpu: { count: 2, architecture: 'x86_64' },
  memoryMiB: 1024,
  nics: [{ name: 'sim-nic0', mac: MAC, ipv4: '127.0.0.1' }],
  disks: [
    {
      name: '/dev/sim0',
      path,
      sizeBytes,
      model: 'Lab virtual disk',
      serial: 'DISK1',
      vendor: 'Bessemer',
      wwn: '0x5000000000000001',
      rotational: false,
      tran: 'virtio',
      logicalSectorBytes: 512,
      supports: ['discard'],
      lies: false,
      ...disk,
    },
  ],
  listen: { host: '127.0.0.1', port: 0 },
  bmcAddress: null,
  bmcInside,
});

/** Of the side that calls. */
export type ClientIdentity = { readonly cert?: string; readonly key?: string };

export const exchange = (
  url: string,
  method: string,
  body: unknown,
  headers: Headers,
  identity: ClientIdentity = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    // The certificate is checked in a test of its own; here only the answers matter.
    const request = httpsRequest(url, {
      method,
      headers,
      rejectUnauthorized: false,
      agent: false,
      ...identity,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          body: text === '' ? null : JSON.parse(text),
          location: response.headers.location ?? '',
        });
      });
    });
    request.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
  });
