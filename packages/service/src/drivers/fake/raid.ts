// RAID of a fake machine: whatever was asked for is there a moment later.

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { raidObjection } from '@bessemer/protocol/raid/target-config';

import { isoTime } from '#clock';

import type { DriverStep, DriverStepArguments } from '../driver.ts';
import type { RaidInterface } from '../hardware-interfaces.ts';
import type { FakeParts } from './fake-parts.ts';

export const fakeRaid = ({ validate }: FakeParts): RaidInterface => ({
  validate,
  validateTarget: () => undefined,
});

const CREATE_ARGUMENTS: DriverStepArguments = {
  create_root_volume: {
    description: 'Whether the root volume is created. Default: true',
    isRequired: false,
  },
  create_nonroot_volumes: {
    description: 'Whether the volumes that are no root volume are created. Default: true',
    isRequired: false,
  },
  delete_existing: {
    description:
      'Whether what is there is deleted first. Default: false, and true for deploy steps',
    isRequired: false,
  },
};

const APPLY_ARGUMENTS: DriverStepArguments = {
  raid_config: { description: 'The RAID configuration to apply', isRequired: true },
  ...CREATE_ARGUMENTS,
};

const disksOf = (config: JsonObject): readonly JsonObject[] => {
  const { logical_disks: disks } = config;
  return Array.isArray(disks) ? disks.filter(isJsonObject) : [];
};

const build = (
  { clock }: FakeParts,
  node: NodeRecord,
  target: JsonObject,
  args: JsonObject,
): JsonObject => {
  const isWanted = (disk: JsonObject): boolean =>
    args[disk['is_root_volume'] === true ? 'create_root_volume' : 'create_nonroot_volumes'] !==
    false;
  const old = args['delete_existing'] === true ? [] : disksOf(node.raidConfig);
  const made = disksOf(target).filter(isWanted);
  const disks = [...old.filter((disk) => !made.some((each) => isSame(each, disk))), ...made];
  return {
    logical_disks: disks.map((disk, index) => ({
      ...disk,
      volume_name: disk['volume_name'] ?? `volume${index}`,
    })),
    last_updated: isoTime(clock.wallMs()),
  };
};

/** A step that is run again finds what it made the first time. */
const isSame = (a: JsonObject, b: JsonObject): boolean =>
  Object.entries(a).every(([key, value]) => JSON.stringify(b[key]) === JSON.stringify(value));

const requireTarget = (node: NodeRecord): JsonObject => {
  if (disksOf(node.targetRaidConfig).length > 0) return node.targetRaidConfig;
  throw new Failure('node.invalid', `Node ${node.uuid} has no target RAID configuration.`);
};

export const fakeRaidSteps = (parts: FakeParts): readonly DriverStep[] => [
  {
    interface: 'raid',
    step: 'create_configuration',
    priority: { clean: 0, service: 0 },
    args: CREATE_ARGUMENTS,
    run: async (node, args) => {
      const raidConfig = build(parts, node, requireTarget(node), args);
      await parts.toil(node, 'management');
      return { node: { raidConfig } };
    },
  },
  {
    interface: 'raid',
    step: 'delete_configuration',
    priority: { clean: 0, service: 0 },
    args: {},
    run: async (node) => {
      await parts.toil(node, 'management');
      return { node: { raidConfig: {} } };
    },
  },
  {
    interface: 'raid',
    step: 'apply_configuration',
    priority: { deploy: 0, service: 0 },
    args: APPLY_ARGUMENTS,
    run: async (node, args) => {
      const { raid_config: target } = args;
      const objection = isJsonObject(target) ? raidObjection(target) : 'it must be an object';
      if (!isJsonObject(target) || objection !== undefined) {
        throw new Refusal(400, `RAID config validation error: ${objection}`);
      }
      const raidConfig = build(parts, node, target, { delete_existing: true, ...args });
      await parts.toil(node, 'management');
      return { node: { raidConfig, targetRaidConfig: target } };
    },
  },
];
