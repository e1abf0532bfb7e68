// What was done to a node, by its journal.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Service } from './with-service.ts';

/** Done for every node, whatever was asked. */
const READ_HARDWARE = 'read_hardware';

/** Steps that ended, in order, without the reading of the firmware that each cleaning closes with. */
export const stepsDone = async (service: Service, uuid: NodeUuid): Promise<readonly string[]> => {
  const lines = await service.conductor().journal(uuid, { afterSeq: 0, limit: 1_000 });
  return lines
    .filter((line) => line.event === 'ended' && line.interface !== 'workflow')
    .filter((line) => line.step !== 'read_hardware')
    .filter((line) => line.step !== READ_HARDWARE)
    .map((line) => `${line.interface}.${line.step}`);
};
