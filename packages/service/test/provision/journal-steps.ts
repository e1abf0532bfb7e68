// What was done to a node, by its journal.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Service } from './with-service.ts';

/** Steps that ended, in order. */
export const stepsDone = async (service: Service, uuid: NodeUuid): Promise<readonly string[]> => {
  const lines = await service.conductor().journal(uuid, { afterSeq: 0, limit: 1_000 });
  return lines
    .filter((line) => line.event === 'ended' && line.interface !== 'workflow')
    .map((line) => `${line.interface}.${line.step}`);
};
