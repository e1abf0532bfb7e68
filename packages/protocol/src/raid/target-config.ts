// What PUT states/raid may ask for: the shape of a RAID configuration, and a sentence about each property of a
// logical disk.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

export const LOGICAL_DISK_PROPERTIES: { readonly [property: string]: string } = {
  controller:
    'Controller to use for this logical disk. If not specified, the driver will choose a suitable RAID controller on the bare metal node. Optional.',
  disk_type:
    "The type of disk preferred. Valid values are 'hdd' and 'ssd'. If this is not specified, disk type will not be a selection criterion for choosing backing physical disks. Optional.",
  interface_type:
    "The interface type of disk. Valid values are 'sata', 'scsi' and 'sas'. If this is not specified, interface type will not be a selection criterion for choosing backing physical disks. Optional.",
  is_root_volume:
    'Specifies whether this disk is a root volume. By default, this is False. Optional.',
  number_of_physical_disks:
    'Number of physical disks to use for this logical disk. By default, no. of disks required for the mentioned RAID level will be used. Optional.',
  physical_disks:
    'The physical disks to use for this logical disk. If not specified, the driver will choose suitable physical disks to use. Optional.',
  raid_level:
    "RAID level for the logical disk. Valid values are 'JBOD', '0', '1', '2', '5', '6', '1+0', '5+0' and '6+0'. Required.",
  share_physical_disks:
    'Specifies whether other logical disks can share physical disks with this logical disk. By default, this is False. Optional.',
  size_gb:
    "Size in GiB (Integer) for the logical disk. Use 'MAX' as size_gb if this logical disk is supposed to use the rest of the space available. Required.",
  volume_name:
    'Name of the volume to be created. If this is not specified, it will be auto-generated. Optional.',
};

const LEVELS = ['JBOD', '0', '1', '2', '5', '6', '1+0', '5+0', '6+0'];
/** More than any controller holds. */
const DISKS_MAX = 256;

const shown = (value: JsonValue): string => JSON.stringify(value).slice(0, 100);

type Check = (value: JsonValue) => string | undefined;

const oneOf =
  (names: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && names.includes(value)
      ? undefined
      : `${shown(value)} is not one of [${names.map((name) => `'${name}'`).join(', ')}]`;

const typed =
  (type: 'string' | 'boolean'): Check =>
  (value) =>
    typeof value === type ? undefined : `${shown(value)} is not of type '${type}'`;

const isCount = (value: JsonValue): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

const CHECKS: { readonly [property: string]: Check } = {
  raid_level: oneOf(LEVELS),
  size_gb: (value) =>
    isCount(value) || value === 'MAX'
      ? undefined
      : `${shown(value)} is neither a positive integer nor 'MAX'`,
  volume_name: typed('string'),
  is_root_volume: typed('boolean'),
  share_physical_disks: typed('boolean'),
  disk_type: oneOf(['hdd', 'ssd']),
  interface_type: oneOf(['sata', 'scsi', 'sas']),
  number_of_physical_disks: (value) =>
    isCount(value) ? undefined : `${shown(value)} is not a positive integer`,
  controller: typed('string'),
  physical_disks: (value) =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' || isJsonObject(each))
      ? undefined
      : `${shown(value)} is not a list of physical disks`,
};

const diskObjection = (disk: JsonValue): string | undefined => {
  if (!isJsonObject(disk)) return `${shown(disk)} is not of type 'object'`;
  for (const name of ['raid_level', 'size_gb']) {
    if (disk[name] === undefined) return `'${name}' is a required property`;
  }
  for (const [name, value] of Object.entries(disk)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    if (check === undefined || value === undefined) {
      return `Additional properties are not allowed ('${name.slice(0, 100)}' was unexpected)`;
    }
    const objection = check(value);
    if (objection !== undefined) return `${name}: ${objection}`;
  }
  return disk['physical_disks'] !== undefined && disk['controller'] === undefined
    ? "'controller' is a dependency of 'physical_disks'"
    : undefined;
};

/** What is wrong with it, or undefined. */
export const raidObjection = (config: JsonObject): string | undefined => {
  const extra = Object.keys(config).find((key) => key !== 'logical_disks');
  const { logical_disks: disks } = config;
  if (disks === undefined) return "'logical_disks' is a required property";
  if (extra !== undefined) {
    return `Additional properties are not allowed ('${extra.slice(0, 100)}' was unexpected)`;
  }
  if (!Array.isArray(disks)) return `${shown(disks)} is not of type 'array'`;
  if (disks.length > DISKS_MAX) return `logical_disks: more than ${DISKS_MAX}`;
  for (const disk of disks) {
    const objection = diskObjection(disk);
    if (objection !== undefined) return objection;
  }
  const roots = disks.filter((disk) => isJsonObject(disk) && disk['is_root_volume'] === true);
  return roots.length > 1
    ? `Raid config cannot have more than one root volume. ${roots.length} root volumes were specified`
    : undefined;
};
