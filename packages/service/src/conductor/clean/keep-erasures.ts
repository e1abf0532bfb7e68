// What the agent says of each disk becomes a row that outlives the node's next tenants. The agent runs on a
// machine that nobody vouches for, so only what has the right shape is kept, and texts are cut.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { addErasures, type ErasureRecord } from '#store/erasures';

import type { Job, StepDone } from '../workflow/step.ts';

const TEXT_CHARS_MAX = 1_000;
const DISKS_MAX = 1_024;

const textOf = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : null;

const recordOf = (job: Job, disk: JsonObject): ErasureRecord[] => {
  const [diskName, summary] = [textOf(disk['name']), textOf(disk['summary'])];
  const { sizeBytes } = disk;
  if (diskName === null || summary === null || typeof sizeBytes !== 'number') return [];
  return [
    {
      workflowId: job.workflow.id,
      diskName,
      diskSerial: textOf(disk['serial']),
      diskBytes: sizeBytes,
      method: textOf(disk['method']) ?? 'none',
      detail: { attempts: disk['attempts'] ?? [], samples: disk['samples'] ?? {} },
      summary,
    },
  ];
};

/** Steps that erase no whole disk (metadata) report names only, and leave no record. */
export const keepErasures = (job: Job, result: JsonObject): StepDone => {
  const devices = Array.isArray(result['devices']) ? result['devices'].slice(0, DISKS_MAX) : [];
  const records = devices.filter(isJsonObject).flatMap((disk) => recordOf(job, disk));
  if (records.length === 0) return { kind: 'done', detail: result };
  return {
    kind: 'done',
    detail: { disks: records.map(({ summary }) => summary) },
    also: (transaction) =>
      addErasures(transaction, job.node.uuid, records, job.parts.clock.wallMs()),
  };
};
