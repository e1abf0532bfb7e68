// Whether the BMC speaks IPMI over the network too, and switching that off.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Bmc } from '../bmc-pool.ts';
import type { Resource } from '../client.ts';
import { memberAt, objectAt } from '../json-guard.ts';
import { linkAt, linksAt } from '../links.ts';
import { readBack } from '../read-back.ts';
import { fetchSystem } from '../system.ts';
import { accountFailure } from './password-refusal.ts';

/** A machine has one or two; each costs two requests. */
const MANAGERS_MAX = 4;

/** Undefined where the BMC does not tell. */
export const fetchIsIpmiOn = async (bmc: Bmc): Promise<boolean | undefined> => {
  const told = (await fetchProtocols(bmc)).flatMap((each) => isOnIn(each) ?? []);
  return told.length === 0 ? undefined : told.includes(true);
};

/** Failure 'bmc.unsupported' where the BMC has no such switch, or does not let it be moved. */
export const switchIpmiOff = async (bmc: Bmc): Promise<void> => {
  const { client, operation, options } = bmc;
  const protocols = (await fetchProtocols(bmc)).filter((each) => isOnIn(each) !== undefined);
  if (protocols.length === 0) throw cannot(client.origin);
  for (const protocol of protocols.filter((each) => isOnIn(each) === true)) {
    try {
      await client.patch(protocol, { IPMI: { ProtocolEnabled: false } }, operation);
    } catch (error) {
      const failure = accountFailure(error, '');
      throw failure instanceof Failure && failure.code === 'bmc.account-fixed'
        ? cannot(client.origin, error)
        : error;
    }
    const { isDone } = await readBack(
      bmc,
      protocol.path,
      options.settingTimeoutMs,
      (read) => isOnIn(read) !== true,
    );
    if (!isDone) throw cannot(client.origin);
  }
};

const cannot = (origin: string, cause?: unknown): Failure =>
  new Failure('bmc.unsupported', `The BMC at ${origin} does not let IPMI be switched off`, {
    cause,
  });

const isOnIn = ({ body }: Resource): boolean | undefined => {
  const isOn = memberAt(objectAt(body, 'IPMI'), 'ProtocolEnabled');
  return typeof isOn === 'boolean' ? isOn : undefined;
};

const fetchProtocols = async (bmc: Bmc): Promise<readonly Resource[]> => {
  const { client, operation } = bmc;
  const system = await fetchSystem(bmc);
  const managers = linksAt(client.origin, system.body, 'Links', 'ManagedBy');
  const found: Resource[] = [];
  for (const path of managers.slice(0, MANAGERS_MAX)) {
    const manager = await client.fetch(path, operation);
    const protocol = linkAt(client.origin, manager.body, 'NetworkProtocol');
    if (protocol !== undefined) found.push(await client.fetch(protocol, operation));
  }
  return found;
};
