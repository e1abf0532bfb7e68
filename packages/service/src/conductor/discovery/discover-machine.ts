// A machine that no node is known for has booted our ramdisk and tells what it is. Where the operator asked for that,
// it becomes a node in state `enroll`, with ports, and a short workflow waits for its agent to prove its key. It is told
// who it is, and nothing else.

import { randomUUID } from 'node:crypto';

import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { asNodeUuid, type NodeUuid, type PortUuid } from '@bessemer/protocol/uuid';

import { findBmcCredential } from '#store/bmc-credentials';
import type { Queryable } from '#store/database';
import { findDiscovery, insertDiscovery } from '#store/discoveries';
import { passGate } from '#store/gates';
import { saveInventory } from '#store/inventories';
import { findNode, insertNode } from '#store/nodes';
import { insertPort, listPortsByAddress } from '#store/ports';
import { findOpenWorkflow } from '#store/workflows';

import { lookupConfig } from '../agent-session/lookup.ts';
import type { InspectionRequest, LookupAnswer } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { checkedInventory } from '../inspect/checked-inventory.ts';
import { propertiesOf } from '../inspect/inspect.ts';
import { requestWork } from '../management/request-work.ts';
import type { Scheduler } from '../scheduler.ts';
import { makeEventNoter, noteEvent } from '../trust-events.ts';
import { bmcAddressOf, networkOf, requireRoom } from './admit-machine.ts';
import { discoverPlan } from './discover-workflow.ts';
import { DISCOVER_NAME, FOUND_FROM, FOUND_MACS } from './discovery-names.ts';
import { judgeClaim, namesOfBmcs } from './known-bmcs.ts';
import type { NameBook } from './name-book.ts';
import type { DiscoveryOptions } from './options.ts';

type Discoverer = {
  readonly parts: ConductorParts;
  readonly names: NameBook;
  readonly scheduler: Pick<Scheduler, 'owner' | 'isFull' | 'nudge'>;
};

type Found = {
  readonly inventory: Inventory;
  readonly macs: readonly string[];
  readonly source: string;
};

/** Undefined: nothing is discovered here, or not this. Throws Refusal. */
export const discoverMachine = async (
  { parts, scheduler, names }: Discoverer,
  request: InspectionRequest,
): Promise<LookupAnswer | undefined> => {
  const options = parts.discovery;
  const { sourceAddress: source } = request;
  const network = options === undefined ? undefined : networkOf(options, source);
  // Who names a node means that one, and not a new one.
  if (options === undefined || network === undefined || request.nodeUuid !== undefined) {
    return undefined;
  }
  const note = makeEventNoter(parts);
  try {
    const inventory = readInventory(request);
    const macs = [...new Set(inventory.interfaces.map((card) => card.mac_address.toLowerCase()))];
    const found: Found = { inventory, macs, source };
    const known = await listPortsByAddress(parts.store.db, macs);
    const uuid =
      known.length === 0
        ? await enrol({ parts, names }, options, { ...found, network }, request.pluginData)
        : await findAgain(
            parts,
            found,
            known.map((port) => port.nodeUuid),
          );
    if (uuid === undefined) return undefined;
    const fence = await requestWork(parts, scheduler, uuid, () => ({
      kind: DISCOVER_NAME,
      plan: discoverPlan(),
      context: { [FOUND_FROM]: source, [FOUND_MACS]: [...macs] },
    }));
    scheduler.nudge(uuid, fence);
    return await answerTo(parts, uuid);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const name = error.status === 409 ? 'inspect.identity_conflict' : 'inspect.discovery_refused';
    await note({ name, source, outcome: 'refused', detail: { reason: error.message } });
    throw error;
  }
};

const readInventory = ({ inventory }: InspectionRequest): Inventory => {
  try {
    return checkedInventory(inventory);
  } catch (error) {
    if (error instanceof Failure) throw new Refusal(400, error.message);
    throw error;
  }
};

/**
 * Room, node, ports and inventory in one transaction: those that come together are counted one after the other, and of two
 * that claim one BMC the second sees the first. Undefined: another conductor was told of the machine at the same time.
 */
