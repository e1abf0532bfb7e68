// The keys of local_link_connection that say into which switch or host a cable is plugged, and what they may hold.

export const LINK_KEYS: ReadonlySet<string> = new Set([
  'switch_id',
  'port_id',
  'switch_info',
  'hostname',
  'network_type',
]);

const MAC_PATTERN = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;
const DATAPATH_PATTERN = /^(?:0x)?[0-9a-f]{16}$/i;

export const isSwitchId = (text: string): boolean =>
  MAC_PATTERN.test(text) || DATAPATH_PATTERN.test(text);

export const isNetworkType = (text: string): boolean => text === 'managed' || text === 'unmanaged';
