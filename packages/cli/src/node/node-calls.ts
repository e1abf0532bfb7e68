// The calls to the Ironic API that the commands share.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';

const pathOf = (node: string): string => `/v1/nodes/${encodeURIComponent(node)}`;

const asObject = (answer: JsonValue | undefined): JsonObject => {
  if (!isJsonObject(answer)) throw new CliFailure('failed', 'the service sent no object');
  return answer;
};

export const fetchNode = async (session: Session, node: string): Promise<JsonObject> =>
  asObject(await session.call('GET', pathOf(node)));

export const createNode = async (session: Session, body: JsonObject): Promise<JsonObject> =>
  asObject(await session.call('POST', '/v1/nodes', body));

export const createPort = async (session: Session, body: JsonObject): Promise<JsonObject> =>
  asObject(await session.call('POST', '/v1/ports', body));

/** Sets keys of instance_info; null removes the key if it is there. */
export const setInstanceInfo = async (
  session: Session,
  node: string,
  values: { readonly [key: string]: string | null },
): Promise<void> => {
  const { instance_info: instanceInfo } = await fetchNode(session, node);
  const present = isJsonObject(instanceInfo) ? instanceInfo : {};
  const patch: JsonObject[] = [];
  for (const [key, value] of Object.entries(values)) {
    const path = `/instance_info/${key}`;
    if (value !== null) patch.push({ op: 'add', path, value });
    else if (Object.hasOwn(present, key)) patch.push({ op: 'remove', path });
  }
  await session.call('PATCH', pathOf(node), patch);
};

export const requestProvision = async (
  session: Session,
  node: string,
  target: string,
  more: JsonObject = {},
): Promise<void> => {
  await session.call('PUT', `${pathOf(node)}/states/provision`, { target, ...more });
};