const enrol = async (
  { parts, names }: Pick<Discoverer, 'parts' | 'names'>,
  options: DiscoveryOptions,
  found: Found & { readonly network: string },
  pluginData: JsonObject,
): Promise<NodeUuid | undefined> => {
  const { store, clock } = parts;
  // Also before names are looked up, which takes longer than to be refused.
  await requireRoom(store.db, options, found.network, clock.wallMs());
  const claimed = bmcAddressOf(options, found.inventory);
  const addresses =
    claimed === undefined ? new Map() : await names.find(await namesOfBmcs(store.db));
  return store.transaction(async (transaction) => {
    await passGate(transaction, 'discovery');
    if ((await listPortsByAddress(transaction, found.macs)).length > 0) return undefined;
    const nowMs = clock.wallMs();
    await requireRoom(transaction, options, found.network, nowMs);
    const { address, obstacle } = await claimOf(transaction, claimed, addresses);
    const node = await insertNewNode(transaction, parts, found, {
      driver: options.driver,
      interfaces: parts.drivers.chooseInterfaces(options.driver, {}),
      driverInfo: { ...options.driverInfo, ...addressInfo(options.driver, address) },
    });
    for (const mac of found.macs) {
      const uuid = randomUUID() as string as PortUuid;
      await insertPort(transaction, { uuid, nodeUuid: node.uuid, address: mac }, { nowMs });
    }
    const inventory = found.inventory as unknown as JsonObject;
    await saveInventory(transaction, node.uuid, { inventory, pluginData }, nowMs);
    const { network, source } = found;
    await insertDiscovery(transaction, { nodeUuid: node.uuid, network, source, foundMs: nowMs });
    await noteEvent(transaction, parts, {
      name: 'inspect.discovered',
      nodeUuid: node.uuid,
      source,
      outcome: 'changed',
      detail: {
        network,
        macs: [...found.macs],
        bmc_address: address ?? null,
        ...(obstacle === undefined ? {} : { bmc_not_taken: obstacle }),
      },
    });
    return node.uuid;
  });
};

type TakenAddress = {
  readonly address: string | undefined;
  /** Why there is none though the machine named one. */
  readonly obstacle?: string;
};

/** Throws Refusal(409) where it is the BMC of a node. Where nobody can say so, the machine becomes a node without a BMC. */
const claimOf = async (
  transaction: Queryable,
  claimed: string | undefined,
  addresses: ReadonlyMap<string, readonly string[]>,
): Promise<TakenAddress> => {
  if (claimed === undefined) return { address: undefined };
  const claim = await judgeClaim(transaction, claimed, addresses);
  if (claim.kind === 'free') return { address: claimed };
  if (claim.kind === 'taken') {
    throw new Refusal(409, 'The BMC of the machine is the BMC of a node already.');
  }
  return {
    address: undefined,
    obstacle: `${claimed} may be the BMC of node ${claim.nodeUuid}: the name ${claim.host} was not found`,
  };
};

const addressInfo = (
  driver: DiscoveryOptions['driver'],
  address: string | undefined,
): JsonObject => {
  if (address === undefined) return {};
  if (driver === 'ipmi') return { ipmi_address: address };
  return { redfish_address: `https://${address.includes(':') ? `[${address}]` : address}` };
};

const insertNewNode = (
  transaction: Queryable,
  parts: ConductorParts,
  { inventory }: Pick<Found, 'inventory'>,
  given: Pick<NodeRecord, 'driver' | 'interfaces' | 'driverInfo'>,
): Promise<NodeRecord> => {
  const uuid = asNodeUuid(randomUUID()) as NodeUuid;
  return insertNode(
    transaction,
    {
      uuid,
      ...given,
      properties: propertiesOf({ properties: {} }, inventory),
      conductor: parts.options.hostname,
      provisionState: 'enroll',
    },
    { nowMs: parts.clock.wallMs() },
  );
};

/** Found before, and what was begun then did not get to a login that works: once more. */
const findAgain = async (
  { store }: ConductorParts,
  { macs }: Found,
  nodeUuids: readonly NodeUuid[],
): Promise<NodeUuid | undefined> => {
  const [uuid, ...others] = [...new Set(nodeUuids)];
  if (uuid === undefined || others.length > 0 || nodeUuids.length !== macs.length) return undefined;
  const node = await findNode(store.db, uuid);
  const isOurs = (await findDiscovery(store.db, uuid)) !== undefined;
  const credential = await findBmcCredential(store.db, uuid);
  const isOpen =
    node?.provisionState === 'enroll' &&
    !node.maintenance &&
    (credential?.activeSlot ?? null) === null &&
    (await findOpenWorkflow(store.db, uuid)) === undefined;
  return isOurs && isOpen ? uuid : undefined;
};

/** As to a lookup, without a token. */
const answerTo = async (
  parts: ConductorParts,
  uuid: NodeUuid,
): Promise<LookupAnswer | undefined> => {
  const node = await findNode(parts.store.db, uuid);
  if (node === undefined) return undefined;
  return {
    node: { uuid, properties: node.properties, instance_info: {}, driver_internal_info: {} },
    config: { ...lookupConfig(parts, node), agent_token: TOKEN_MASK },
  };
};
