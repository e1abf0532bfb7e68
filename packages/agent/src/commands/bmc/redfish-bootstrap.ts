// An account by Redfish from inside (DSP0270): SMBIOS tells of a network between machine and BMC; over the system interface
// the BMC gives its certificate's fingerprint and a login for this once, which is gone with the next reset and kept by
// nobody. What is missing is answered, not thrown: most BMCs lack some of it, and the other way in is still there.

import type { BmcHostInterface, BmcUserWish } from '@bessemer/protocol/agent/bmc-commands';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { Clock } from '#clock';
import type { Hardware } from '#hardware/hardware';
import { request, type SystemInterface } from '#hardware/ipmi/system-interface';
import { CommandFailure } from '../../command-failure.ts';
import { askRedfish, type PinnedRedfish } from './pinned-redfish.ts';

const GROUP_EXTENSION = 0x2c;
const GET_FINGERPRINT = 0x01;
const GET_BOOTSTRAP_ACCOUNT = 0x02;
const REDFISH = 0x52;
const FIRST_CERTIFICATE = 1;
const SHA256 = 1;
const SHA256_BYTES = 32;
/** The BMC goes on giving such logins; a crash of ours must not close the door. */
const STAY_ENABLED = 0xa5;
const FIELD_BYTES = 16;
const ACCOUNTS_MAX = 64;
const ROLES: { readonly [privilege: string]: string } = {
  administrator: 'Administrator',
  operator: 'Operator',
  user: 'ReadOnly',
};

/** Of all that is asked of the service. The conductor waits longer for the command. */
const SERVICE_MS_MAX = 60_000;

type Parts = Pick<Hardware, 'bmc' | 'hostInterface' | 'joinHostNetwork'>;

export const redfishBootstrap = async (
  parts: Parts,
  wish: BmcUserWish,
  clock: Pick<Clock, 'after'>,
): Promise<JsonObject> => {
  const role = ROLES[wish.privilege];
  if (role === undefined) return unsupported(`Redfish has no role for ${wish.privilege}`);
  const found = await parts.hostInterface();
  if (found === null) {
    return unsupported(
      'SMBIOS tells of no network between this machine and a Redfish service of its BMC',
    );
  }
  const service = await openService(parts, found);
  if (typeof service === 'string') return unsupported(service);
  const end = new AbortController();
  const forget = clock.after(SERVICE_MS_MAX, () => end.abort());
  try {
    const account = await setAccount({ ...service, end: end.signal }, wish, role);
    return { supported: true, account };
  } finally {
    forget();
  }
};

const unsupported = (cause: string): JsonObject => ({ supported: false, cause });

/** A sentence: why there is none that a password may go to. */
const openService = async (
  { bmc, joinHostNetwork }: Parts,
  found: BmcHostInterface,
): Promise<Omit<PinnedRedfish, 'end'> | string> => {
  const { serviceAddress: host, servicePort: port } = found;
  if (host === null) return 'SMBIOS does not tell the address of the Redfish service';
  const fingerprint = await fetchFingerprint(bmc);
  if (fingerprint === undefined) {
    return 'the BMC does not tell the certificate of its Redfish service, and nobody else is believed';
  }
  const obstacle = await joinHostNetwork(found);
  if (obstacle !== undefined) return obstacle;
  const login = await fetchLogin(bmc);
  return login === undefined
    ? 'the BMC gives no login for this once (it does not know how, or it was switched off)'
    : { host, port, fingerprint, ...login };
};

const fetchFingerprint = async (bmc: SystemInterface): Promise<Buffer | undefined> => {
  const asked = request(GROUP_EXTENSION, GET_FINGERPRINT, REDFISH, FIRST_CERTIFICATE);
  const { code, data } = await bmc.exchange(asked);
  const isRight = code === 0 && data[0] === REDFISH && data[1] === SHA256;
  return isRight && data.length >= 2 + SHA256_BYTES
    ? data.subarray(2, 2 + SHA256_BYTES)
    : undefined;
};

const fetchLogin = async (
  bmc: SystemInterface,
): Promise<Pick<PinnedRedfish, 'username' | 'password'> | undefined> => {
  const asked = request(GROUP_EXTENSION, GET_BOOTSTRAP_ACCOUNT, REDFISH, STAY_ENABLED);
  const { code, data } = await bmc.exchange(asked);
  if (code !== 0 || data.length < 1 + 2 * FIELD_BYTES) return undefined;
  const field = (at: number): string =>
    data.toString('utf8', at, at + FIELD_BYTES).replace(/\0.*$/s, '');
  const login = { username: field(1), password: field(1 + FIELD_BYTES) };
  data.fill(0);
  return login;
};

/** Answers with the path of the account. The same again is harmless. */
const setAccount = async (
  service: PinnedRedfish,
  { username, password }: BmcUserWish,
  role: string,
): Promise<string> => {
  const root = await fetchBody(service, '/redfish/v1/AccountService');
  const collection = pathIn(root['Accounts']);
  const { Members: members } = await fetchBody(service, collection);
  const paths = Array.isArray(members) ? members.slice(0, ACCOUNTS_MAX).map(pathIn) : [];
  for (const path of paths) {
    const account = await fetchBody(service, path);
    if (account['UserName'] !== username) continue;
    const changes = { Password: password, RoleId: role, Enabled: true };
    requireDone(await askRedfish(service, 'PATCH', path, changes), 'changing the account');
    return path;
  }
  const account = { UserName: username, Password: password, RoleId: role, Enabled: true };
  const made = await askRedfish(service, 'POST', collection, account);
  requireDone(made, 'making the account');
  return pathIn(made.body);
};

const fetchBody = async (service: PinnedRedfish, path: string): Promise<JsonObject> => {
  const answer = await askRedfish(service, 'GET', path);
  requireDone(answer, `reading ${path}`);
  return answer.body;
};

/** Only paths: a link to another host is not followed. */
const pathIn = (value: unknown): string => {
  const path = isJsonObject(value) ? value['@odata.id'] : undefined;
  if (typeof path === 'string' && /^\/redfish\/v1\/[\w./-]*$/.test(path)) return path;
  throw new CommandFailure('CommandExecutionError', 'the Redfish service links to no account');
};

const requireDone = ({ status }: { readonly status: number }, what: string): void => {
  if (status >= 200 && status < 300) return;
  throw new CommandFailure(
    'CommandExecutionError',
    `${what}: the Redfish service inside of the machine answered ${status}`,
    status === 400 ? { failureCode: 'bmc.password-policy' } : {},
  );
};
