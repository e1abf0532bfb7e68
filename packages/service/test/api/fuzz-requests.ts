// Requests made from the OpenAPI document: its paths, parameters and bodies, and what the document does not allow.

import * as fc from 'fast-check';

import type { OpenApiDocument, OpenApiOperation } from '#api/openapi/document';

import type { JsonValue } from '@bessemer/protocol/json';

import { PERSONAS } from './personas.ts';
import { makeValues, strange, strangeText, type ValueMaker, type Words } from './fuzz-values.ts';

export type FuzzRequest = {
  /** Of the document: `PATCH /v1/nodes/:ident`. */
  readonly operationId: string;
  readonly isRightPath: boolean;
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string | undefined;
};

export type Idents = { readonly [parameter: string]: readonly string[] };

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'] as const;

const BAD_VERSIONS = [
  '',
  '1',
  '1.0',
  '1.116',
  '2.1',
  'abc',
  '1.x',
  '1.-1',
  '1.1.1',
  '1.99999999999999999999',
  '１.1',
];
const NEWEST = 115;

const versions: fc.Arbitrary<{ readonly [name: string]: string }> = fc
  .oneof(
    { weight: 10, arbitrary: fc.constant(`1.${NEWEST}`) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: NEWEST }).map((minor) => `1.${minor}`) },
    { weight: 1, arbitrary: fc.constant('latest') },
    { weight: 1, arbitrary: fc.constantFrom(...BAD_VERSIONS) },
  )
  .chain((version) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constant({ 'x-openstack-ironic-api-version': version }) },
      {
        weight: 1,
        arbitrary: fc.constant({ 'openstack-api-version': `compute 2.1, baremetal ${version}` }),
      },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
  );

const callers: fc.Arbitrary<{ readonly [name: string]: string }> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...Object.keys(PERSONAS))
      .map((persona) => ({ 'x-persona': persona })),
  },
);

const otherHeaders: fc.Arbitrary<{ readonly [name: string]: string }> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<{ readonly [name: string]: string }>(
      { accept: 'text/html' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'multipart/form-data; boundary=' },
      { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil.example' },
      { host: 'evil.example"x' },
      { 'content-encoding': 'gzip' },
      { expect: '100-continue' },
    ),
  },
);

/** Lone surrogates cannot be percent-encoded; their bytes can. */
const encoded = (text: string): string =>
  text.isWellFormed() ? encodeURIComponent(text) : text.replaceAll(/[^a-z0-9]/gi, '%ED%A0%80');

const RAW_QUERIES = [
  '%',
  '%zz=1',
  'limit=%ff',
  'fields=%00',
  'fields[]=uuid',
  'fields=uuid&fields=name',
  '__proto__=1',
  'constructor=1',
  '&&&==',
  'limit=1&limit=2',
  'a'.repeat(3_000),
];

const queryOf = (operation: OpenApiOperation, values: ValueMaker): fc.Arbitrary<string> => {
  const parameters = operation.parameters.filter(({ in: place }) => place === 'query');
  const pairs = parameters.map(({ name, schema }) =>
    fc
      .oneof(
        { weight: 5, arbitrary: values.right(schema, name) },
        { weight: 1, arbitrary: strange },
      )
      .map((value) => `${name}=${encoded(textOf(value))}`),
  );
  const unknown = fc
    .tuple(strangeText, strangeText)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  const known = pairs.length === 0 ? unknown : fc.oneof(...pairs);
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    {
      weight: pairs.length === 0 ? 0 : 8,
      arbitrary: fc.array(known, { maxLength: 3 }).map((all) => all.join('&')),
    },
    { weight: 1, arbitrary: unknown },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_QUERIES) },
  );
};

const textOf = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** Misspelled, a path may be that of another operation. */
type Spelling = { readonly text: string; readonly isRight: boolean };

const pathOf = (path: string, idents: Idents): fc.Arbitrary<Spelling> => {
  const segments = path.split('/').map((segment) => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name === undefined) return fc.constant(segment);
    const collection =
      path
        .split('/')
        .slice(2, -1)
        .at(path.startsWith('/v1/volume/') ? 1 : 0) ?? '';
    const there = idents[name === 'ident' ? collection : name] ?? ['x'];
    return fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...there) },
      { weight: 1, arbitrary: strangeText.map((text) => encoded(text) || '%20') },
      { weight: 1, arbitrary: fc.uuid() },
    );
  });
  const spelled = fc.tuple(...segments).map((all) => all.join('/'));
  const misspelled = fc.oneof(
    fc
      .tuple(spelled, fc.constantFrom('/', '//', '.json', '/x', '/%00', ';x=1', '%20'))
      .map(([text, end]) => text + end),
    spelled.map((text) => text.replace(/^\/v1(?=\/)/, '')),
  );
  return fc.oneof(
    { weight: 10, arbitrary: spelled.map((text) => ({ text, isRight: true })) },
    { weight: 1, arbitrary: misspelled.map((text) => ({ text, isRight: false })) },
  );
};

