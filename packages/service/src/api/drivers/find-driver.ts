// Which hardware types there are: those that a live conductor serves.

import { listConductors } from '#store/conductors';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts, HardwareTypeFacts } from '../api-parts.ts';

export type ServedDriver = {
  readonly type: HardwareTypeFacts;
  /** Names of the conductors that serve it; at least one. */
  readonly hosts: readonly string[];
};

export const servedDrivers = async (parts: ApiParts): Promise<readonly ServedDriver[]> => {
  const now = parts.clock.wallMs();
  const alive = (await listConductors(parts.store.db)).filter(
    ({ isOnline, heartbeatMs }) =>
      isOnline && now - heartbeatMs <= parts.options.conductorTimeoutMs,
  );
  return parts.drivers.hardwareTypes.flatMap((type) => {
    const serving = alive.filter(({ drivers }) => drivers.includes(type.name));
    const hosts = serving.map(({ hostname }) => hostname);
    return hosts.length === 0 ? [] : [{ type, hosts }];
  });
};

export const driverNotFound = (name: string): Refusal =>
  new Refusal(404, `Could not find the following driver(s) or hardware type(s): ${name}.`);

/** The driver that the path names. */
export const requireDriver = async (
  parts: ApiParts,
  params: unknown,
  missing: (name: string) => Refusal = (name) =>
    new Refusal(404, `The driver '${name}' is unknown.`),
): Promise<ServedDriver> => {
  const { name } = params as { readonly name: string };
  const served = (await servedDrivers(parts)).find(({ type }) => type.name === name);
  if (served === undefined) throw missing(name);
  return served;
};
