// What single values cannot show: keys that contradict each other, and keys that are taken and do nothing.

import type { LoadedConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

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
  return sources.has('DEFAULT.require_agent_token')
    ? ['DEFAULT.require_agent_token has no effect: every agent needs its token, always']
    : [];
};
