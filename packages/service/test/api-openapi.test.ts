// The OpenAPI document: valid by itself, true about what is taken and answered, and served to users only.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Authenticate } from '#api/authenticate';
import { makeDocument, type OpenApiDocument, type OpenApiOperation } from '#api/openapi/document';
import { QUERY_PARAMETERS } from '#api/openapi/query-parameters';
import { publicRoutes } from '#api/public-listener';
import { systemAdministrator } from '#policy/credentials';

import { furnish, IDENTS } from './api/fuzz-stage.ts';
import { bodyChecker } from './api/fuzz-verdict.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
let document: OpenApiDocument;
before(async () => {
  api = await openApi();
  await furnish(api);
  document = makeDocument(publicRoutes(api.parts));
});
after(() => api.close());

type Call = {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
};

const calls = (): readonly Call[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  );

/** Every object in it, with where it is. */
const parts = (value: unknown, at = '#'): readonly (readonly [string, object])[] => {
  if (typeof value !== 'object' || value === null) return [];
  return [
    [at, value] as const,
    ...Object.entries(value).flatMap(([key, each]) => parts(each, `${at}/${key}`)),
  ];
};

describe('the document', () => {
  test('has what OpenAPI 3.1 asks for, and no operation twice', () => {
    const ids = calls().map(({ operation }) => operation.operationId);

    assert.equal(document.openapi, '3.1.0');
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, operation } of calls()) {
      const names = operation.parameters.map(({ name, in: place }) => `${place} ${name}`);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
      const said = names.filter((name) => name.startsWith('path '));
      assert.deepEqual(said, inPath, operation.operationId);
      assert.equal(new Set(names).size, names.length, operation.operationId);
      const responses = Object.values(operation.responses) as { readonly description?: string }[];
      assert.ok(responses.every(({ description }) => description !== undefined));
      for (const parameter of operation.parameters) assert.ok('schema' in parameter, path);
    }
  });

  test('refers only to what is there', () => {
    const schemas = document.components.schemas;

    const lost = parts(document)
      .map(([at, part]) => [at, (part as { readonly $ref?: unknown }).$ref] as const)
      .filter(([, ref]) => typeof ref === 'string')
      .filter(([, ref]) => schemas[String(ref).replace('#/components/schemas/', '')] === undefined);

    assert.deepEqual(lost, []);
  });

  test('has schemas that are valid JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const { components } = document;
    for (const [name, schema] of Object.entries(components.schemas)) {
      assert.doesNotThrow(() => ajv.compile({ ...schema, components }), name);
    }
    for (const { operation } of calls()) {
      for (const { name, schema } of operation.parameters) {
        assert.doesNotThrow(() => ajv.compile({ ...schema, components }), name);
      }
      const body = operation.requestBody?.content['application/json'].schema;
      assert.doesNotThrow(() => ajv.compile({ ...body, components }), operation.operationId);
    }
  });
});

const filled = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const [, , first = '', second = ''] = path.split('/');
    const collection = first === 'volume' ? second : first;
    return IDENTS[name === 'ident' ? collection : name]?.[0] ?? 'x';
  });

const ask = (method: string, url: string): Promise<Answer> => api.ask(method as 'GET', url);

/** Endless, and tested where it is tested what it sends. */
const STREAM = '/bessemer/nodes/{ident}/events';
const reads = (): readonly Call[] =>
  calls().filter(
    ({ path, method }) => method === 'GET' && path !== STREAM && !path.includes('vendor_passthru'),
  );

/** Texts that are no JSON. */
const PLAIN = new Set(['/metrics']);

test('what is answered has no key that the document does not know, and no other form', async () => {
  const check = bodyChecker(document);
  const wrong: string[] = [];
  let seen = 0;
  for (const { path, operation } of reads().filter((call) => !PLAIN.has(call.path))) {
    const takesDetail = operation.parameters.some(({ name }) => name === 'detail');
    for (const query of takesDetail ? ['', '?detail=true'] : ['']) {
      const { status, body } = await ask('GET', filled(path) + query);
      if (status !== 200) continue;
      seen += 1;
      const complaint = check(operation.operationId, status, body);
      if (complaint !== undefined) wrong.push(`${path}${query}: ${complaint}`);
    }
  }

  assert.deepEqual(wrong, []);
  assert.ok(seen > 70, String(seen));
});

