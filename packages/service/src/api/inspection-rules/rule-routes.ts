// Inspection rules: list, show, create, patch, delete one or all.

import { randomUUID } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import {
  deleteAllInspectionRules,
  inspectionRules,
  listInspectionRules,
} from '#store/inspection-rules';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { INSPECTION_RULE } from '@bessemer/protocol/inspection/rule-fields';
import type { InspectionRuleRecord } from '@bessemer/protocol/inspection/rule-record';
import { parsePatch } from '@bessemer/protocol/node/patch';

import type { ApiParts } from '../api-parts.ts';
import { isDetailed } from '../nodes/list-nodes.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { readQuery, requireObjectBody } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { findResource } from '../resource/find-resource.ts';
import { readNew, readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import { sendList } from '../resource/send-list.ts';
import { sendResource } from '../resource/send-resource.ts';
import { insertRecord, updateRecord } from '../resource/write-record.ts';
import type { Route } from '../route.ts';
import { ruleSpecial } from './rule-input.ts';

const KEPT = { noun: 'inspection rule', table: inspectionRules };
const PATH = '/v1/inspection_rules';
const GATE = { since: 'inspection-rules' } as const;
const WRITE_GATE = { ...GATE, statusBelow: 405 } as const;

export const inspectionRuleRoutes = (parts: ApiParts): readonly Route[] => [
  listRoute(parts),
  {
    method: 'GET',
    path: `${PATH}/:ident`,
    rule: 'baremetal:inspection_rule:get',
    ...GATE,
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = askedFields(request, INSPECTION_RULE, query['fields']);
      return send(request, reply, await requireRule(parts, request), fields);
    },
  },
  createRoute(parts),
  patchRoute(parts),
  {
    method: 'DELETE',
    path: PATH,
    rule: 'baremetal:inspection_rule:delete',
    ...WRITE_GATE,
    handle: async (request, reply) => {
      readQuery(request, []);
      await deleteAllInspectionRules(parts.store.db);
      return reply.code(204).send();
    },
  },
  {
    method: 'DELETE',
    path: `${PATH}/:ident`,
    rule: 'baremetal:inspection_rule:delete',
    ...WRITE_GATE,
    handle: async (request, reply) => {
      const { uuid } = await requireRule(parts, request);
      if (!(await inspectionRules.remove(parts.store.db, uuid))) throw missing(uuid);
      return reply.code(204).send();
    },
  },
];

const missing = (ident: string): Refusal =>
  new Refusal(404, `Inspection rule ${ident} could not be found.`);

const NAMING = { noun: KEPT.noun, hasNames: false, missing };

const requireRule = (parts: ApiParts, request: FastifyRequest): Promise<InspectionRuleRecord> =>
  findResource(request, NAMING, (ident) => inspectionRules.find(parts.store.db, ident));

type ShownRule = { readonly uuid: string; readonly [key: string]: unknown };

/** Of a sensitive rule nobody gets to see what it looks for and what it does, not even who wrote it. */
const shownRule = (rule: InspectionRuleRecord): ShownRule => ({
  ...rule,
  conditions: rule.sensitive
    ? null
    : rule.conditions.map(({ op, args, loop, multiple = 'any' }) =>
        loop === undefined ? { op, args } : { op, args, loop, multiple },
      ),
  actions: rule.sensitive
    ? null
    : rule.actions.map(({ op, args, loop = [] }) => ({ op, args, loop })),
});

const send = (
  request: FastifyRequest,
  reply: FastifyReply,
  rule: InspectionRuleRecord,
  fields?: ReturnType<typeof askedFields>,
): FastifyReply =>
  sendResource(request, reply, { table: INSPECTION_RULE }, shownRule(rule), fields);

const listRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: PATH,
  rule: 'baremetal:inspection_rule:list_all',
  ...GATE,
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'fields', 'detail', 'phase']);
    return sendList(request, reply, {
      table: INSPECTION_RULE,
      query,
      isDetail: isDetailed(request, query),
      path: 'inspection_rules',
      maxLimit: parts.options.maxLimit,
      find: async (page) =>
        (await listInspectionRules(parts.store.db, query['phase'], page)).map(shownRule),
    });
  },
});

const readingOf = ({ minor }: FastifyRequest): Parameters<typeof readNew>[0] => ({
  table: INSPECTION_RULE,
  minor,
  readSpecial: ruleSpecial,
});

const createRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: PATH,
  rule: 'baremetal:inspection_rule:create',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const given = readNew(
      readingOf(request),
      requireObjectBody(request),
    ) as Partial<InspectionRuleRecord>;
    const wanted = {
      uuid: given.uuid ?? randomUUID(),
      description: given.description ?? null,
      priority: given.priority ?? 0,
      phase: given.phase ?? 'main',
      sensitive: given.sensitive ?? false,
      conditions: given.conditions ?? [],
      actions: given.actions ?? [],
    };
    const rule = await insertRecord(parts, KEPT, wanted);
    reply.code(201).header('location', `${request.base}${PATH}/${rule.uuid}`);
    return send(request, reply, rule);
  },
});

const patchRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: `${PATH}/:ident`,
  rule: 'baremetal:inspection_rule:update',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(INSPECTION_RULE, operations, request.minor);
    const rule = await requireRule(parts, request);
    const values = readPatched(readingOf(request), rule, operations);
    if (rule.sensitive && values['sensitive'] === false) {
      throw new Refusal(400, 'Inspection rules cannot have the sensitive flag unset.');
    }
    return send(request, reply, await updateRecord(parts, KEPT, rule, values));
  },
});
