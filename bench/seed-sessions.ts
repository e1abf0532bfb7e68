// Fills a store with nodes whose agents are at a certain point, through the store's own functions. Nobody else has
// the store open meanwhile.

import { randomBytes, randomUUID } from 'node:crypto';

import { TOKEN_BYTES } from '@bessemer/protocol/agent/token';
import type { JsonObject } from '@bessemer/protocol/json';
import { INTERFACE_KINDS, type NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { insertSession } from '../packages/service/src/store/agent-sessions.ts';
import type { Queryable, Store } from '../packages/service/src/store/database.ts';
import { insertNode } from '../packages/service/src/store/nodes.ts';
import { insertPort } from '../packages/service/src/store/ports.ts';
import { insertWorkflow } from '../packages/service/src/store/workflows.ts';
import { hashOfToken, sealToken } from '../packages/service/src/trust/agent-token/grant.ts';
import type { KeyRing } from '../packages/service/src/trust/key-ring.ts';
import { Secret } from '../packages/service/src/trust/secret.ts';

export type SeededNode = {
  readonly uuid: NodeUuid;
  readonly address: string;
  readonly sessionId: string;
};

type PortUuid = Parameters<typeof insertPort>[1]['uuid'];

const HOUR_MS = 3_600_000;
const SEED_BATCH = 500;
/** So that their names and MACs are not those of the other kind in the same store. */
const SEALED_FROM = 1_000_000;

const INTERFACES = {
  ...Object.fromEntries(INTERFACE_KINDS.map((kind) => [kind, `no-${kind}`])),
  boot: 'fake',
  deploy: 'fake',
  inspect: 'fake',
  management: 'fake',
  network: 'noop',
  power: 'fake',
  storage: 'noop',
} as NodeRecord['interfaces'];

export const macOf = (index: number): string =>
  `52:54:${(index.toString(16).padStart(8, '0').match(/../g) ?? []).join(':')}`;

const seedNode = async (
  queryable: Queryable,
  index: number,
  nowMs: number,
  driverInfo: JsonObject = {},
): Promise<SeededNode> => {
  const uuid = randomUUID() as NodeUuid;
  await insertNode(
    queryable,
    {
      uuid,
      name: `bench-${index}`,
      driver: 'fake-hardware',
      interfaces: INTERFACES,
      driverInfo: { fake_address: `https://bmc-${index}`, ...driverInfo },
      properties: { cpus: 64, memory_mb: 262_144, local_gb: 960, cpu_arch: 'x86_64' },
      provisionState: 'wait call-back',
      targetProvisionState: 'active',
      powerState: 'power on',
    },
    { nowMs },
  );
  const port = { uuid: randomUUID() as PortUuid, nodeUuid: uuid, address: macOf(index) };
  await insertPort(queryable, port, { nowMs });
  return { uuid, address: macOf(index), sessionId: randomUUID() };
};

const inBatches = async (
  store: Store,
  count: number,
  seedOne: (queryable: Queryable, index: number) => Promise<SeededNode>,
): Promise<readonly SeededNode[]> => {
  const seeded: SeededNode[] = [];
  while (seeded.length < count) {
    await store.transaction(async (transaction) => {
      const end = Math.min(count, seeded.length + SEED_BATCH);
      while (seeded.length < end) seeded.push(await seedOne(transaction, seeded.length));
    });
  }
  return seeded;
};

const sessionOf = ({ uuid, sessionId }: SeededNode, nowMs: number) => ({
  id: sessionId,
  nodeUuid: uuid,
  bootNumber: 1,
  cause: 'deploy',
  windowOpenedMs: nowMs - 1_000,
  windowClosesMs: nowMs + HOUR_MS,
  trustLevel: 2,
});

/** Booted over the network a moment ago: the window is open and nobody has asked. */
export const seedOpenSessions = (store: Store, count: number): Promise<readonly SeededNode[]> => {
  const nowMs = Date.now();
  return inBatches(store, count, async (queryable, index) => {
    const node = await seedNode(queryable, index, nowMs);
    await insertSession(queryable, {
      ...sessionOf(node, nowMs),
      route: 'lookup',
      transport: 'network',
      state: 'OPEN',
      trustLevel: 1,
    });
    return node;
  });
};

export type SeededAgent = {
  readonly token: string;
  readonly callbackUrl: string;
  readonly address: string;
  readonly pin: string;
};

/** Token and key are in the medium, and the agent has not spoken yet. */
const insertSealed = async (
  queryable: Queryable,
  keys: KeyRing,
  node: SeededNode,
  sealed: Pick<SeededAgent, 'token' | 'pin'> & { readonly route: 'vmedia' | 'poll' },
): Promise<void> => {
  const identity = { nodeUuid: node.uuid, sessionId: node.sessionId, bootNumber: 1 };
  await insertSession(queryable, {
    ...sessionOf(node, Date.now()),
    route: sealed.route,
    state: 'SEALED',
    tokenHash: hashOfToken(sealed.token),
    tokenSealed: sealToken(keys, new Secret(sealed.token), identity),
    keySealed: '',
    certificate: '',
    pin: sealed.pin,
  });
};

export const seedSealedSessions = (
  store: Store,
  keys: KeyRing,
  count: number,
): Promise<readonly SeededNode[]> => {
  const nowMs = Date.now();
  return inBatches(store, count, async (queryable, index) => {
    const node = await seedNode(queryable, SEALED_FROM + index, nowMs);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await insertSealed(queryable, keys, node, { token, pin: '00'.repeat(32), route: 'vmedia' });
    return node;
  });
};

/** Bound agents, each with a workflow that waits for it when `isAwaited`; a running conductor would take that up. */
export const seedBoundSessions = (
  store: Store,
  keys: KeyRing,
  wish: {
    readonly count: number;
    readonly route: 'vmedia' | 'poll';
    readonly isSigning?: (index: number) => boolean;
    readonly isAwaited: boolean;
    readonly agentOf: (index: number) => SeededAgent;
  },
): Promise<readonly SeededNode[]> => {
  const nowMs = Date.now();
  return inBatches(store, wish.count, async (queryable, index) => {
    const agent = wish.agentOf(index);
    const node = await seedNode(queryable, index, nowMs);
    await insertSealed(queryable, keys, node, { ...agent, route: wish.route });
    await queryable
      .updateTable('agent_session')
      .set({
        state: 'BOUND',
        callback_url: agent.callbackUrl,
        address: agent.address,
        agent_version: 'bench',
        last_seen_ms: nowMs,
        bound_at_ms: nowMs,
        is_signing: wish.isSigning?.(index) === true ? 1 : 0,
      })
      .where('id', '=', node.sessionId)
      .execute();
    if (wish.isAwaited) await seedWorkflow(queryable, node, nowMs);
    return node;
  });
};

const seedWorkflow = async (
  queryable: Queryable,
  node: SeededNode,
  nowMs: number,
): Promise<void> => {
  const id = randomUUID();
  const plan = [{ step: 'write_image', interface: 'deploy', priority: 80, args: {} }];
  await insertWorkflow(queryable, {
    id,
    nodeUuid: node.uuid,
    kind: 'deploy',
    plan: plan as unknown as Parameters<typeof insertWorkflow>[1]['plan'],
    context: { sessionId: node.sessionId, bootNumber: 1 },
    startedMs: nowMs,
  });
  await queryable
    .updateTable('workflow')
    .set({ state: 'waiting', deadline_ms: nowMs + HOUR_MS })
    .where('id', '=', id)
    .execute();
};
