// Images that people put into virtual drives, each kind into a drive of its own.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { MediaDevice } from '@bessemer/protocol/node/hardware-parts';

import type { VirtualMediaInterface } from '../hardware-interfaces.ts';
import { shownImage } from '../shown-image.ts';
import type { Resource } from './client.ts';
import { textsAt } from './json-guard.ts';
import { fetchSlots, imageIn, isOccupied } from './media-slots.ts';
import type { WithBmc } from './power.ts';
import { ejectSlots, replaceMedium } from './virtual-media.ts';

const TYPES: { readonly [device in MediaDevice]: readonly string[] } = {
  cdrom: ['CD', 'DVD'],
  disk: ['USBStick'],
  floppy: ['Floppy'],
};

const typesOf = (slot: Resource): readonly string[] => textsAt(slot.body, 'MediaTypes');

const isFor = (slot: Resource, device: MediaDevice): boolean =>
  typesOf(slot).some((type) => TYPES[device].includes(type));

export const makeAttachedMedia = (withBmc: WithBmc): VirtualMediaInterface => ({
  fetchDrives: (node) =>
    withBmc(node, async (bmc) =>
      (await fetchSlots(bmc)).map((slot) => {
        const image = imageIn(slot);
        return {
          image: image === undefined ? null : shownImage(image),
          isInserted: isOccupied(slot),
          mediaTypes: typesOf(slot),
        };
      }),
    ),
  attach: (node, { device, url }) =>
    withBmc(node, async (bmc) => {
      const slot = (await fetchSlots(bmc)).find((each) => isFor(each, device));
      if (slot === undefined) {
        throw new Failure(
          'bmc.unsupported',
          `The BMC at ${bmc.client.origin} has no virtual drive for a ${device}.`,
        );
      }
      await replaceMedium(bmc, slot, url);
    }),
  detach: (node, devices) =>
    withBmc(node, async (bmc) => {
      const slots = await fetchSlots(bmc);
      await ejectSlots(
        bmc,
        slots.filter((slot) => devices.some((device) => isFor(slot, device))),
      );
    }),
});
