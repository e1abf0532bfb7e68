// `fake-hardware`: machines that exist in this process only. For client tests, for measuring the service, and
// for trying an API call without owning a rack.

import type { Clock } from '#clock';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { directDeploy } from '../direct-deploy.ts';
import type {
  BootDevice,
  BootInterface,
  DeployInterface,
  ManagementInterface,
  PowerInterface,
  RescueInterface,
} from '../driver.ts';
import type { HardwareType, Interfaces } from '../hardware-type.ts';
import { pause } from '../pause.ts';
import { shownImage } from '../shown-image.ts';
import { makeValidateAll } from '../validate-all.ts';
import { makeFakeMachines, type FakeMachines } from './machines.ts';
import {
  delayMsOf,
  FAKE_WORKS,
  failingWorksOf,
  requireFakeSettings,
  type FakeOptions,
  type FakeWork,
} from './options.ts';

const NAME = 'fake-hardware';

const DEFAULTS: Interfaces = {
  bios: 'no-bios',
  boot: 'fake',
  console: 'no-console',
  deploy: 'fake',
  firmware: 'no-firmware',
  inspect: 'fake',
  management: 'fake',
  network: 'noop',
  power: 'fake',
  raid: 'no-raid',
  rescue: 'fake',
  storage: 'noop',
  vendor: 'no-vendor',
};

const ENABLED: HardwareType['enabled'] = {
  bios: ['no-bios'],
  boot: ['fake'],
  console: ['no-console'],
  deploy: ['fake', 'direct'],
  firmware: ['no-firmware'],
  inspect: ['fake', 'agent'],
  management: ['fake'],
  network: ['noop'],
  power: ['fake'],
  raid: ['no-raid'],
  rescue: ['fake', 'no-rescue'],
  storage: ['noop'],
  vendor: ['no-vendor'],
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

const BOOT_DEVICES: readonly BootDevice[] = ['pxe', 'disk', 'cdrom', 'bios', 'safe', 'uefihttp'];

const FAILURE_CODES: { readonly [work in FakeWork]: FailureCode } = {
  power: 'bmc.power',
  management: 'bmc.refused',
  boot: 'bmc.refused',
  deploy: 'image.write',
  clean: 'disk.erase',
  inspect: 'inspect.invalid',
  rescue: 'bmc.refused',
  callback: 'agent.not-called',
};

/** Takes the time that the work takes, then fails when the node says so. */
type Toil = (node: NodeRecord, work: FakeWork) => Promise<void>;

export const makeFakeHardware = (options: FakeOptions, clock: Clock): HardwareType => {
  const machines = makeFakeMachines();
  const toil: Toil = async (node, work) => {
    await pause(clock, delayMsOf(node, work, options));
    if (!failingWorksOf(node).includes(work)) return;
    throw new Failure(FAILURE_CODES[work], `The fake machine fails at ${work}: fake_fail says so`);
  };
  const validate = (node: NodeRecord): void => requireFakeSettings(node, options);
  const power = fakePower(machines, toil, validate);
  const management = fakeManagement(machines, toil, validate);
  const boot = fakeBoot(machines, toil, validate);
  const callbackDelayMs = (node: NodeRecord): number => delayMsOf(node, 'callback', options);
  const simulated = simulatedDeploy(toil, validate, callbackDelayMs);
  const rescue = fakeRescue(machines, toil, validate, callbackDelayMs);
  return {
    name: NAME,
    defaults: DEFAULTS,
    enabled: ENABLED,
    properties: PROPERTIES,
    driverOf: (interfaces) => {
      const deploy = interfaces.deploy === 'direct' ? directDeploy : simulated;
      return {
        hardwareType: NAME,
        power,
        management,
        boot,
        deploy,
        inspect: { kind: interfaces.inspect === 'agent' ? 'agent' : 'simulated' },
        ...(interfaces.rescue === 'fake' ? { rescue } : {}),
        validateAll: makeValidateAll(NAME, interfaces, {
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

const fakePower = (
  machines: FakeMachines,
  toil: Toil,
  validate: (node: NodeRecord) => void,
): PowerInterface => ({
  validate,
  supportedTargets: ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'],
  fetchState: (node) => Promise.resolve(machines.get(node).power),
  setState: async (node, target) => {
    await toil(node, 'power');
    const isOff = target === 'power off' || target === 'soft power off';
    machines.change(node, { power: isOff ? 'power off' : 'power on' });
  },
});

const fakeManagement = (
  machines: FakeMachines,
  toil: Toil,
  validate: (node: NodeRecord) => void,
): ManagementInterface => ({
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
      model: NAME,
      biosVersion: null,
    };
  },
  injectNmi: (node) => toil(node, 'management'),
});

const fakeBoot = (
  machines: FakeMachines,
  toil: Toil,
  validate: (node: NodeRecord) => void,
): BootInterface => ({
  route: 'none',
  validate,
  prepareRamdisk: async (node, boot) => {
    await toil(node, 'boot');
    machines.change(node, {
      medium: boot.transport === 'vmedia' ? boot.url : null,
      bootDevice: boot.transport === 'vmedia' ? 'cdrom' : 'pxe',
      isBootDevicePersistent: false,
    });
  },
  cleanUpRamdisk: async (node) => {
    await toil(node, 'boot');
    machines.change(node, { medium: null });
  },
  prepareInstance: async (node) => {
    await toil(node, 'boot');
    machines.change(node, { bootDevice: 'disk', isBootDevicePersistent: true });
  },
  fetchMedia: (node) => {
    const { medium } = machines.get(node);
    const image = medium === null ? null : shownImage(medium);
    return Promise.resolve([{ device: 'cdrom', isInserted: medium !== null, image }]);
  },
});

const fakeRescue = (
  machines: FakeMachines,
  toil: Toil,
  validate: (node: NodeRecord) => void,
  callbackDelayMs: (node: NodeRecord) => number,
): RescueInterface => ({
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

const simulatedDeploy = (
  toil: Toil,
  validate: (node: NodeRecord) => void,
  callbackDelayMs: (node: NodeRecord) => number,
): DeployInterface => ({
  kind: 'simulated',
  validate,
  work: {
    deploy: (node) => toil(node, 'deploy'),
    clean: (node) => toil(node, 'clean'),
    inspect: (node) => toil(node, 'inspect'),
    callbackDelayMs,
  },
});
