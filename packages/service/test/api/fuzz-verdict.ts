// What is asked of every answer, whatever was sent: no defect of ours, an envelope that clients can read, a request id,
// no secret, the schema of the document kept; and a refusal that changed nothing.

import type { DatabaseSync } from 'node:sqlite';

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';

import type { OpenApiDocument } from '#api/openapi/document';

import { isJsonObject } from '@bessemer/protocol/json';

import type { FuzzRequest } from './fuzz-requests.ts';
import { CANARY } from './fuzz-stage.ts';

export type FuzzAnswer = {
  readonly status: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly text: string;
  readonly isChanged: boolean;
};

/** What is wrong with the body of a success, or nothing. */
export type CheckBody = (operationId: string, status: number, body: unknown) => string | undefined;

export const bodyChecker = (document: OpenApiDocument): CheckBody => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const components = strictly(document.components) as object;
  const checks = new Map<string, ReturnType<typeof ajv.compile>>();
  for (const methods of Object.values(document.paths)) {
    for (const { operationId, responses } of Object.values(methods)) {
      for (const [status, response] of Object.entries(responses)) {
        const schema = strictly(schemaOf(response)) as object | undefined;
        if (schema === undefined) continue;
        const whole = { ...schema, components };
        checks.set(`${operationId} ${status}`, ajv.compile(whole));
      }
    }
  }
  const operations = new Map(
    Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId, responses }) => [operationId, responses]),
    ),
  );
  return (operationId, status, body) => {
    if (operations.get(operationId)?.[status] === undefined) return `an unknown status ${status}`;
    const check = checks.get(`${operationId} ${status}`);
    if (check === undefined) return body === undefined ? undefined : 'a body where none is said';
    if (check(body)) return undefined;
    const error = check.errors?.[0];
    return `not as its schema: ${error?.instancePath} ${error?.message}`;
  };
};

/** A key that the document does not know is a complaint here, though clients have to bear it. */
const strictly = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, each]) => [key, strictly(each)]);
  const isObject = Object.hasOwn(schema, 'properties') && Object.hasOwn(schema, 'type');
  return {
    ...(isObject ? { additionalProperties: false } : {}),
    ...(Object.fromEntries(parts) as object),
  };
};

type Content = { readonly content?: { readonly 'application/json'?: { readonly schema: object } } };

const schemaOf = (response: object): object | undefined =>
  (response as Content).content?.['application/json']?.schema;

const REQUEST_ID = /^req-[0-9a-f-]{36}$/;

/** The complaints about one answer. */
export const complaintsAbout = (
  request: FuzzRequest,
  answer: FuzzAnswer,
  checkBody: CheckBody,
): readonly string[] => {
  const { status, headers, text } = answer;
  const complaints: string[] = [];
  if (status >= 500) complaints.push(`status ${status}`);
  if (status >= 400 && answer.isChanged) complaints.push('a change after a refusal');
  const id = headers['openstack-request-id'];
  if (typeof id !== 'string' || !REQUEST_ID.test(id) || headers['x-openstack-request-id'] !== id) {
    complaints.push('no request id');
  }
  if (text.includes(CANARY)) complaints.push('a secret');
  if (status >= 400) complaints.push(...envelopeComplaints(request, answer));
  const isDocumented = request.isRightPath && request.operationId.startsWith(`${request.method} `);
  if (status < 300 && isDocumented) {
    const isJson = String(headers['content-type']).startsWith('application/json');
    const body = text === '' && status !== 200 ? undefined : isJson ? JSON.parse(text) : text;
    const complaint = checkBody(request.operationId, status, body);
    if (complaint !== undefined) complaints.push(complaint);
  }
  return complaints;
};

const envelopeComplaints = (request: FuzzRequest, answer: FuzzAnswer): readonly string[] => {
  const { status, headers, text } = answer;
  if (request.method === 'HEAD') return [];
  if (!String(headers['content-type']).startsWith('application/json'))
    return ['a refusal not in JSON'];
  let body: unknown;
  try {
    body = JSON.parse(text);
    const message = isJsonObject(body) ? body['error_message'] : undefined;
    if (typeof message === 'string') return innerComplaints(JSON.parse(message), status);
  } catch {
    return ['a refusal that is not JSON'];
  }
  const isGuard = isJsonObject(body) && Object.keys(body).join() === 'faultcode,faultstring';
  return isGuard && (status === 400 || status === 413) ? [] : ['a refusal without an envelope'];
};

const innerComplaints = (inner: unknown, status: number): readonly string[] => {
  if (!isJsonObject(inner)) return ['an envelope around nothing'];
  const keys = Object.keys(inner).join();
  const isOfController =
    keys === 'faultcode,faultstring,debuginfo' &&
    inner['faultcode'] === (status < 500 ? 'Client' : 'Server') &&
    typeof inner['faultstring'] === 'string' &&
    inner['faultstring'] !== '' &&
    inner['debuginfo'] === null;
  const isOfRouting =
    keys === 'code,title,description' &&
    inner['code'] === status &&
    typeof inner['description'] === 'string';
  return isOfController || isOfRouting ? [] : [`an envelope of no known shape: ${keys}`];
};

/** Longer than anything takes that ends at all. */
const ANSWER_MS_MAX = 20_000;
const STREAM = 'GET /bessemer/nodes/:ident/events';

/** Throws when there is no answer. Watched are `tables`, or all; on SQLite only. */
export const sendFuzz = async (
  app: FastifyInstance,
  sqlite: DatabaseSync | undefined,
  request: FuzzRequest,
  tables?: readonly string[],
): Promise<FuzzAnswer> => {
  // What was rolled back counts as no change, as it does for everybody who reads afterwards.
  const watched = tables?.map((table) => ({ table })) ?? [{}];
  const sessions = sqlite === undefined ? [] : watched.map((each) => sqlite.createSession(each));
  let timer: NodeJS.Timeout | undefined;
  try {
    const isStream = request.operationId === STREAM;
    const reply = await Promise.race([
      app.inject({
        method: request.method as 'GET',
        url: request.url,
        headers: request.headers,
        payloadAsStream: isStream,
        ...(request.body === undefined ? {} : { payload: request.body }),
      }),
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`a hang: ${JSON.stringify(request)}`)),
          ANSWER_MS_MAX,
        );
      }),
    ]);
    const { statusCode: status, headers } = reply;
    const isEndless = isStream && status === 200;
    const text = isStream ? (isEndless ? '' : await textOf(reply.stream())) : reply.payload;
    if (isEndless) reply.stream().destroy();
    return {
      status,
      headers,
      text,
      isChanged: sessions.some((each) => each.changeset().length > 0),
    };
  } finally {
    clearTimeout(timer);
    for (const each of sessions) each.close();
  }
};

const textOf = async (stream: AsyncIterable<Buffer | string>): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
};