const TEXT_TRICKS: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, -1),
  (text) => `${text}x`,
  (text) => `\ufeff${text}`,
  (text) => text.replace('{', '{"__proto__":{"isAdmin":true},'),
  (text) => text.replace('{', '{"constructor":{"prototype":{"x":1}},'),
  (text) => text.replace('{', String.raw`{"\u005f_proto__":1,`),
  (text) => text.replace('{', '{"driver":1,"driver":"fake-hardware",'),
  (text) => text.replaceAll(/:("[^"]*"|[0-9]+)/g, ':1e400'),
  (text) => text.replaceAll(/:("[^"]*"|[0-9]+)/g, ':123456789012345678901234567890'),
  (text) => text.replaceAll(/:("[^"]*"|[0-9]+)/g, String.raw`:"\ud800"`),
  (text) => text.replaceAll(/:("[^"]*"|[0-9]+)/g, String.raw`:"a\u0000b"`),
  (text) => '['.repeat(30) + text + ']'.repeat(30),
  () => '['.repeat(100_000),
  () => '',
  () => ' ',
  () => 'null',
  () => '"',
  () => 'NaN',
  () => '\0',
];

const bodyOf = (
  operation: OpenApiOperation,
  values: ValueMaker,
): fc.Arbitrary<string | undefined> => {
  const schema = operation.requestBody?.content['application/json'].schema;
  if (schema === undefined) {
    return fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: strange.map((value) => JSON.stringify(value)) },
    );
  }
  const right = values.right(schema).map((value) => JSON.stringify(value));
  const mutated = values.mutated(schema).map((value) => JSON.stringify(value));
  const tricked = fc
    .tuple(right, fc.constantFrom(...TEXT_TRICKS))
    .map(([text, trick]) => trick(text));
  return fc.oneof(
    { weight: 6, arbitrary: right },
    { weight: 6, arbitrary: mutated },
    { weight: 2, arbitrary: tricked },
    { weight: 1, arbitrary: strange.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
};

const PATCH = '#/components/schemas/Patch';

/** The patch of a resource names its keys, and now and then what is below them. */
const patches = (shown: object, values: ValueMaker): fc.Arbitrary<string> => {
  const properties = Object.entries(
    (shown as { readonly properties: { readonly [name: string]: object } }).properties,
  );
  const one = fc.oneof(
    ...properties.map(([name, schema]) =>
      fc.record({
        op: fc.constantFrom('add', 'add', 'replace', 'replace', 'remove', 'test'),
        path: fc.constantFrom(
          `/${name}`,
          `/${name}`,
          `/${name}`,
          `/${name}/a`,
          `/${name}/0`,
          `/${name}/-`,
          `/${name}/a/b`,
          `/${name}/__proto__`,
        ),
        value: fc.oneof(
          { weight: 4, arbitrary: values.right(schema as never, name) },
          { weight: 1, arbitrary: strange },
        ),
      }),
    ),
  );
  const some = fc.oneof(fc.tuple(one), fc.array(one, { minLength: 1, maxLength: 3 }));
  return some.map((all) => JSON.stringify(all));
};

export type FuzzWorld = {
  readonly document: OpenApiDocument;
  readonly idents: Idents;
  readonly words: Words;
};

export const fuzzRequests = ({ document, idents, words }: FuzzWorld): fc.Arbitrary<FuzzRequest> => {
  const values = makeValues(document.components.schemas, words);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const bodies = bodyOf(operation, values);
      const target = patchedSchema(document, operation);
      return {
        weight: weightOf(path, operation),
        arbitrary: fc
          .tuple(
            pathOf(path, idents),
            queryOf(operation, values),
            target === undefined
              ? bodies
              : fc.oneof(
                  { weight: 3, arbitrary: patches(target, values) },
                  { weight: 2, arbitrary: bodies },
                ),
            fc.oneof(
              { weight: 20, arbitrary: fc.constant(method.toUpperCase()) },
              { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
            ),
            versions,
            callers,
            otherHeaders,
          )
          .map(([{ text, isRight }, query, body, verb, version, caller, others]): FuzzRequest => ({
            operationId: operation.operationId,
            isRightPath: isRight,
            method: verb,
            url: query === '' ? text : `${text}?${query}`,
            headers: { host: 'test.example:6385', ...version, ...caller, ...others },
            body,
          })),
      };
    }),
  );
  return fc.oneof(...operations);
};

/** What writes is looked at more often than what reads; the many spellings of passthru less. */
const weightOf = (path: string, operation: OpenApiOperation): number => {
  if (path.includes('vendor_passthru')) return 1;
  if (path.endsWith('/states/provision')) return 30;
  return operation.requestBody === undefined ? 3 : 8;
};

const patchedSchema = (
  document: OpenApiDocument,
  { requestBody, responses }: OpenApiOperation,
): object | undefined => {
  if (requestBody?.content['application/json'].schema['$ref'] !== PATCH) return undefined;
  const shown = JSON.stringify(responses['200']).match(/schemas\/(\w+)/)?.[1] ?? '';
  return document.components.schemas[shown];
};
