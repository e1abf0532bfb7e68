// `bessemer network rules`.

import { parseArgs } from 'node:util';

import { loadConfig } from '#config/load';
import type { Settings } from '#config/schema';

import { type Command, UsageInvalid } from './command.ts';
import { networkRules, portsOf, type Site } from './network-rules.ts';

export const NETWORK_USAGE = `usage: bessemer network rules [--config FILE] [--set section.key=value]
         [--calling CIDR]... [--polled CIDR]... [--bmcs CIDR]... [--control-plane ADDRESS]...

Prints nftables rules for the networks of the machines: what they may begin with the service, and a counter of what was
dropped. Machines that are polled may begin nothing.

  --calling CIDR       machines that call; [agent] allowed_networks when not given, none with [agent] poll_only
  --polled CIDR        machines that are only polled; [agent] poll_networks when not given, and with [agent] poll_only
                       the allowed networks too
  --bmcs CIDR          BMCs; [redfish] allowed_networks when not given
  --control-plane ADDRESS
                       for a router in front of the service; without it the rules are for the host of the service

Check before loading: bessemer network rules ... > rules.nft && nft -c -f rules.nft
`;

const OPTIONS = {
  config: { type: 'string' },
  // Taken and not needed, so that the options of the other commands can be left as they are.
  data: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] as string[] },
  calling: { type: 'string', multiple: true },
  polled: { type: 'string', multiple: true },
  bmcs: { type: 'string', multiple: true },
  'control-plane': { type: 'string', multiple: true, default: [] as string[] },
} as const;

type Asked = {
  readonly calling?: readonly string[] | undefined;
  readonly polled?: readonly string[] | undefined;
  readonly bmcs?: readonly string[] | undefined;
  readonly 'control-plane': readonly string[];
};

const siteOf = ({ agent, redfish }: Settings, asked: Asked): Site => ({
  calling: asked.calling ?? (agent.poll_only ? [] : agent.allowed_networks),
  polled: asked.polled ?? [
    ...new Set([...agent.poll_networks, ...(agent.poll_only ? agent.allowed_networks : [])]),
  ],
  bmcs: asked.bmcs ?? redfish.allowed_networks,
  controlPlane: asked['control-plane'],
});

export const network: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  if (positionals.length !== 1 || positionals[0] !== 'rules') {
    throw new UsageInvalid('expected "rules"');
  }
  const { settings } = await loadConfig({
    file: values.config,
    environment: process.env,
    overrides: values.set,
  });
  const site = siteOf(settings, values);
  if (site.calling.length === 0 && site.polled.length === 0) {
    throw new UsageInvalid(
      'no network of machines is known: set agent.allowed_networks or agent.poll_networks, or give --calling or --polled',
    );
  }
  print(networkRules(site, portsOf(settings)));
  return 0;
};
