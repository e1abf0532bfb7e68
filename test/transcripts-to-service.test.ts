// What a stock agent said to a stock service, said again to ours: statuses and shapes must be the same, but for the
// differences listed here with their reasons.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeRamdiskListener } from '../packages/service/src/api/ramdisk-listener.ts';
import { systemClock } from '../packages/service/src/clock.ts';
import type { Conductor } from '../packages/service/src/conductor/conductor.ts';
import { DEFAULT_CONDUCTOR_OPTIONS } from '../packages/service/src/conductor/conductor-parts.ts';
import { startConductor } from '../packages/service/src/conductor/start-conductor.ts';
import {
  DEFAULT_DRIVER_OPTIONS,
  makeDriverRegistry,
} from '../packages/service/src/drivers/registry.ts';
import { makeLog } from '../packages/service/src/observe/log.ts';
import { openStore, type Store } from '../packages/service/src/store/database.ts';
import { insertNode, updateNode } from '../packages/service/src/store/nodes.ts';
import { insertPort } from '../packages/service/src/store/ports.ts';
import { openAuthority } from '../packages/service/src/trust/certificate/authority.ts';
import { openKeyRing } from '../packages/service/src/trust/key-ring.ts';

import {
  asNodeUuid,
  asPortUuid,
  type NodeUuid,
  type PortUuid,
} from '../packages/protocol/src/uuid.ts';

type Exchange = {
  readonly seq: number;
  readonly way: string;
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly url: string;
    readonly headers: { readonly [name: string]: string };
    readonly body?: { readonly [name: string]: string };
  };
  readonly response: {
    readonly status: number;
    readonly headers: { readonly [name: string]: string };
    readonly body?: unknown;
  };
};

const RECORDINGS = ['clean', 'deploy', 'lookup-and-heartbeat-with-tls'];
const STATES = { clean: 'clean wait', deploy: 'wait call-back' } as const;

/** Keys that only one side has, or whose kind of value differs, and why. */
const DIFFERENCES: { readonly [path: string]: string } = {
  'node.driver_internal_info.*':
    'the stock service keeps its step engine in this map; ours has a journal and shows only what is known of the agent',
  'node.instance_info.image_url': 'made by the stock service; our agent is told with its command',
  'node.instance_info.image_type': 'made by the stock service; we write whole disks only',
  'config.bessemer': 'ours; stock agents pass it over',
  'config.bessemer.*': 'ours; stock agents pass it over',
  'config.agent_containers': 'newer than the recorded service',
  'config.agent_containers.*': 'newer than the recorded service',
  'config.disable_deep_image_inspection': 'newer than the recorded service',
  'config.permitted_image_formats': 'newer than the recorded service',
  'config.agent_skip_bmc_detect': 'newer than the recorded service',
  'config.enable_bios_bootloader_install': 'newer than the recorded service',
  'config.tls_min_version': 'newer than the recorded service',
  'config.tls_cipher_suites': 'newer than the recorded service',
  'config.agent_md5_checksum_enable': 'newer than the recorded service',
};

