// The step of an inspection that runs the rules: after the inventory was accepted and kept, before the machine is
// switched off. What the rules make of it is written together with the end of the step.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { PortRecord } from '@bessemer/protocol/port/record';

import { isoTime } from '#clock';
import type { Queryable } from '#store/database';
import { rulesOfPhase } from '#store/inspection-rules';
import { findInventory, saveInventory, type StoredInventory } from '#store/inventories';
import { findNode, type NodeChanges } from '#store/nodes';
import { listPortsOfNode, type PortChanges, updatePort } from '#store/ports';
import { keepDriverInfo } from '#trust/driver-secrets';

import { DONE, type Job, type Step, type StepDone } from '../../workflow/step.ts';
import { makeApiCalls } from './api-calls.ts';
import { runRules } from './run-rules.ts';
import type { RuleNote, Work, WorkPort } from './work.ts';

const PHASE = 'main';

const NODE_ATTRIBUTES = {
  properties: 'properties',
  extra: 'extra',
  driver_info: 'driverInfo',
  name: 'name',
  description: 'description',
  resource_class: 'resourceClass',
  driver: 'driver',
} as const satisfies { readonly [attribute: string]: keyof NodeRecord };

const PORT_ATTRIBUTES = {
  extra: 'extra',
  local_link_connection: 'localLinkConnection',
  pxe_enabled: 'pxeEnabled',
  physical_network: 'physicalNetwork',
  description: 'description',
  vendor: 'vendor',
  category: 'category',
} as const satisfies { readonly [attribute: string]: keyof PortRecord };

const attributesOf = (
  record: NodeRecord | PortRecord,
  names: { readonly [attribute: string]: string },
): JsonObject => {
  const attributes: JsonObject = {};
  for (const [name, property] of Object.entries(names)) {
    attributes[name] = record[property as keyof typeof record] as JsonValue;
  }
  return attributes;
};

const changesOf = (
  before: JsonObject,
  after: JsonObject,
  names: { readonly [attribute: string]: string },
): JsonObject => {
  const changes: JsonObject = {};
  for (const [name, property] of Object.entries(names)) {
    const value = after[name] ?? null;
    if (JSON.stringify(value) !== JSON.stringify(before[name] ?? null)) changes[property] = value;
  }
  return changes;
};

const factsOf = (node: NodeRecord): JsonObject => ({
  uuid: node.uuid,
  owner: node.owner,
  lessee: node.lessee,
  conductor_group: node.conductorGroup,
  provision_state: node.provisionState,
  power_state: node.powerState,
  instance_uuid: node.instanceUuid,
  chassis_uuid: node.chassisUuid,
  parent_node: node.parentNode,
  shard: node.shard,
  boot_mode: node.bootMode,
});

const workOf = (
  node: NodeRecord,
  ports: readonly PortRecord[],
  { pluginData }: StoredInventory,
): Work => ({
  facts: factsOf(node),
  attributes: attributesOf(node, NODE_ATTRIBUTES),
  hasSecrets: node.driverSecrets !== null,
  ports: ports.map((port) => ({
    uuid: port.uuid,
    address: port.address,
    attributes: attributesOf(port, PORT_ATTRIBUTES),
  })),
  traits: new Set(node.traits),
  pluginData,
  calls: [],
  notes: [],
});

const nodeChanges = ({ node, parts }: Job, work: Work): NodeChanges => {
  const before = attributesOf(node, NODE_ATTRIBUTES);
  const { driverInfo, ...others } = changesOf(before, work.attributes, NODE_ATTRIBUTES);
  const traits = [...work.traits].sort();
  const kept =
    driverInfo === undefined
      ? {}
      : keepDriverInfo(parts.keys, node.uuid, driverInfo as JsonObject, node);
  return {
    ...others,
    ...kept,
    ...(traits.join() === node.traits.join() ? {} : { traits }),
  };
};

const requireFreeName = async ({ node, parts }: Job, name: string | null): Promise<void> => {
  const other = name === null ? undefined : await findNode(parts.store.db, name);
  if (other === undefined || other.uuid === node.uuid) return;
  throw new Failure(
    'inspect.rule',
    `An inspection rule calls the node ${name}, and node ${other.uuid} is called so already.`,
  );
};

const writePort = async (
  queryable: Queryable,
  port: PortRecord,
  work: WorkPort,
  updatedAt: string,
): Promise<void> => {
  const before = attributesOf(port, PORT_ATTRIBUTES);
  const changes: PortChanges = changesOf(before, work.attributes, PORT_ATTRIBUTES);
  if (Object.keys(changes).length === 0) return;
  if (await updatePort(queryable, port, { ...changes, updatedAt })) return;
  throw new Failure(
    'inspect.rule',
    `Port ${port.address} was changed while inspection rules were run; inspect the node again.`,
    { isRetryable: true },
  );
};

/** The journal keeps no line that is longer; the first things that were done are told, and how many more there were. */
const TOLD_CHARS_MAX = 4_096;
const APPLIED_TOLD_MAX = 50;

const toldNotes = (notes: readonly RuleNote[]): JsonValue[] => {
  const told: JsonValue[] = [];
  let chars = 0;
  for (const note of notes) {
    chars += JSON.stringify(note).length;
    if (chars > TOLD_CHARS_MAX) return [...told, { more: notes.length - told.length }];
    told.push({ ...note });
  }
  return told;
};

export const applyInspectionRules: Step = {
  name: 'apply_inspection_rules',
  isIdempotent: true,
  run: async (job): Promise<StepDone> => {
    const { node, parts } = job;
    const { db } = parts.store;
    const rules = await rulesOfPhase(db, PHASE);
    const stored = rules.length === 0 ? undefined : await findInventory(db, node.uuid);
    if (stored === undefined) return DONE;
    const ports = await listPortsOfNode(db, node.uuid);
    const work = workOf(node, ports, stored);
    const report = runRules(rules, work, stored.inventory);
    const changes = nodeChanges(job, work);
    if (changes.name !== undefined) await requireFreeName(job, changes.name);
    if (work.calls.length > 0) {
      await makeApiCalls(work.calls, parts.options.ruleCallHosts, parts.clock);
    }
    for (const note of work.notes) {
      if (note.op === 'log')
        job.log.info(
          { rule: note.rule, level: note.level, said: note.text },
          'an inspection rule says',
        );
    }
    const nowMs = parts.clock.wallMs();
    return {
      kind: 'done',
      node: changes,
      detail: {
        applied: report.applied.slice(0, APPLIED_TOLD_MAX),
        skipped: report.skippedCount,
        did: toldNotes(work.notes),
      },
      also: async (transaction) => {
        for (const [index, port] of ports.entries()) {
          const worked = work.ports[index];
          if (worked !== undefined) await writePort(transaction, port, worked, isoTime(nowMs));
        }
        if (work.pluginData !== stored.pluginData) {
          await saveInventory(
            transaction,
            node.uuid,
            { ...stored, pluginData: work.pluginData },
            nowMs,
          );
        }
      },
    };
  },
};
