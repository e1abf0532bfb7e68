// What the agent of a machine is told that nobody knows yet: whom to tell what it is, and whom to believe. Nothing in it
// is secret, and it is the same for all machines.

import { renderIniSections } from './agent-config.ts';
import { AGENT_CA_PATH } from './reserved-region.ts';

export type DiscoveryConfig = {
  /** Base of the agent API, without a trailing slash. */
  readonly apiUrl: string;
  /** When it was made; machines may have no clock that is right. */
  readonly madeAtMs: number;
};

/** Throws Failure `media.invalid` for a value that would not come back as it is. */
export const renderDiscoveryConfig = ({ apiUrl, madeAtMs }: DiscoveryConfig): string =>
  renderIniSections({
    DEFAULT: {
      api_url: apiUrl,
      inspection_callback_url: `${apiUrl}/v1/continue_inspection`,
      cafile: `/${AGENT_CA_PATH}`,
      advertise_protocol: 'https',
    },
    bessemer: {
      service_time: new Date(madeAtMs).toISOString(),
      conductor_ca: 'true',
      require_signatures: 'false',
    },
  });
