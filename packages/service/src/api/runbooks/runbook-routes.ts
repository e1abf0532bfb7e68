// Runbooks: list, show, create, patch, delete.

import { randomUUID } from 'node:crypto';

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';
import { listRunbooks, runbooks } from '#store/runbooks';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch, type PatchOperation } from '@bessemer/protocol/node/patch';
import { runbookAt } from '@bessemer/protocol/runbook/fields';
import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import { requireListScope } from '../access/list-scope.ts';
import type { ApiParts } from '../api-parts.ts';
import { isDetailed } from '../nodes/list-nodes.ts';
import { authorizeEachStep } from '../nodes/step-policy.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { readQuery, requireObjectBody } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { refuseNamedMarker } from '../resource/named-marker.ts';
import {
  readNew,
  readPatched,
  refuseUnpatchable,
  type Values,
} from '../resource/resource-input.ts';
import { sendList } from '../resource/send-list.ts';
import { insertRecord, updateRecord } from '../resource/write-record.ts';
import type { Route } from '../route.ts';
import {
  requireRunbook,
  RUNBOOK_NOUN,
  runbookMissing,
  sendRunbook,
  showSpecial,
} from './runbook-access.ts';
import { refuseOwnedPublic, runbookSpecial } from './runbook-input.ts';
import { runbookTraitRoutes } from './runbook-traits.ts';

const KEPT = { noun: RUNBOOK_NOUN, table: runbooks };
const GATE = { since: 'runbooks' } as const;
const WRITE_GATE = { ...GATE, statusBelow: 405 } as const;
const LIST_RULES = { all: 'baremetal:runbook:list_all', own: 'baremetal:runbook:list' } as const;

export const runbookRoutes = (parts: ApiParts): readonly Route[] => [
  listRoute(parts),
  {
    method: 'GET',
    path: '/v1/runbooks/:ident',
    rule: 'baremetal:runbook:get',
    asked: 'with-object',
    ...GATE,
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = askedFields(request, runbookAt(request.minor), query['fields']);
      return sendRunbook(request, reply, await requireRunbook(parts, request, []), fields);
    },
  },
  createRoute(parts),
  patchRoute(parts),
  {
    method: 'DELETE',
    path: '/v1/runbooks/:ident',
    rule: 'baremetal:runbook:delete',
    asked: 'with-object',
    ...WRITE_GATE,
    handle: async (request, reply) => {
      const { uuid } = await requireRunbook(parts, request, ['baremetal:runbook:delete']);
      if (!(await runbooks.remove(parts.store.db, uuid))) throw runbookMissing(uuid);
      return reply.code(204).send();
    },
  },
  ...runbookTraitRoutes(parts),
];

const listRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/runbooks',
  rule: LIST_RULES.all,
  asked: 'with-object',
  ...GATE,
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'fields', 'detail', 'project']);
    const { project: asked } = query;
    const { project } = await requireListScope(parts, request, LIST_RULES, asked);
    refuseNamedMarker(query, runbookMissing);
    return sendList(request, reply, {
      table: runbookAt(request.minor),
      query,
      isDetail: isDetailed(request, query),
      path: 'runbooks',
      maxLimit: parts.options.maxLimit,
      showSpecial,
      find: (page) => listRunbooks(parts.store.db, project ?? asked, page),
    });
  },
});

const read = (parts: ApiParts, { minor }: FastifyRequest): Parameters<typeof readNew>[0] => ({
  table: runbookAt(minor),
  minor,
  readSpecial: runbookSpecial(parts.options.disallowedSteps),
});

const createRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/runbooks',
  rule: 'baremetal:runbook:create',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const given: Partial<RunbookRecord> = readNew(read(parts, request), requireObjectBody(request));
    const wanted = {
      uuid: given.uuid ?? randomUUID(),
      name: given.name ?? '',
      steps: given.steps ?? [],
      disableRamdisk: given.disableRamdisk ?? false,
      extra: given.extra ?? {},
      public: given.public ?? false,
      owner: ownerOf(request, given),
      description: given.description ?? null,
      traits: [],
    };
    refuseOwnedPublic(wanted);
    // Who may not run a step may not put it into a runbook either.
    await authorizeEachStep(parts, request, {}, wanted.steps);
    const runbook = await insertRecord(parts, KEPT, wanted);
    reply.code(201).header('location', `${request.base}/v1/runbooks/${runbook.uuid}`);
    return sendRunbook(request, reply, runbook);
  },
});

/** People of a project make runbooks for their project and for nobody else. Throws Refusal(400). */
const ownerOf = ({ credentials }: FastifyRequest, given: Partial<RunbookRecord>): string | null => {
  if (credentials.system_scope === 'all') return given.owner ?? null;
  const { project_id: project } = credentials;
  if (given.owner !== undefined && given.owner !== null && given.owner !== project) {
    throw new Refusal(
      400,
      'Cannot create a runbook as a project scoped admin with an owner other than your own project.',
    );
  }
  if (given.public === true) {
    throw new Refusal(400, 'Cannot create a public runbook as a project scoped admin.');
  }
  return project;
};

const patchRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/runbooks/:ident',
  rule: 'baremetal:runbook:update',
  asked: 'with-object',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    const reading = read(parts, request);
    refuseUnpatchable(reading.table, operations, request.minor);
    const runbook = await requireRunbook(parts, request, rulesOf(operations));
    const values = readPatched(reading, runbook, operations);
    const changes = withOwner(values, operations);
    refuseOwnedPublic({ ...runbook, ...changes });
    if (changes.steps !== undefined) await authorizeEachStep(parts, request, {}, changes.steps);
    return sendRunbook(request, reply, await updateRecord(parts, KEPT, runbook, changes));
  },
});

const rulesOf = (operations: readonly PatchOperation[]): readonly RuleName[] => {
  const rules = new Set<RuleName>();
  for (const { path } of operations) {
    if (path[0] === 'owner') rules.add('baremetal:runbook:update:owner');
    else if (path[0] === 'public') rules.add('baremetal:runbook:update:public');
    else rules.add('baremetal:runbook:update');
  }
  return rules.size === 0 ? ['baremetal:runbook:update'] : [...rules];
};

/** What becomes public loses its owner, unless the same patch says that it shall have one. */
const withOwner = (
  values: Values,
  operations: readonly PatchOperation[],
): Partial<RunbookRecord> => {
  const namesOwner = operations.some(({ op, path }) => path[0] === 'owner' && op !== 'remove');
  const owner = values['public'] === true && !namesOwner ? { owner: null } : {};
  return { ...values, ...owner };
};
