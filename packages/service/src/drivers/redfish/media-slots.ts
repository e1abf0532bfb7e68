// Where a BMC keeps its virtual drives, and what is in them.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { VirtualMediaState } from '../driver.ts';
import { shownImage } from '../shown-image.ts';
import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { memberAt, textAt, textsAt } from './json-guard.ts';
import { linkAt, linksAt } from './links.ts';
import { fetchSystem } from './system.ts';

/** No BMC has more drives; each costs a request. */
const SLOTS_MAX = 16;
const MANAGERS_MAX = 4;

/** Slots of the system (newer services) and of its managers (older ones), in the order of the BMC. */
export const fetchSlots = async (bmc: Bmc): Promise<readonly Resource[]> => {
  const { client, operation } = bmc;
  const system = await fetchSystem(bmc);
  const collections: string[] = [];
  const own = linkAt(client.origin, system.body, 'VirtualMedia');
  if (own !== undefined) collections.push(own);
  for (const path of linksAt(client.origin, system.body, 'Links', 'ManagedBy').slice(
    0,
    MANAGERS_MAX,
  )) {
    const manager = await client.fetch(path, operation);
    const collection = linkAt(client.origin, manager.body, 'VirtualMedia');
    if (collection !== undefined) collections.push(collection);
  }
  const paths = new Set<string>();
  for (const collection of new Set(collections)) {
    const { body } = await client.fetch(collection, operation);
    for (const path of linksAt(client.origin, body, 'Members')) paths.add(path);
  }
  const slots: Resource[] = [];
  for (const path of [...paths].slice(0, SLOTS_MAX))
    slots.push(await client.fetch(path, operation));
  return slots;
};

const OPTICAL: readonly string[] = ['CD', 'DVD'];

export const isOptical = (slot: Resource): boolean =>
  textsAt(slot.body, 'MediaTypes').some((type) => OPTICAL.includes(type));

export const requireOpticalSlot = (bmc: Bmc, slots: readonly Resource[]): Resource => {
  const slot = slots.find(isOptical);
  if (slot !== undefined) return slot;
  throw new Failure(
    'bmc.unsupported',
    `The BMC at ${bmc.client.origin} has no virtual CD drive. A licence may be missing, or the account may lack ` +
      'the right to use it.',
  );
};

/** Something is in the drive: BMCs disagree on which of the two says so. */
export const isOccupied = (slot: Resource): boolean =>
  memberAt(slot.body, 'Inserted') === true ||
  (textAt(slot.body, 'Image') !== undefined && memberAt(slot.body, 'Inserted') !== false);

/** The whole text, not cut to a displayable length: URLs with signatures are long. */
export const imageIn = (slot: Resource): string | undefined => {
  const image = memberAt(slot.body, 'Image');
  return typeof image === 'string' && image !== '' ? image : undefined;
};

export const mediaStateOf = (slot: Resource): VirtualMediaState => {
  const types = textsAt(slot.body, 'MediaTypes');
  const device = isOptical(slot) ? 'cdrom' : types.includes('Floppy') ? 'floppy' : 'disk';
  const image = imageIn(slot);
  return {
    device,
    isInserted: isOccupied(slot),
    image: image === undefined ? null : shownImage(image),
  };
};
