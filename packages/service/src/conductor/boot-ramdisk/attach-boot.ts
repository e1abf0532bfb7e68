// Makes the next start of the machine lead into our ramdisk: the medium is put in, or the boot host is told.

import { Failure } from '@bessemer/protocol/errors/failure';

import { bootMediumUrl } from '../boot-media.ts';
import { networkBootManifest } from '../network-boots.ts';
import { DONE, type Step } from '../workflow/step.ts';

export const attachBoot: Step = {
  name: 'attach_media',
  isIdempotent: true,
  run: async (job) => {
    const { parts, node, driver } = job;
    if (driver.boot.route === 'network') {
      const manifest = await networkBootManifest(parts.store.db, parts, node.uuid);
      if (manifest === undefined) {
        throw new Failure(
          'media.missing',
          'The network boot of this session was revoked meanwhile.',
        );
      }
      if (parts.bootHost === undefined) {
        throw new Failure(
          'boot.no-host',
          'Network boot is not set up: see [netboot] in the configuration, or choose boot_interface redfish-virtual-media.',
        );
      }
      await parts.bootHost.prepare(manifest);
      await driver.boot.prepareRamdisk(node, { transport: 'network' });
      return DONE;
    }
    const url = await bootMediumUrl(parts.store.db, parts, node.uuid);
    if (url === undefined) {
      throw new Failure('media.missing', 'The boot medium of this session was revoked meanwhile.');
    }
    await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url });
    return DONE;
  },
};
