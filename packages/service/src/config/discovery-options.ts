// From the keys about machines that nobody enrolled to the options of the conductor.

import type { DiscoveryOptions } from '#conductor/discovery/options';

import type { Settings } from './schema.ts';
import { ConfigInvalid } from './setting.ts';

/** Every discovered machine would be given it, and whoever reads the configuration has it. */
const SECRET_PATTERN = /password|username|secret|token|key/i;

const driverInfoOf = (pairs: readonly string[]): DiscoveryOptions['driverInfo'] =>
  Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([a-z][a-z0-9_]*)=(.*)$/.exec(pair) ?? [];
      if (key === undefined || value === undefined) {
        throw new ConfigInvalid(`auto_discovery.driver_info: "${pair}" is not KEY=VALUE`);
      }
      if (SECRET_PATTERN.test(key)) {
        throw new ConfigInvalid(
          `auto_discovery.driver_info: ${key} is not taken; each BMC gets a login of its own`,
        );
      }
      return [key, value];
    }),
  );

/** Undefined when nothing is discovered. Throws ConfigInvalid. */
export const discoveryOptions = ({
  auto_discovery: settings,
}: Pick<Settings, 'auto_discovery'>): DiscoveryOptions | undefined => {
  const driverInfo = driverInfoOf(settings.driver_info);
  if (!settings.enabled) return undefined;
  for (const key of ['allowed_networks', 'bmc_networks'] as const) {
    if (settings[key].length > 0) continue;
    throw new ConfigInvalid(`auto_discovery.enabled needs auto_discovery.${key}`);
  }
  return {
    driver: settings.driver as DiscoveryOptions['driver'],
    driverInfo,
    networks: settings.allowed_networks,
    bmcNetworks: settings.bmc_networks,
    perHourMax: settings.nodes_per_hour,
    waitingMax: settings.nodes_max,
  };
};
