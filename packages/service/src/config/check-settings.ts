// What single values cannot show: keys that contradict each other, and keys that are taken and do nothing.

import { isIP } from 'node:net';

import { auditOptions } from './audit-options.ts';
import { bmcCredentialOptions } from './bmc-credential-options.ts';
import { breakGlassOptions } from './break-glass-options.ts';
import { discoveryOptions } from './discovery-options.ts';
import type { LoadedConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const isCidr = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
};

/** Keys that are taken because configurations have them. */
const WITHOUT_EFFECT: { readonly [key: string]: string } = {
  'DEFAULT.require_agent_token': 'every agent needs its token, always',
  'keystone_authtoken.region_name': 'tokens are validated at keystone_authtoken.auth_url',
};

/** Texts to warn of. Throws ConfigInvalid. */
export const checkSettings = ({ settings, sources }: LoadedConfig): readonly string[] => {
  const { disable_agent_api: isDisabled, enable_ramdisk_endpoints: isEnabled } = settings.api;
  const areBothSet =
    sources.has('api.disable_agent_api') && sources.has('api.enable_ramdisk_endpoints');
  if (areBothSet && isDisabled === isEnabled) {
    throw new ConfigInvalid(
      `api.disable_agent_api and api.enable_ramdisk_endpoints are both ${isDisabled}, and mean the opposite; set one`,
    );
  }
  for (const key of ['allowed_networks', 'trusted_proxies', 'poll_networks'] as const) {
    const wrong = settings.agent[key].find((each) => !isCidr(each));
    if (wrong !== undefined) {
      throw new ConfigInvalid(`agent.${key}: "${wrong}" is not an address or a CIDR block`);
    }
  }
  for (const key of ['allowed_networks', 'bmc_networks'] as const) {
    const wrong = settings.auto_discovery[key].find((each) => !isCidr(each));
    if (wrong !== undefined) {
      throw new ConfigInvalid(
        `auto_discovery.${key}: "${wrong}" is not an address or a CIDR block`,
      );
    }
  }
  auditOptions(settings);
  discoveryOptions(settings);
  breakGlassOptions(settings);
  bmcCredentialOptions(settings);
  return Object.entries(WITHOUT_EFFECT)
    .filter(([key]) => sources.has(key))
    .map(([key, reason]) => `${key} has no effect: ${reason}`);
};
