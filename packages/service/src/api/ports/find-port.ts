// The port that a path names, and the refusals around ports.

import type { FastifyRequest } from 'fastify';

import { Conflict, isConflictOn } from '#store/errors';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { PortRecord } from '@bessemer/protocol/port/record';
import { isUuid } from '@bessemer/protocol/uuid';

import { wasSuffixCut } from '../request-context.ts';
import { shown } from '../query.ts';

export const portMissing = (ident: string): Refusal =>
  new Refusal(404, `Port ${ident} could not be found.`);

/** UUIDs, and names from 1.88 on; a MAC address is not an identity. */
export const findPortByIdent = async <T>(
  request: FastifyRequest,
  find: (by: 'uuid' | 'name', value: string) => Promise<T | undefined>,
): Promise<T> => {
  const { ident } = request.params as { readonly ident: string };
  if (isUuid(ident)) {
    const found = await find('uuid', ident.toLowerCase());
    if (found === undefined) throw portMissing(ident);
    return found;
  }
  const isName = offers(request.minor, 'port-name') && /^[A-Za-z0-9._~-]{1,255}$/.test(ident);
  if (!isName) throw new Refusal(400, `Expected UUID or name for port: ${shown(ident)}`);
  const found = await find('name', ident);
  if (found !== undefined) return found;
  const longer = wasSuffixCut(request) ? await find('name', `${ident}.json`) : undefined;
  if (longer === undefined) throw portMissing(ident);
  return longer;
};

export const refusePortConflict = (error: unknown, port: Partial<PortRecord>): never => {
  if (!(error instanceof Conflict)) throw error;
  if (isConflictOn(error, 'address')) {
    throw new Refusal(409, `A port with MAC address ${port.address} already exists.`);
  }
  if (isConflictOn(error, 'name')) {
    throw new Refusal(409, `A port with name ${port.name} already exists.`);
  }
  throw new Refusal(409, `A port with UUID ${port.uuid} already exists.`);
};
