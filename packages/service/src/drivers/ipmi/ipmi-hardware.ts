// Hardware type `ipmi`: power, boot device and network boot through IPMI 2.0 over LAN, deployment and inspection
// through the agent. The names of the interfaces are those that clients know; no other program is run.

import type { Clock } from '#clock';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { agentInterfaces } from '../agent-interfaces.ts';
import { makeAddressRules } from '../address-rules.ts';
import { type UseBmcLogin, useGivenLogin } from '../bmc-login.ts';
import { bootModeWish } from '../boot-mode-wish.ts';
import { directDeploy } from '../direct-deploy.ts';
import type { BootDevice, BootInterface, ManagementInterface } from '../driver.ts';
import type { HardwareType } from '../hardware-type.ts';
import { makeLoginBudget, type LoginBudget } from '../login-budget.ts';
import { RAMDISK_PROPERTIES } from '../ramdisk-properties.ts';
import { makeValidateAll } from '../validate-all.ts';
import { makeIpmiReach } from './account-door.ts';
import { readIpmiAccess, type IpmiAccess } from './access.ts';
import { fetchBootDevice, IPMI_BOOT_DEVICES, setBootDevice } from './boot-device.ts';
import { chassisControl } from './commands/chassis.ts';
import type { IpmiOptions } from './options.ts';
import { makeIpmiPower, type WithIpmi } from './power.ts';
import { IPMI_PROPERTIES } from './properties.ts';

export type IpmiHardwareParts = {
  readonly options: IpmiOptions;
  /** Shared by whoever logs in to the same BMCs; its own when undefined. */
  readonly budget?: LoginBudget;
  readonly clock: Clock;
};

const NAME = 'ipmi';

const { defaults, enabled } = agentInterfaces({
  boot: ['ipxe', 'pxe'],
  management: 'ipmitool',
  power: 'ipmitool',
});

export const makeIpmiHardware = (
  parts: IpmiHardwareParts,
  openDriverInfo: (node: NodeRecord) => JsonObject,
  useBmcLogin: UseBmcLogin = useGivenLogin,
): HardwareType => {
  const { options, clock } = parts;
  const rules = makeAddressRules(options, 'ipmi');
  const budget = parts.budget ?? makeLoginBudget(clock, options);
  const { bmcs, door: accounts } = makeIpmiReach({ options, clock, budget, openDriverInfo });
  const accessOf = (node: NodeRecord): IpmiAccess =>
    readIpmiAccess(openDriverInfo(node), rules, options);
  const validate = (node: NodeRecord): void => {
    accessOf(node);
  };
  const withIpmi: WithIpmi = async (node, work) => {
    const access = accessOf(node);
    return useBmcLogin(node, access, (login) => bmcs.run({ ...access, ...login }, work));
  };
  const originOf = (node: NodeRecord): string => accessOf(node).origin;
  const boot = (node: NodeRecord, device: BootDevice, isPersistent: boolean): Promise<void> =>
    withIpmi(node, (session) =>
      setBootDevice(session, device, {
        isPersistent,
        isUefi: isUefi(node),
        isKeptOverMinute: accessOf(node).isBootTimeoutDisabled,
      }),
    );
  const power = makeIpmiPower({ withIpmi, validate, originOf, options, clock });
  const management = makeManagement(withIpmi, validate, boot);
  const networkBoot = makeNetworkBoot(validate, boot);
  return {
    name: NAME,
    defaults,
    enabled,
    properties: { ...IPMI_PROPERTIES, ...RAMDISK_PROPERTIES },
    driverOf: (interfaces) => ({
      hardwareType: NAME,
      power,
      management,
      boot: networkBoot,
      deploy: directDeploy,
      inspect: { kind: 'agent' },
      accounts: () => [accounts],
      validateAll: makeValidateAll(NAME, interfaces, {
        power: validate,
        management: validate,
        boot: validate,
        deploy: directDeploy.validate,
      }),
    }),
    close: async () => {},
  };
};

/** IPMI does not tell the mode that a machine is in; what is not asked for otherwise is what machines are sold with. */
const isUefi = (node: NodeRecord): boolean => (bootModeWish(node) ?? node.bootMode) !== 'bios';

type Boot = (node: NodeRecord, device: BootDevice, isPersistent: boolean) => Promise<void>;

const makeManagement = (
  withIpmi: WithIpmi,
  validate: (node: NodeRecord) => void,
  boot: Boot,
): ManagementInterface => ({
  validate,
  supportedBootDevices: IPMI_BOOT_DEVICES,
  fetchBootDevice: (node) => withIpmi(node, fetchBootDevice),
  setBootDevice: (node, device, { isPersistent }) => boot(node, device, isPersistent),
  fetchBootMode: () => Promise.resolve(null),
  setBootMode: () => Promise.reject(notOverIpmi('the boot mode')),
  fetchSecureBoot: () => Promise.resolve(null),
  setSecureBoot: () => Promise.reject(notOverIpmi('secure boot')),
  // A BMC tells a GUID in one of three byte orders and does not tell in which: the agent reads who the machine is.
  fetchIdentity: () =>
    Promise.resolve({
      systemUuid: null,
      serial: null,
      manufacturer: null,
      model: null,
      biosVersion: null,
    }),
  injectNmi: (node) =>
    withIpmi(node, (session) => session.run(chassisControl('diagnostic-interrupt'))),
});

const notOverIpmi = (what: string): Failure =>
  new Failure(
    'bmc.unsupported',
    `Over IPMI ${what} cannot be set; set it in the firmware's own menu, or use driver redfish`,
  );

const makeNetworkBoot = (validate: (node: NodeRecord) => void, boot: Boot): BootInterface => ({
  route: 'network',
  validate,
  prepareRamdisk: async (node, ramdisk) => {
    if (ramdisk.transport !== 'network') throw new Error('network boot was asked for another');
    await boot(node, 'pxe', false);
  },
  // The flags were for one boot, and the boot host withdraws what it led to.
  cleanUpRamdisk: async () => {},
  prepareInstance: (node) => boot(node, 'disk', true),
  fetchMedia: async () => [],
});
