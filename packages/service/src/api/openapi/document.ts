// The OpenAPI 3.1 document of the public listener: the routes as they are served, with what the reference says about
// each. A route without a row there, or a row without a route, is refused: the two cannot drift apart.

import { FEATURES } from '@bessemer/protocol/microversion/features';
import { MINOR_MAX, versionText } from '@bessemer/protocol/microversion/range';

import type { Route } from '../route.ts';
import type { Operation, Operations } from './operation.ts';
import { NODE_OPERATIONS } from './operations/node-operations.ts';
import { NODE_PART_OPERATIONS } from './operations/node-part-operations.ts';
import { OWN_OPERATIONS } from './operations/own-operations.ts';
import { RESOURCE_OPERATIONS } from './operations/resource-operations.ts';
import { QUERY_PARAMETERS } from './query-parameters.ts';
import { resourceSchemas } from './resource-schemas.ts';
import { closed, list, oneOf, open, ref, type Schema, text } from './schema.ts';
import { SHOWN_SCHEMAS } from './shown-schemas.ts';

const OPERATIONS: Operations = {
  ...OWN_OPERATIONS,
  ...NODE_OPERATIONS,
  ...NODE_PART_OPERATIONS,
  ...RESOURCE_OPERATIONS,
};

const SHARED_SCHEMAS: { readonly [name: string]: Schema } = {
  Links: list(open({ href: text({ format: 'uri' }), rel: text(), type: text() })),
  Patch: list(
    closed(
      {
        op: oneOf('add', 'replace', 'remove'),
        path: text({ pattern: String.raw`^(/[\w-]+)+$` }),
        value: {},
      },
      ['op', 'path'],
    ),
  ),
  Error: open({
    error_message: text({
      description: 'A JSON document as text, with `faultstring` or `description` for people.',
    }),
  }),
};

const VERSION_PARAMETER = {
  name: 'X-OpenStack-Ironic-API-Version',
  in: 'header',
  description: `The microversion, 1.1 to ${versionText(MINOR_MAX)} or \`latest\`; 1.1 without it.`,
  schema: text({ pattern: '^(1\\.[0-9]+|latest)$' }),
};

export type OpenApiDocument = {
  readonly openapi: string;
  readonly paths: {
    readonly [path: string]: { readonly [method: string]: OpenApiOperation };
  };
  readonly components: {
    readonly schemas: { readonly [name: string]: Schema };
    readonly securitySchemes: object;
  };
  readonly [key: string]: unknown;
};

export type OpenApiOperation = {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
  readonly responses: { readonly [status: string]: object };
  readonly [key: string]: unknown;
};

const callOf = ({ method, path }: Route): string => `${method} ${path}`;

/** Throws for routes that the reference does not know, and the other way round. */
export const makeDocument = (all: readonly Route[]): OpenApiDocument => {
  const routes = all.filter(({ isRefusal }) => isRefusal !== true);
  const calls = new Set(routes.map(callOf));
  const unknown = [...calls].filter((call) => OPERATIONS[call] === undefined);
  const gone = Object.keys(OPERATIONS).filter((call) => !calls.has(call));
  if (unknown.length + gone.length > 0) {
    throw new Error(
      `the reference has no row for [${unknown.join(', ')}] and there is no route for [${gone.join(', ')}]`,
    );
  }
  const paths: { [path: string]: { [method: string]: OpenApiOperation } } = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([a-z_]+)/gi, '{$1}');
    const known = paths[path] ?? {};
    paths[path] = {
      ...known,
      [route.method.toLowerCase()]: operationOf(route, OPERATIONS[callOf(route)] as Operation),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bessemer',
      version: versionText(MINOR_MAX),
      description:
        'The Ironic v1 API as Bessemer serves it. `x-since` is the microversion that brought a call or a key; ' +
        '`x-rule` the rule of the policy that a call has to pass.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ basic: [] }, { token: [] }],
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
      },
      schemas: { ...SHARED_SCHEMAS, ...SHOWN_SCHEMAS, ...resourceSchemas() },
    },
  };
};

const tagOf = (path: string): string => path.split('/').slice(1, 3).join(' ').replace('v1 ', '');

const operationOf = (route: Route, operation: Operation): OpenApiOperation => {
  const inPath = [...route.path.matchAll(/:([a-z_]+)/gi)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: text(),
  }));
  const inQuery = (operation.query ?? []).map((name) => ({
    name,
    in: 'query',
    ...QUERY_PARAMETERS[name],
  }));
  const inBodyToo = Object.entries(operation.arguments ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema,
    description: 'As in the body, which wins.',
  }));
  const { body = argumentBody(operation) } = operation;
  return {
    operationId: callOf(route),
    summary: operation.summary,
    tags: [tagOf(route.path)],
    ...(route.rule === 'public' ? { security: [] } : { 'x-rule': route.rule }),
    ...(route.since === undefined ? {} : { 'x-since': versionText(FEATURES[route.since].since) }),
    parameters: [...inPath, ...inQuery, ...inBodyToo, VERSION_PARAMETER],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: operation.isBodyOptional !== true && operation.arguments === undefined,
            content: { 'application/json': { schema: body } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, schema]) => [status, answer(schema)]),
      ),
      default: {
        description: 'Refused; nothing was changed.',
        content: { 'application/json': { schema: ref('Error') } },
      },
    },
  };
};

const argumentBody = ({ arguments: named }: Operation): Schema | undefined =>
  named === undefined ? undefined : closed(named);

const answer = (schema: Schema | null): object =>
  schema === null
    ? { description: 'Done; no body.' }
    : { description: 'Done.', content: { 'application/json': { schema } } };
