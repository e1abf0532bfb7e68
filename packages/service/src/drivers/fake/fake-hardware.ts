// `fake-hardware`: machines that exist in this process only. For client tests, for measuring the service, and
// for trying an API call without owning a rack.

import type { Clock } from '#clock';

import { LOGICAL_DISK_PROPERTIES } from '@bessemer/protocol/raid/target-config';

import { directDeploy } from '../direct-deploy.ts';
import type {
  BootInterface,
  DeployInterface,
  DriverStep,
  PowerInterface,
  RescueInterface,
} from '../driver.ts';
import type { HardwareType, Interfaces } from '../hardware-type.ts';
import { shownImage } from '../shown-image.ts';
import { makeValidateAll } from '../validate-all.ts';
import { fakeBios, fakeBiosSteps } from './bios.ts';
import { fakeConsole } from './console.ts';
import { type FakeParts, makeFakeParts } from './fake-parts.ts';
import { FAKE_DRIVER_METHODS } from './driver-methods.ts';
import { fakeFirmware, fakeFirmwareSteps } from './firmware.ts';
import { fakeManagement, fakeManagementSteps } from './management.ts';
import { FAKE_WORKS, type FakeOptions } from './options.ts';
import { fakeRaid, fakeRaidSteps } from './raid.ts';
import { fakeVendor, fakeVendorSteps } from './vendor.ts';

const NAME = 'fake-hardware';

const DEFAULTS: Interfaces = {
  bios: 'fake',
  boot: 'fake',
  console: 'fake',
  deploy: 'fake',
  firmware: 'fake',
  inspect: 'fake',
  management: 'fake',
  network: 'noop',
  power: 'fake',
  raid: 'fake',
  rescue: 'fake',
  storage: 'noop',
  vendor: 'fake',
};

const ENABLED: HardwareType['enabled'] = {
  bios: ['fake', 'no-bios'],
  boot: ['fake'],
  console: ['fake', 'no-console'],
  deploy: ['fake', 'direct'],
  firmware: ['fake', 'no-firmware'],
  inspect: ['fake', 'agent'],
  management: ['fake'],
  network: ['noop'],
  power: ['fake'],
  raid: ['fake', 'no-raid'],
  rescue: ['fake', 'no-rescue'],
  storage: ['noop', 'fake'],
  vendor: ['fake', 'no-vendor'],
};

const PROPERTIES = {
  fake_power_delay: 'Seconds that a power action takes. Default: the option [fake] power_delay.',
  fake_management_delay: 'Seconds that a management action takes.',
  fake_boot_delay: 'Seconds that preparing a boot takes.',
  fake_deploy_delay: 'Seconds that a simulated deployment takes.',
  fake_clean_delay: 'Seconds that a simulated cleaning takes.',
  fake_inspect_delay: 'Seconds that a simulated inspection takes.',
  fake_rescue_delay: 'Seconds that starting and ending a simulated rescue system takes.',
  fake_callback_delay:
    'Seconds until a pretended agent or rescue system calls; the node rests in its wait state meanwhile.',
  fake_fail: `Kinds of work that fail, separated by commas: ${FAKE_WORKS.join(', ')}. For tests.`,
};

export const makeFakeHardware = (options: FakeOptions, clock: Clock): HardwareType => {
  const parts = makeFakeParts(options, clock);
  const { validate } = parts;
  const power = fakePower(parts);
  const management = fakeManagement(parts);
  const boot = fakeBoot(parts);
  const simulated = simulatedDeploy(parts);
  const optional = {
    bios: fakeBios(parts),
    console: fakeConsole(parts),
    firmware: fakeFirmware(parts),
    raid: fakeRaid(parts),
    rescue: fakeRescue(parts),
    vendor: fakeVendor(parts),
  };
  const steps: { readonly [kind: string]: readonly DriverStep[] } = {
    bios: fakeBiosSteps(parts),
    firmware: fakeFirmwareSteps(parts),
    management: fakeManagementSteps(parts),
    raid: fakeRaidSteps(parts),
    vendor: fakeVendorSteps(parts),
  };
  const kinds = Object.keys(optional) as (keyof typeof optional)[];
  return {
    name: NAME,
    defaults: DEFAULTS,
    enabled: ENABLED,
    properties: PROPERTIES,
    logicalDiskProperties: LOGICAL_DISK_PROPERTIES,
    methods: FAKE_DRIVER_METHODS,
    driverOf: (interfaces) => {
      const deploy = interfaces.deploy === 'direct' ? directDeploy : simulated;
      const chosen: Partial<typeof optional> = Object.fromEntries(
        kinds.filter((kind) => interfaces[kind] === 'fake').map((kind) => [kind, optional[kind]]),
      );
      return {
        hardwareType: NAME,
        power,
        management,
        boot,
        deploy,
        inspect: { kind: interfaces.inspect === 'agent' ? 'agent' : 'simulated' },
        ...chosen,
        steps: Object.entries(steps)
          .filter(([kind]) => kind === 'management' || Object.hasOwn(chosen, kind))
          .flatMap(([, each]) => each),
        validateAll: makeValidateAll(NAME, interfaces, {
          ...Object.fromEntries(kinds.map((kind) => [kind, validate])),
          power: validate,
          management: validate,
          boot: validate,
          deploy: deploy.validate,
        }),
      };
    },
    close: () => Promise.resolve(),
  };
};

const fakePower = ({ machines, toil, validate }: FakeParts): PowerInterface => ({
  validate,
  supportedTargets: ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'],
  fetchState: (node) => Promise.resolve(machines.get(node).power),
  setState: async (node, target) => {
    await toil(node, 'power');
    const isOff = target === 'power off' || target === 'soft power off';
    machines.change(node, { power: isOff ? 'power off' : 'power on' });
  },
});

const fakeBoot = ({ machines, toil, validate }: FakeParts): BootInterface => ({
  route: 'none',
  validate,
  prepareRamdisk: async (node, boot) => {
    await toil(node, 'boot');
    machines.change(node, {
      media: boot.transport === 'vmedia' ? { cdrom: boot.url } : {},
      bootDevice: boot.transport === 'vmedia' ? 'cdrom' : 'pxe',
      isBootDevicePersistent: false,
    });
  },
  cleanUpRamdisk: async (node) => {
    await toil(node, 'boot');
    machines.change(node, { media: {} });
  },
  prepareInstance: async (node) => {
    await toil(node, 'boot');
    machines.change(node, { bootDevice: 'disk', isBootDevicePersistent: true });
  },
  fetchMedia: (node) => {
    const { cdrom } = machines.get(node).media;
    const image = cdrom === undefined ? null : shownImage(cdrom);
    return Promise.resolve([{ device: 'cdrom', isInserted: cdrom !== undefined, image }]);
  },
});

const fakeRescue = ({ machines, toil, validate, callbackDelayMs }: FakeParts): RescueInterface => ({
  kind: 'simulated',
  validate,
  callbackDelayMs,
  rescue: async (node) => {
    await toil(node, 'rescue');
    machines.change(node, { power: 'power on' });
  },
  unrescue: async (node) => {
    await toil(node, 'rescue');
    machines.change(node, { power: 'power on' });
  },
});

const simulatedDeploy = ({ toil, validate, callbackDelayMs }: FakeParts): DeployInterface => ({
  kind: 'simulated',
  validate,
  work: {
    deploy: (node) => toil(node, 'deploy'),
    clean: (node) => toil(node, 'clean'),
    inspect: (node) => toil(node, 'inspect'),
    callbackDelayMs,
  },
});
