// A planned workflow becomes the node's open one.

import { randomUUID } from 'node:crypto';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from '#store/database';
import { insertWorkflow } from '#store/workflows';

import type { NextWorkflow } from './workflow-kind.ts';

/** Throws when the node has an open one already. */
export const beginWorkflow = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  next: NextWorkflow,
  startedMs: number,
): Promise<void> =>
  insertWorkflow(queryable, {
    id: randomUUID(),
    nodeUuid,
    kind: next.kind,
    plan: next.plan,
    startedMs,
    ...(next.context === undefined ? {} : { context: next.context }),
  });