const exchangesOf = (recording: string): readonly Exchange[] =>
  readFileSync(new URL(`fixtures/transcripts/${recording}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Exchange)
    .filter((each) => each.way === 'agent->service');

const MAC = '52:54:00:00:00:77';
const NODE = asNodeUuid('49ff77ec-b77e-47df-ab25-994d911e60cd') as NodeUuid;

let directory: string;
let store: Store;
let conductor: Conductor;
let close: () => Promise<void>;
let listener: ReturnType<typeof makeRamdiskListener>;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-transcripts-'));
  store = await openStore({ engine: 'sqlite', path: join(directory, 'store.sqlite') });
  const log = makeLog({ level: 'silent' });
  const drivers = makeDriverRegistry({ options: DEFAULT_DRIVER_OPTIONS, clock: systemClock, log });
  conductor = await startConductor({
    store,
    drivers,
    keys: await openKeyRing(join(directory, 'keys')),
    authority: await openAuthority(join(directory, 'ca'), systemClock.wallMs()),
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:1' },
    clock: systemClock,
    log,
    // Two of the recordings were made with the agent's TLS off, all of them on loopback.
    options: {
      ...DEFAULT_CONDUCTOR_OPTIONS,
      requireTls: false,
      minTrustLevel: 0,
      isLoopbackAllowed: true,
    },
  });
  listener = makeRamdiskListener({
    conductor,
    log,
    clock: systemClock,
    isDisabled: false,
    publicEndpoint: undefined,
    tls: undefined,
  });
  await insertNode(
    store.db,
    {
      uuid: NODE,
      driver: 'fake-hardware',
      interfaces: drivers.chooseInterfaces('fake-hardware', {}),
    },
    { nowMs: Date.now() },
  );
  await insertPort(
    store.db,
    {
      uuid: asPortUuid('11111111-2222-4333-8444-555555555555') as PortUuid,
      nodeUuid: NODE,
      address: MAC,
    },
    { nowMs: Date.now() },
  );
  close = async () => {
    await listener.close();
    await conductor.stop();
    await drivers.close();
    await store.close();
  };
});
after(async () => {
  await close();
  await rm(directory, { recursive: true, force: true });
});

/** What the recorded deployment was asked for. */
const INSTANCE_INFO = {
  image_source: 'https://images.example/i.raw',
  image_os_hash_algo: 'sha256',
  image_os_hash_value: '0'.repeat(64),
  image_disk_format: 'raw',
  configdrive: 'H4sI',
};

/** The boot that was recorded: its agent got the token with its medium, and has not called yet. */
const openSession = async (recording: string, token: string): Promise<void> => {
  await updateNode(store.db, NODE, {
    provisionState: STATES[recording as keyof typeof STATES] ?? 'wait call-back',
    instanceInfo: recording === 'deploy' ? INSTANCE_INFO : {},
  });
  await store.db.deleteFrom('agent_session').execute();
  await store.db
    .insertInto('agent_session')
    .values({
      id: `session-${recording}`,
      node_uuid: NODE,
      boot_no: 1,
      route: 'vmedia',
      cause: 'test',
      state: 'SEALED',
      window_opened_ms: Date.now(),
      window_closes_ms: Date.now() + 600_000,
      token_hash: createHash('sha256').update(token).digest('hex'),
      masked_lookups: 0,
      trust_level: 1,
      seq_high: 0,
    })
    .execute();
};

for (const recording of RECORDINGS) {
  test(`the recorded agent of "${recording}" gets the answers it got`, async () => {
    const exchanges = exchangesOf(recording);
    const token = exchanges.find(({ request }) => request.body?.['agent_token'])?.request.body;
    await openSession(recording, String(token?.['agent_token']));
    assert.ok(exchanges.length >= 3);

    for (const { request, response, seq } of exchanges) {
      const reply = await listener.inject({
        method: request.method,
        url: request.url,
        headers: request.headers,
        ...(request.body === undefined ? {} : { payload: JSON.stringify(request.body) }),
      });

      const where = `${seq} ${request.method} ${request.url}: ${reply.payload}`;
      assert.equal(reply.statusCode, response.status, where);
      assert.equal(
        (reply.headers['content-type'] ?? '').split(';')[0],
        (response.headers['content-type'] ?? '').split(';')[0],
        where,
      );
      const body: unknown = reply.payload === '' ? undefined : JSON.parse(reply.payload);
      assert.deepEqual(differences(response.body, body), [], where);
    }
  });
}

/** Paths at which one side has a key that the other lacks, or a value of another kind; allowed ones left out. */
const differences = (theirs: unknown, ours: unknown, path = ''): string[] => {
  if (isAllowed(path)) return [];
  if (kindOf(theirs) !== kindOf(ours)) {
    // Null stands for "not known yet" on both sides.
    const isUnknown = theirs === null || ours === null;
    return isUnknown ? [] : [`${path}: ${kindOf(theirs)} there, ${kindOf(ours)} here`];
  }
  if (Array.isArray(theirs)) return differences(theirs[0], (ours as unknown[])[0], `${path}[]`);
  if (kindOf(theirs) !== 'object') return [];
  const [left, right] = [theirs as { [key: string]: unknown }, ours as { [key: string]: unknown }];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => {
    const below = path === '' ? key : `${path}.${key}`;
    if (isAllowed(below)) return [];
    if (!(key in left) || !(key in right))
      return [`${below}: only ${key in left ? 'there' : 'here'}`];
    return differences(left[key], right[key], below);
  });
};

const isAllowed = (path: string): boolean =>
  path in DIFFERENCES || `${path.slice(0, path.lastIndexOf('.'))}.*` in DIFFERENCES;

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};
