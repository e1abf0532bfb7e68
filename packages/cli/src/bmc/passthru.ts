// Calls of the methods about credentials of BMCs, which each node has beside those of its driver.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';

const pathOf = (node: string, method: string): string =>
  `/v1/nodes/${encodeURIComponent(node)}/vendor_passthru/${method}`;

export const askMethod = async (
  session: Session,
  node: string,
  method: string,
): Promise<JsonObject> => {
  const answer = await session.call('GET', pathOf(node, method));
  if (!isJsonObject(answer)) throw new CliFailure('failed', 'the service sent no object');
  return answer;
};

export const callMethod = (
  session: Session,
  node: string,
  method: string,
  args: JsonObject = {},
): Promise<JsonValue | undefined> => session.call('POST', pathOf(node, method), args);

/** What stands at a path of keys, where it is a text or a number. */
export const valueAt = (
  object: JsonValue | undefined,
  ...path: readonly string[]
): string | number | null => {
  let value: JsonValue | undefined = object;
  for (const key of path) value = isJsonObject(value) ? value[key] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};
