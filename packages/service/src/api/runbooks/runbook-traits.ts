// /v1/runbooks/{runbook}/traits: the traits of which a node needs one to be worked on by the runbook.

import type { FastifyRequest } from 'fastify';

import { isoTime } from '#clock';
import { changeTraits } from '#store/runbooks';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import type { ApiParts } from '../api-parts.ts';
import { notFound } from '../error-envelope.ts';
import { shown } from '../query.ts';
import { changedMeanwhile } from '../resource/record-conflict.ts';
import type { Handle, Route } from '../route.ts';
import { requireRunbook, RUNBOOK_NOUN } from './runbook-access.ts';

const PATH = '/v1/runbooks/:ident/traits';
/** Ten times what a node may have. */
const TRAITS_MAX = 500;

export const runbookTraitRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:runbook:get',
    asked: 'with-object',
    since: 'runbook-traits',
    handle: async (request, reply) => {
      const { traits } = await requireRunbook(parts, request, []);
      return reply.header('content-type', 'application/json').send(JSON.stringify({ traits }));
    },
  },
  write('PUT', PATH, async (request, reply) => {
    const wanted = readTraits(request.body);
    await change(parts, request, () => wanted);
    return reply.code(204).send();
  }),
  write('PUT', `${PATH}/:trait`, async (request, reply) => {
    const trait = requireTraitName('trait', traitOf(request));
    if (request.body !== undefined && request.body !== null) {
      throw new Refusal(400, 'No body should be provided when adding a trait');
    }
    await change(parts, request, (traits) => [...traits, trait]);
    const { ident } = request.params as { readonly ident: string };
    const place = `${request.base}/v1/runbooks/${encodeURIComponent(ident)}/traits/${trait}`;
    return reply.code(204).header('location', place).send();
  }),
  write('DELETE', PATH, async (request, reply) => {
    await change(parts, request, () => []);
    return reply.code(204).send();
  }),
  write('DELETE', `${PATH}/:trait`, async (request, reply) => {
    const trait = traitOf(request);
    await change(parts, request, (traits) => traits.filter((each) => each !== trait));
    return reply.code(204).send();
  }),
];

const traitOf = (request: FastifyRequest): string =>
  (request.params as { readonly trait: string }).trait;

/** Between the versions of runbooks and of their traits the path is not there; before, no method is. */
const write = (method: 'PUT' | 'DELETE', path: string, handle: Handle): Route => ({
  method,
  path,
  rule: 'baremetal:runbook:update',
  asked: 'with-object',
  since: 'runbooks',
  statusBelow: 405,
  handle: (request, reply) => {
    if (!offers(request.minor, 'runbook-traits')) throw notFound();
    return handle(request, reply);
  },
});

const readTraits = (body: unknown): readonly string[] => {
  const traits = isJsonObject(body) ? body['traits'] : undefined;
  if (!isJsonObject(body) || !Array.isArray(traits)) {
    throw new Refusal(
      400,
      'A single runbook trait may be added via PUT /v1/runbooks/<runbook identifier>/traits/<trait> with no body, or ' +
        'all runbook traits may be replaced via PUT /v1/runbooks/<runbook identifier>/traits with the list of traits ' +
        'specified in the request body.',
    );
  }
  const extra = Object.keys(body).find((key) => key !== 'traits');
  if (extra !== undefined) throw new Refusal(400, `Unexpected arguments: ${shown(extra)}`);
  if (traits.length > TRAITS_MAX) {
    throw new Refusal(400, `traits: a runbook has at most ${TRAITS_MAX} traits`);
  }
  return traits.map((trait) => requireTraitName('traits', trait));
};

const change = async (
  parts: ApiParts,
  request: FastifyRequest,
  changed: (traits: readonly string[]) => readonly string[],
): Promise<void> => {
  const { uuid } = await requireRunbook(parts, request, ['baremetal:runbook:update']);
  const limited = (traits: readonly string[]): readonly string[] => {
    const next = changed(traits);
    if (next.length <= TRAITS_MAX) return next;
    throw new Refusal(400, `traits: a runbook has at most ${TRAITS_MAX} traits`);
  };
  const nowText = isoTime(parts.clock.wallMs());
  const runbook = await changeTraits(parts.store.db, uuid, limited, nowText);
  if (runbook === undefined) throw changedMeanwhile(RUNBOOK_NOUN, uuid);
};
