// What `network_data.json` (the format of Nova) asks of the cards of this machine, as arguments of `ip`. Pure.

type Link = {
  readonly id?: unknown;
  readonly ethernet_mac_address?: unknown;
  readonly mtu?: unknown;
};
type Route = { readonly network?: unknown; readonly netmask?: unknown; readonly gateway?: unknown };
type Network = {
  readonly link?: unknown;
  readonly type?: unknown;
  readonly ip_address?: unknown;
  readonly netmask?: unknown;
  readonly gateway?: unknown;
  readonly routes?: readonly Route[];
};
type Service = { readonly type?: unknown; readonly address?: unknown };
export type NetworkData = {
  readonly links?: readonly Link[];
  readonly networks?: readonly Network[];
  readonly services?: readonly Service[];
};

export type Card = { readonly name: string; readonly mac: string };
export type NetworkPlan = {
  readonly commands: readonly (readonly string[])[];
  readonly nameServers: readonly string[];
  /** What was asked for and cannot be done, for the log. */
  readonly complaints: readonly string[];
};

const ADDRESS = /^[0-9a-fA-F.:]{2,45}$/u;

export const planNetwork = (data: NetworkData, cards: readonly Card[]): NetworkPlan => {
  const commands: (readonly string[])[] = [];
  const complaints: string[] = [];
  const cardOf = new Map<unknown, Card>();
  for (const link of data.links ?? []) {
    const mac = String(link.ethernet_mac_address).toLowerCase();
    const card = cards.find((each) => each.mac.toLowerCase() === mac);
    if (card === undefined) {
      complaints.push(`no card has the address ${mac} of link ${String(link.id)}`);
      continue;
    }
    cardOf.set(link.id, card);
    if (typeof link.mtu === 'number') {
      commands.push(['link', 'set', 'dev', card.name, 'mtu', String(link.mtu)]);
    }
    commands.push(['link', 'set', 'dev', card.name, 'up']);
  }
  for (const network of data.networks ?? []) {
    const card = cardOf.get(network.link);
    if (card === undefined) {
      complaints.push(`network on link ${String(network.link)}, which is not there`);
      continue;
    }
    const address = prefixed(network.ip_address, network.netmask);
    if (address === null) {
      complaints.push(`network type ${String(network.type)} without a usable address`);
      continue;
    }
    commands.push(['addr', 'replace', address, 'dev', card.name]);
    if (isAddress(network.gateway)) commands.push(viaGateway('default', network.gateway, card));
    for (const route of network.routes ?? []) {
      const target = prefixed(route.network, route.netmask);
      if (target === null || !isAddress(route.gateway)) {
        complaints.push(`route to ${String(route.network)} is not usable`);
      } else {
        const isDefault = target === '0.0.0.0/0' || target === '::/0';
        commands.push(viaGateway(isDefault ? 'default' : target, route.gateway, card));
      }
    }
  }
  const nameServers = (data.services ?? [])
    .filter((service) => service.type === 'dns')
    .map((service) => service.address)
    .filter(isAddress);
  return { commands, nameServers, complaints };
};

const viaGateway = (target: string, gateway: string, card: Card): readonly string[] => [
  ...(gateway.includes(':') ? ['-6'] : []),
  'route',
  'replace',
  target,
  'via',
  gateway,
  'dev',
  card.name,
];

const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && ADDRESS.test(value);

/** `10.0.0.5` with `255.255.255.0` (or already `10.0.0.5/24`) is `10.0.0.5/24`. */
const prefixed = (address: unknown, netmask: unknown): string | null => {
  if (typeof address !== 'string') return null;
  const [host = '', given] = address.split('/');
  if (!ADDRESS.test(host)) return null;
  if (given !== undefined) return /^\d{1,3}$/u.test(given) ? `${host}/${given}` : null;
  if (typeof netmask !== 'string') return `${host}/${host.includes(':') ? 64 : 32}`;
  const bits = /^\d{1,3}$/u.test(netmask) ? Number(netmask) : maskBits(netmask);
  return bits === null ? null : `${host}/${bits}`;
};

const maskBits = (mask: string): number | null => {
  if (!ADDRESS.test(mask)) return null;
  const binary = mask.includes(':') ? binaryOf6(mask) : binaryOf4(mask);
  if (!/^1*0*$/u.test(binary)) return null;
  const zero = binary.indexOf('0');
  return zero === -1 ? binary.length : zero;
};

const binaryOf4 = (mask: string): string =>
  mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');

/** A mask's ones come first, so `::` only ever stands at the end. */
const binaryOf6 = (mask: string): string =>
  mask
    .replace(/::$/u, '')
    .split(':')
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0'))
    .join('')
    .padEnd(128, '0');
