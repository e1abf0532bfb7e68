// Management of fake machines: what they boot from and how, their lights, their virtual drives.

import { MEDIA_DEVICES } from '@bessemer/protocol/node/hardware-parts';

import type { BootDevice, DriverStep, ManagementInterface } from '../driver.ts';
import type { Indicators, VirtualMediaInterface } from '../hardware-interfaces.ts';
import { shownImage } from '../shown-image.ts';
import type { FakeParts } from './fake-parts.ts';

const BOOT_DEVICES: readonly BootDevice[] = ['pxe', 'disk', 'cdrom', 'bios', 'safe', 'uefihttp'];

const MODEL = 'fake-hardware';

export const fakeManagement = (parts: FakeParts): ManagementInterface => {
  const { machines, toil, validate } = parts;
  return {
    validate,
    supportedBootDevices: BOOT_DEVICES,
    fetchBootDevice: (node) => {
      const { bootDevice, isBootDevicePersistent } = machines.get(node);
      return Promise.resolve({ device: bootDevice, isPersistent: isBootDevicePersistent });
    },
    setBootDevice: async (node, device, { isPersistent }) => {
      await toil(node, 'management');
      machines.change(node, { bootDevice: device, isBootDevicePersistent: isPersistent });
    },
    fetchBootMode: (node) => Promise.resolve(machines.get(node).bootMode),
    setBootMode: async (node, bootMode) => {
      await toil(node, 'management');
      machines.change(node, { bootMode });
    },
    fetchSecureBoot: (node) => Promise.resolve(machines.get(node).isSecureBootOn),
    setSecureBoot: async (node, isOn) => {
      await toil(node, 'management');
      machines.change(node, { isSecureBootOn: isOn });
    },
    fetchIdentity: async (node) => {
      await toil(node, 'management');
      return {
        systemUuid: node.uuid,
        serial: null,
        manufacturer: 'Bessemer',
        model: MODEL,
        biosVersion: null,
      };
    },
    injectNmi: (node) => toil(node, 'management'),
    indicators: fakeIndicators(parts),
    virtualMedia: fakeVirtualMedia(parts),
  };
};

const STATES = ['off', 'on', 'blinking'] as const;

const fakeIndicators = ({ machines, toil }: FakeParts): Indicators => ({
  list: async () => [
    { component: 'chassis', name: 'led', isReadOnly: false, states: STATES },
    { component: 'system', name: 'led', isReadOnly: false, states: STATES },
    { component: 'power', name: 'health', isReadOnly: true, states: ['off', 'on'] },
  ],
  fetch: async (node, { name, component }) => {
    const { indicators, power } = machines.get(node);
    if (component === 'power') return power === 'power on' ? 'on' : 'off';
    return indicators[`${name}@${component}`] ?? 'off';
  },
  set: async (node, { name, component }, state) => {
    await toil(node, 'management');
    const { indicators } = machines.get(node);
    machines.change(node, { indicators: { ...indicators, [`${name}@${component}`]: state } });
  },
});

const MEDIA_TYPES = { cdrom: ['CD', 'DVD'], disk: ['USBStick'], floppy: ['Floppy'] } as const;

const fakeVirtualMedia = ({ machines, toil }: FakeParts): VirtualMediaInterface => ({
  fetchDrives: async (node) => {
    const { media } = machines.get(node);
    return MEDIA_DEVICES.map((device) => {
      const url = media[device];
      return {
        image: url === undefined ? null : shownImage(url),
        isInserted: url !== undefined,
        mediaTypes: MEDIA_TYPES[device],
      };
    });
  },
  attach: async (node, { device, url }) => {
    await toil(node, 'management');
    machines.change(node, { media: { ...machines.get(node).media, [device]: url } });
  },
  detach: async (node, devices) => {
    await toil(node, 'management');
    const media = { ...machines.get(node).media };
    for (const device of devices) delete media[device];
    machines.change(node, { media });
  },
});

const LISTS = { clean: 0, deploy: 0, service: 0 };

export const fakeManagementSteps = ({ machines, toil }: FakeParts): readonly DriverStep[] => [
  {
    interface: 'management',
    step: 'reset_secure_boot_keys_to_default',
    priority: LISTS,
    args: {},
    run: async (node) => {
      await toil(node, 'management');
      return {};
    },
  },
  {
    interface: 'management',
    step: 'clear_secure_boot_keys',
    priority: LISTS,
    args: {},
    run: async (node) => {
      await toil(node, 'management');
      // Without keys there is nothing to check a loader against.
      machines.change(node, { isSecureBootOn: false });
      return { node: { secureBoot: false } };
    },
  },
];
