// Hardware type `redfish`: power, management and virtual-media boot through a Redfish BMC, deployment and
// inspection through the agent.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { agentInterfaces } from '../agent-interfaces.ts';
import { type UseBmcLogin, useGivenLogin } from '../bmc-login.ts';
import { directDeploy } from '../direct-deploy.ts';
import type { BootInterface, ManagementInterface } from '../driver.ts';
import type { HardwareType } from '../hardware-type.ts';
import { hasIpmi, makeIpmiReach } from '../ipmi/account-door.ts';
import type { IpmiOptions } from '../ipmi/options.ts';
import { IPMI_REACH_PROPERTIES } from '../ipmi/properties.ts';
import { makeLoginBudget } from '../login-budget.ts';
import { RAMDISK_PROPERTIES } from '../ramdisk-properties.ts';
import { makeValidateAll } from '../validate-all.ts';
import { accessAs, type BmcAccess, readAccess, REDFISH_PROPERTIES } from './access.ts';
import { makeAddressRules } from '../address-rules.ts';
import { makeRedfishAccountDoor } from './accounts.ts';
import { makeBmcPool, type PoolParts } from './bmc-pool.ts';
import { makeAttachedMedia } from './attached-media.ts';
import { bootModeWish } from '../boot-mode-wish.ts';
import { BOOT_DEVICES, fetchMode, fetchOverride, setMode, setOverride } from './boot-override.ts';
import { makeIndicators } from './indicators.ts';
import { fetchSlots, mediaStateOf } from './media-slots.ts';
import { makeNetworkBoot, NETWORK_BOOTS } from './network-boot.ts';
import { makeRedfishPower, type WithBmc } from './power.ts';
import { reset } from './reset.ts';
import { fetchSecureBoot, setSecureBoot } from './secure-boot.ts';
import { fetchSystem, identityOf } from './system.ts';
import { ejectMedia, insertMedium } from './virtual-media.ts';

const NAME = 'redfish';
const VIRTUAL_MEDIA = 'redfish-virtual-media';

const { defaults, enabled } = agentInterfaces({
  boot: [VIRTUAL_MEDIA, ...Object.keys(NETWORK_BOOTS)],
  management: 'redfish',
  power: 'redfish',
});

const PROPERTIES = {
  ...REDFISH_PROPERTIES,
  ...IPMI_REACH_PROPERTIES,
  ipmi_address:
    'IP address or host name of the BMC for IPMI: its accounts are then proved over IPMI too. Power and boot stay with Redfish.',
  deploy_iso:
    'The ISO image of the deployment ramdisk; default: the one that the service is configured with.',
  ...RAMDISK_PROPERTIES,
};

export const makeRedfishHardware = (
  parts: Omit<PoolParts, 'rules'> & { readonly ipmi: IpmiOptions },
  openDriverInfo: (node: NodeRecord) => JsonObject,
  useBmcLogin: UseBmcLogin = useGivenLogin,
): HardwareType => {
  const rules = makeAddressRules(parts.options);
  const budget = parts.budget ?? makeLoginBudget(parts.clock, parts.options);
  const pool = makeBmcPool({ ...parts, rules, budget });
  const accessOf = (node: NodeRecord): BmcAccess =>
    readAccess({ ...node, driverInfo: openDriverInfo(node) }, rules, parts.options);
  const validate = (node: NodeRecord): void => {
    accessOf(node);
  };
  const withBmc: WithBmc = async (node, work, timeoutMs = parts.options.operationTimeoutMs) => {
    const access = accessOf(node);
    return useBmcLogin(node, access, (login) => pool.run({ ...access, ...login }, timeoutMs, work));
  };
  const accounts = makeRedfishAccountDoor({
    pool,
    budget,
    timeoutMs: parts.options.operationTimeoutMs,
    accessOf: (node, as) => accessAs(node, as, rules, parts.options),
  });
  const { door: ipmiAccounts } = makeIpmiReach({
    options: parts.ipmi,
    clock: parts.clock,
    budget,
    openDriverInfo,
    originOf: (node, as) => accessAs(node, as, rules, parts.options).origin,
  });
  const power = makeRedfishPower(withBmc, validate);
  const management = makeManagement(withBmc, validate);
  const virtualMedia = makeVirtualMediaBoot(withBmc, validate, (node) => accessOf(node).host);
  const networkBoots = new Map<string, BootInterface>(
    Object.entries(NETWORK_BOOTS).map(([name, device]) => [
      name,
      makeNetworkBoot(withBmc, validate, device),
    ]),
  );
  return {
    name: NAME,
    defaults,
    enabled,
    properties: PROPERTIES,
    driverOf: (interfaces) => ({
      hardwareType: NAME,
      power,
      management,
      boot: networkBoots.get(interfaces.boot) ?? virtualMedia,
      deploy: directDeploy,
      inspect: { kind: 'agent' },
      accounts: (node) => (hasIpmi(node) ? [accounts, ipmiAccounts] : [accounts]),
      validateAll: makeValidateAll(NAME, interfaces, {
        power: validate,
        management: validate,
        boot: validate,
        deploy: directDeploy.validate,
      }),
    }),
    close: pool.close,
  };
};

const makeManagement = (
  withBmc: WithBmc,
  validate: (node: NodeRecord) => void,
): ManagementInterface => ({
  validate,
  supportedBootDevices: BOOT_DEVICES,
  fetchBootDevice: (node) => withBmc(node, fetchOverride),
  setBootDevice: (node, device, { isPersistent }) =>
    withBmc(node, (bmc) => setOverride(bmc, device, { isPersistent, mode: bootModeWish(node) })),
  fetchBootMode: (node) => withBmc(node, fetchMode),
  setBootMode: (node, mode) => withBmc(node, (bmc) => setMode(bmc, mode)),
  fetchSecureBoot: (node) => withBmc(node, fetchSecureBoot),
  setSecureBoot: (node, isOn) => withBmc(node, (bmc) => setSecureBoot(bmc, isOn)),
  fetchIdentity: (node) => withBmc(node, async (bmc) => identityOf(await fetchSystem(bmc))),
  injectNmi: (node) => withBmc(node, async (bmc) => reset(bmc, await fetchSystem(bmc), ['Nmi'])),
  indicators: makeIndicators(withBmc),
  virtualMedia: makeAttachedMedia(withBmc),
});

const makeVirtualMediaBoot = (
  withBmc: WithBmc,
  validate: (node: NodeRecord) => void,
  mediumClient: (node: NodeRecord) => string,
): BootInterface => ({
  route: 'vmedia',
  validate,
  mediumClient,
  prepareRamdisk: (node, boot) =>
    withBmc(node, async (bmc) => {
      if (boot.transport !== 'vmedia') throw new Error('virtual media boot was asked for another');
      await insertMedium(bmc, boot.url);
      await setOverride(bmc, 'cdrom', { isPersistent: false, mode: bootModeWish(node) });
    }),
  cleanUpRamdisk: (node) => withBmc(node, ejectMedia),
  prepareInstance: (node) =>
    withBmc(node, async (bmc) => {
      await ejectMedia(bmc);
      await setOverride(bmc, 'disk', { isPersistent: true, mode: bootModeWish(node) });
    }),
  fetchMedia: (node) => withBmc(node, async (bmc) => (await fetchSlots(bmc)).map(mediaStateOf)),
});
