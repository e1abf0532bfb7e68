// /v1/nodes/{node}/management/indicators: lights, each addressed as NAME@COMPONENT.

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { INDICATOR_COMPONENTS, INDICATOR_STATES } from '@bessemer/protocol/node/hardware-parts';

import type { ApiParts } from '../api-parts.ts';
import { linkPair } from '../links.ts';
import { readArguments, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

const PATH = '/v1/nodes/:ident/management/indicators';

const malformed = (given: string): Refusal =>
  new Refusal(
    400,
    `Malformed indicator name "${shown(given)}". It is NAME@COMPONENT, and the component one of ${INDICATOR_COMPONENTS.join(', ')}.`,
  );

const placeOf = (
  request: FastifyRequest,
): { readonly name: string; readonly component: string } => {
  const { place } = request.params as { readonly place: string };
  const at = place.lastIndexOf('@');
  const [name, component] = [place.slice(0, Math.max(at, 0)), place.slice(at + 1)];
  if (name !== '' && (INDICATOR_COMPONENTS as readonly string[]).includes(component)) {
    return { name, component };
  }
  throw malformed(place);
};

/** In two segments, as the reference of the original has it, which then fails at it. */
const inTwoSegments = (method: 'GET' | 'PUT', rule: RuleName): Route => ({
  method,
  path: `${PATH}/:component/:name`,
  rule,
  asked: 'with-object',
  isRefusal: true,
  handle: ({ params }) => {
    const { component, name } = params as { readonly component: string; readonly name: string };
    throw malformed(`${component}/${name}`);
  },
});

export const indicatorRoutes = (parts: ApiParts): readonly Route[] => [
  inTwoSegments('GET', 'baremetal:node:get_indicator_state'),
  inTwoSegments('PUT', 'baremetal:node:set_indicator_state'),
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:node:get_indicator_state',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const indicators = await parts.conductor.listIndicators(node.uuid);
      const shownAs = indicators.map(({ name, component, isReadOnly, states }) => {
        const place = `${name}@${component}`;
        const links = linkPair(request.base, `nodes/${node.uuid}/management/indicators/${place}`);
        return {
          name: place,
          component,
          readonly: isReadOnly,
          states: [...states].sort(),
          links: JSON.parse(links) as unknown,
        };
      });
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify({ indicators: shownAs }));
    },
  },
  {
    method: 'GET',
    path: `${PATH}/:place`,
    rule: 'baremetal:node:get_indicator_state',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const place = placeOf(request);
      const state = await parts.conductor.fetchIndicator(node.uuid, place);
      return reply.header('content-type', 'application/json').send(JSON.stringify({ state }));
    },
  },
  {
    method: 'PUT',
    path: `${PATH}/:place`,
    rule: 'baremetal:node:set_indicator_state',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const place = placeOf(request);
      const { state } = readArguments(request, ['state']);
      if (typeof state !== 'string' || !(INDICATOR_STATES as readonly string[]).includes(state)) {
        throw new Refusal(
          400,
          `Invalid state ${shown(state)}. It is one of ${INDICATOR_STATES.join(', ')}.`,
        );
      }
      await parts.conductor.setIndicator(node.uuid, place, state);
      return reply.code(204).send();
    },
  },
];