const queryNames = ({ parameters }: OpenApiOperation): readonly string[] =>
  parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name);

test('each parameter of a query that the document names is known to the route', async () => {
  const refused: string[] = [];
  for (const { path, operation } of reads()) {
    for (const name of queryNames(operation)) {
      const { fault } = await ask('GET', `${filled(path)}?${name}=1`);
      if (fault?.includes('Unexpected arguments') === true) refused.push(`${path} ${name}`);
    }
  }

  assert.deepEqual(refused, []);
});

test('no route that reads a query takes a parameter that the document does not name', async () => {
  const taken: string[] = [];
  for (const { path, operation } of reads()) {
    const known = queryNames(operation);
    const others = ['zz', ...Object.keys(QUERY_PARAMETERS)].filter((name) => !known.includes(name));
    for (const name of known.length === 0 ? [] : others) {
      const { status, fault } = await ask('GET', `${filled(path)}?${name}=1`);
      if (status !== 400 || fault?.includes(name) !== true)
        taken.push(`${path} ${name}: ${status}`);
    }
  }

  assert.deepEqual(taken, []);
});

test('arguments of the older PUT calls are taken from the query, and no others', async () => {
  const wrong: string[] = [];
  const puts = calls().filter(
    ({ method, operation }) => method === 'PUT' && queryNames(operation).length > 0,
  );
  for (const { path, operation } of puts.filter((call) => !call.path.includes('passthru'))) {
    for (const name of queryNames(operation)) {
      const { fault } = await ask('PUT', `${filled(path)}?${name}=%7B`);
      if (fault?.includes('Unexpected arguments') === true) wrong.push(`${path} ${name}`);
    }
    const { fault } = await ask('PUT', `${filled(path)}?zz=1`);
    if (fault !== 'Unexpected arguments: zz') wrong.push(`${path} zz: ${fault}`);
  }

  assert.ok(puts.length > 6);
  assert.deepEqual(wrong, []);
});

describe('/docs', () => {
  const byHeader: Authenticate = (headers) =>
    headers['x-user'] === undefined
      ? { outcome: 'refused', status: 401, headers: {}, body: '{"error":{}}' }
      : { outcome: 'accepted', user: 'u', credentials: systemAdministrator('u') };
  const PATHS = ['/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/index.html'];
  let open: Api;
  before(async () => {
    open = await openApi({ authenticate: byHeader, api: { isReferenceServed: true } });
  });
  after(() => open.close());
  const show = (url: string, headers: { readonly [name: string]: string }) =>
    open.app.inject({ method: 'GET', url, headers });
  const USER = { 'x-user': 'u' };

  test('is not there unless the operator wants it', async () => {
    for (const path of PATHS) {
      const { status } = await api.ask('GET', path);

      assert.equal(status, 404, path);
    }
  });

  test('is for users who have logged in', async () => {
    for (const path of PATHS) {
      const { statusCode } = await show(path, {});

      assert.equal(statusCode, 401, path);
    }
  });

  test('shows the document', async () => {
    const reply = await show('/docs/json', USER);

    assert.equal(reply.statusCode, 200);
    const shown = reply.json<OpenApiDocument>();
    assert.deepEqual(shown.paths, JSON.parse(JSON.stringify(document.paths)));
  });

  test('is a page that loads nothing from elsewhere', async () => {
    const page = await show('/docs/', USER);
    const sources = [...page.payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, each]) => each);

    assert.equal(page.statusCode, 200);
    assert.ok(sources.length > 3);
    assert.deepEqual(
      sources.filter((each) => /^(?:[a-z]+:)?\/\//i.test(each ?? '')),
      [],
    );
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; /);
    assert.doesNotMatch(policy, /https?:|\*|[a-z]\.[a-z]|unsafe/);
    for (const each of sources) {
      const { statusCode } = await show(new URL(each ?? '', 'http://x/docs/').pathname, USER);
      assert.equal(statusCode, 200, each);
    }
  });
});
