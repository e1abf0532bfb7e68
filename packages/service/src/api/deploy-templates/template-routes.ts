// Deploy templates: list, show, create, patch, delete.

import { randomUUID } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { deployTemplates } from '#store/deploy-templates';

import {
  DEPLOY_TEMPLATE,
  WRITABLE_DEPLOY_TEMPLATE,
} from '@bessemer/protocol/deploy-template/fields';
import type { DeployTemplateRecord } from '@bessemer/protocol/deploy-template/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import { parsePatch } from '@bessemer/protocol/node/patch';

import type { ApiParts } from '../api-parts.ts';
import { isDetailed } from '../nodes/list-nodes.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { readQuery, requireObjectBody } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { findResource } from '../resource/find-resource.ts';
import { maskSteps } from '../resource/kept-steps.ts';
import { refuseNamedMarker } from '../resource/named-marker.ts';
import { readNew, readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import type { ShowSpecial } from '../resource/resource-text.ts';
import { sendList } from '../resource/send-list.ts';
import { sendResource } from '../resource/send-resource.ts';
import { insertRecord, updateRecord } from '../resource/write-record.ts';
import type { Route } from '../route.ts';
import { templateSpecial } from './template-input.ts';

const KEPT = { noun: 'deploy template', table: deployTemplates };
const GATE = { since: 'deploy-templates' } as const;
const WRITE_GATE = { ...GATE, statusBelow: 405 } as const;

export const deployTemplateRoutes = (parts: ApiParts): readonly Route[] => [
  listRoute(parts),
  {
    method: 'GET',
    path: '/v1/deploy_templates/:ident',
    rule: 'baremetal:deploy_template:get',
    ...GATE,
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = askedFields(request, DEPLOY_TEMPLATE, query['fields']);
      return send(request, reply, await requireTemplate(parts, request), fields);
    },
  },
  createRoute(parts),
  patchRoute(parts),
  {
    method: 'DELETE',
    path: '/v1/deploy_templates/:ident',
    rule: 'baremetal:deploy_template:delete',
    ...WRITE_GATE,
    handle: async (request, reply) => {
      const { uuid } = await requireTemplate(parts, request);
      if (!(await deployTemplates.remove(parts.store.db, uuid))) throw missing(uuid);
      return reply.code(204).send();
    },
  },
];

const missing = (ident: string): Refusal =>
  new Refusal(404, `Deploy template ${ident} could not be found.`);

const NAMING = { noun: KEPT.noun, hasNames: true, missing };

const requireTemplate = (parts: ApiParts, request: FastifyRequest): Promise<DeployTemplateRecord> =>
  findResource(request, NAMING, (ident) => deployTemplates.find(parts.store.db, ident));

const showSpecial: ShowSpecial = (value) =>
  Array.isArray(value) ? maskSteps(value as JsonValue[]) : value;

const send = (
  request: FastifyRequest,
  reply: FastifyReply,
  template: DeployTemplateRecord,
  fields?: ReturnType<typeof askedFields>,
): FastifyReply =>
  sendResource(request, reply, { table: DEPLOY_TEMPLATE, showSpecial }, template, fields);

const listRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/deploy_templates',
  rule: 'baremetal:deploy_template:get',
  ...GATE,
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'fields', 'detail']);
    refuseNamedMarker(query, missing);
    return sendList(request, reply, {
      table: DEPLOY_TEMPLATE,
      query,
      isDetail: isDetailed(request, query),
      path: 'deploy_templates',
      maxLimit: parts.options.maxLimit,
      showSpecial,
      find: (page) => deployTemplates.list(parts.store.db, page),
    });
  },
});

type Reading = Parameters<typeof readNew>[0];

const readingOf = (parts: ApiParts, { minor }: FastifyRequest): Reading => ({
  table: WRITABLE_DEPLOY_TEMPLATE,
  minor,
  readSpecial: templateSpecial(parts.options.disallowedSteps),
});

const createRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/deploy_templates',
  rule: 'baremetal:deploy_template:create',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const values = readNew(readingOf(parts, request), requireObjectBody(request));
    const given = values as Partial<DeployTemplateRecord>;
    const wanted = {
      uuid: given.uuid ?? randomUUID(),
      name: given.name ?? '',
      steps: given.steps ?? [],
      extra: given.extra ?? {},
      description: given.description ?? null,
    };
    const template = await insertRecord(parts, KEPT, wanted);
    reply.code(201).header('location', `${request.base}/v1/deploy_templates/${template.uuid}`);
    return send(request, reply, template);
  },
});

const patchRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/deploy_templates/:ident',
  rule: 'baremetal:deploy_template:update',
  ...WRITE_GATE,
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(WRITABLE_DEPLOY_TEMPLATE, operations, request.minor);
    const template = await requireTemplate(parts, request);
    const values = readPatched(readingOf(parts, request), template, operations);
    return send(request, reply, await updateRecord(parts, KEPT, template, values));
  },
});
