// Inspection from inside: our ramdisk looks at the machine, the inventory is kept, ports are made, properties set.

import { randomUUID } from 'node:crypto';

import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { PortUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { saveInventory } from '#store/inventories';
import { insertPort, listPortsByAddress } from '#store/ports';
import type { PlannedStep } from '#store/workflows';

import { commandFailure } from '../agent-session/agent-command.ts';
import { withAgent } from '../agent-session/with-agent.ts';
import { makeEventNoter } from '../trust-events.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import { bringRamdiskToRest, closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import { makeSimulatedCallback } from '../steps/simulated-step.ts';
import { DONE, type Job, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';
import { checkedInventory } from './checked-inventory.ts';
import { applyInspectionRules } from './rules/apply-rules.ts';

const BYTES_PER_GIB = 1_073_741_824;

/** What the scheduler of a cloud wants to know; a person's own values for other keys stay. */
export const propertiesOf = (
  node: Pick<NodeRecord, 'properties'>,
  inventory: Inventory,
): JsonObject => {
  const largestBytes = Math.max(0, ...inventory.disks.map((disk) => disk.size));
  const capabilities =
    typeof node.properties['capabilities'] === 'string' ? node.properties['capabilities'] : '';
  const others = capabilities
    .split(',')
    .filter((pair) => pair !== '' && !pair.startsWith('boot_mode:'));
  return {
    ...node.properties,
    cpus: inventory.cpu.count,
    cpu_arch: inventory.cpu.architecture,
    memory_mb: inventory.memory.physical_mb,
    // One GiB less: room for a config drive and the end of the partition table.
    local_gb: Math.max(0, Math.floor(largestBytes / BYTES_PER_GIB) - 1),
    capabilities: [...others, `boot_mode:${inventory.boot.current_boot_mode}`].join(','),
  };
};

/** Noted before the step fails: what is refused is stored nowhere else. */
const noteRefusal = (
  job: Job,
  name: 'inspect.rejected' | 'inspect.identity_conflict',
  reason: string,
): Promise<void> =>
  makeEventNoter(job.parts)({
    name,
    nodeUuid: job.node.uuid,
    outcome: 'refused',
    detail: { reason },
  });

const requireInventory = async (job: Job, result: JsonValue): Promise<Inventory> => {
  try {
    return checkedInventory(result);
  } catch (error) {
    if (error instanceof Failure) await noteRefusal(job, 'inspect.rejected', error.message);
    throw error;
  }
};

const collectInventory: Step = {
  name: 'collect_inventory',
  isIdempotent: true,
  run: async (job) => {
    const { node, parts } = job;
    const result = await withAgent(job, (agent) =>
      agent.send('poll.get_hardware_info', {}, { isWaiting: true }),
    );
    if (result.command_status !== 'SUCCEEDED') throw commandFailure(result);
    const inventory = await requireInventory(job, result.command_result);
    const addresses = inventory.interfaces.map((card) => card.mac_address.toLowerCase());
    const known = await listPortsByAddress(parts.store.db, addresses);
    const foreign = known.find((port) => port.nodeUuid !== node.uuid);
    if (foreign !== undefined) {
      await noteRefusal(job, 'inspect.identity_conflict', `${foreign.address} is of another node`);
      throw new Failure(
        'inspect.invalid',
        `The machine claims the MAC ${foreign.address}, which is a port of node ${foreign.nodeUuid}. ` +
          'Nothing was stored. Find out which of the two is mistaken.',
      );
    }
    const missing = addresses.filter((address) => !known.some((port) => port.address === address));
    const nowMs = parts.clock.wallMs();
    return {
      kind: 'done',
      node: { properties: propertiesOf(node, inventory) },
      detail: { disks: inventory.disks.length, interfaces: addresses.length, new_ports: missing },
      also: async (transaction) => {
        const stored = { inventory: inventory as unknown as JsonObject, pluginData: {} };
        await saveInventory(transaction, node.uuid, stored, nowMs);
        for (const address of missing) {
          const uuid = randomUUID() as string as PortUuid;
          await insertPort(transaction, { uuid, nodeUuid: node.uuid, address }, { nowMs });
        }
      },
    };
  },
};

const simulatedInspect: Step = {
  name: 'simulated_inspect',
  isIdempotent: true,
  run: async (job) => {
    if (job.driver.deploy.kind === 'simulated') await job.driver.deploy.work.inspect(job.node);
    return DONE;
  },
};

const awaitInspection = makeSimulatedCallback('await_inspection', ({ driver, node }) =>
  driver.deploy.kind === 'simulated' ? (driver.deploy.work.callbackDelayMs?.(node) ?? 0) : 0,
);

export const INSPECT_STEPS: readonly Step[] = [
  collectInventory,
  applyInspectionRules,
  awaitInspection,
  simulatedInspect,
];

export const inspectPlan = (driver: NodeDriver): PlannedStep[] =>
  driver.inspect.kind === 'simulated' || driver.deploy.kind === 'simulated'
    ? [planned('await_inspection', 'inspect'), planned('simulated_inspect', 'inspect')]
    : [
        ...bootRamdiskPlan(),
        planned('collect_inventory', 'inspect'),
        planned('apply_inspection_rules', 'inspect'),
        planned('power_off', 'power'),
        planned('clean_up_ramdisk', 'boot'),
      ];

export const INSPECT: WorkflowKind = {
  name: 'inspect',
  eventType: 'introspection',
  doneEvent: () => 'done',
  failEvent: 'fail',
  onDone: (_node, workflow, nowMs) => ({
    inspectionStartedAt: isoTime(workflow.startedMs),
    inspectionFinishedAt: isoTime(nowMs),
  }),
  recover: recoverBoot,
  bringToRest: bringRamdiskToRest,
  onEnd: closeBoot,
};
