// The object that a path names by UUID or name.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isUuid } from '@bessemer/protocol/uuid';

import { identOf } from '../nodes/find-node.ts';
import { shown } from '../query.ts';
import { wasSuffixCut } from '../request-context.ts';
import { isLogicalName } from './resource-input.ts';

export type Naming = {
  readonly noun: string;
  /** Whether names are taken at the version in use. */
  readonly hasNames: boolean;
  readonly missing: (ident: string) => Refusal;
};

/** A name may end in `.json`, so one whose ending was cut off the path is looked for with it, too. */
export const findResource = async <T>(
  request: FastifyRequest,
  naming: Naming,
  find: (ident: string) => Promise<T | undefined>,
): Promise<T> => {
  const ident = identOf(request);
  if (!isUuid(ident) && !(naming.hasNames && isLogicalName(ident))) {
    const what = naming.hasNames ? 'UUID or name' : 'UUID';
    throw new Refusal(400, `Expected ${what} for ${naming.noun}: ${shown(ident)}`);
  }
  const found = await find(ident);
  if (found !== undefined) return found;
  const longer = wasSuffixCut(request) ? await find(`${ident}.json`) : undefined;
  if (longer === undefined) throw naming.missing(ident);
  return longer;
};
