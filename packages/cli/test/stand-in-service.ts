// A service with one node, as far as the command line can see it: keeps what was asked, plays a journal.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Asked = { readonly method: string; readonly path: string; readonly body: unknown };

export type Line = {
  readonly event: string;
  readonly step: string;
  readonly [key: string]: unknown;
};

export type Answer = { readonly status: number; readonly body?: unknown; readonly fault?: string };

export type StandIn = {
  readonly url: string;
  readonly cloudsPath: string;
  readonly directory: string;
  readonly asked: Asked[];
  /** Lines of the journal; `why` says that work is under way until `end` was called. */
  readonly journal: (line: Line) => void;
  readonly end: (state: string, failure?: { readonly code: string; readonly text: string }) => void;
  /** From now on this call is answered so; the last of several answers is repeated. */
  readonly answer: (call: string, ...answers: readonly Answer[]) => void;
  /** Ends all event streams, as a service that is restarted does. */
  readonly breakStreams: () => number;
  readonly streamsOpened: () => number;
  readonly close: () => Promise<void>;
};

const NODE = { uuid: '6f2e0f0a-0000-4000-8000-000000000001', name: 'first' };
const PASSWORD = 'pw';

export const startStandIn = async (): Promise<StandIn> => {
  const asked: Asked[] = [];
  const lines: { readonly seq: number }[] = [];
  const streams = new Set<ServerResponse>();
  const scripted = new Map<string, Answer[]>();
  let opened = 0;
  let rest: { state: string; failure: unknown } | undefined;

  const answer = (response: ServerResponse, status: number, body?: unknown): void => {
    response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, status: number, faultstring: string): void => {
    const fault = { faultstring, faultcode: 'Client', debuginfo: null };
    answer(response, status, { error_message: JSON.stringify(fault) });
  };
  const stream = (response: ServerResponse, after: number): void => {
    opened += 1;
    streams.add(response);
    response.on('close', () => streams.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    for (const line of lines.filter(({ seq }) => seq > after)) {
      response.write(`id: ${line.seq}\ndata: ${JSON.stringify(line)}\n\n`);
    }
  };
  const why = () => ({
    node: NODE.uuid,
    name: NODE.name,
    provisionState: rest?.state ?? 'deploying',
    targetProvisionState: rest === undefined ? 'active' : null,
    isBusy: false,
    workflow: rest === undefined ? 'deploy' : null,
    step: rest === undefined ? 'write_image' : null,
    waitsFor: null,
    since: null,
    until: null,
    on: null,
    remedy: rest?.failure === undefined ? null : 'Deploy again.',
    failure: rest?.failure ?? null,
  });
  const handle = (request: IncomingMessage, response: ServerResponse, body: unknown): void => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    asked.push({ method: request.method ?? '', path: url.pathname, body });
    const wanted = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`;
    if (request.headers.authorization !== wanted) {
      refuse(response, 401, 'Incorrect username or password');
      return;
    }
    const answers = scripted.get(`${request.method} ${url.pathname}`);
    const next = (answers?.length ?? 0) > 1 ? answers?.shift() : answers?.[0];
    if (next !== undefined) {
      if (next.fault === undefined) answer(response, next.status, next.body);
      else refuse(response, next.status, next.fault);
      return;
    }
    const after = Number(url.searchParams.get('after') ?? 0);
    const [, own, ident, what] =
      /^\/(bessemer|v1)\/nodes\/([^/]+)(?:\/(.*))?$/.exec(url.pathname) ?? [];
    if (request.method === 'POST') {
      const uuid = url.pathname === '/v1/nodes' ? NODE.uuid : 'port';
      answer(response, 201, { uuid });
    } else if (ident === undefined) answer(response, 200, { nodes: [NODE] });
    else if (ident !== NODE.name && ident !== NODE.uuid) {
      refuse(response, 404, `Node ${ident} could not be found.`);
    } else if (own === 'bessemer' && what === 'events') stream(response, after);
    else if (what === 'why') answer(response, 200, why());
    else if (what === 'journal') {
      answer(response, 200, { entries: lines.filter(({ seq }) => seq > after) });
    } else if (what === 'states/provision') answer(response, 202);
    else answer(response, 200, { ...NODE, instance_info: { image_checksum: 'old' } });
  };
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const part of request) text += String(part);
      handle(request, response, text === '' ? undefined : JSON.parse(text));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-cli-'));
  const cloudsPath = join(directory, 'clouds.yaml');
  writeFileSync(
    cloudsPath,
    `clouds:\n  bessemer:\n    auth_type: http_basic\n    auth: {endpoint: "${url}", username: admin, password: ${PASSWORD}}\n  wrong:\n    auth_type: http_basic\n    auth: {endpoint: "${url}", username: admin, password: no}\n  nowhere:\n    auth_type: none\n    endpoint: http://127.0.0.1:1\n`,
  );
  return {
    url,
    cloudsPath,
    directory,
    asked,
    journal: (line) => {
      const entry = {
        seq: lines.length + 1,
        at: new Date(Date.UTC(2026, 10, 21, 12, 0, lines.length)).toISOString(),
        workflow: 'w1',
        kind: 'deploy',
        stepIndex: 0,
        interface: 'deploy',
        detail: {},
        ...line,
      };
      lines.push(entry);
      for (const response of streams) response.write(`data: ${JSON.stringify(entry)}\n\n`);
    },
    end: (state, failure) => {
      rest = { state, failure };
    },
    answer: (call, ...answers) => {
      scripted.set(call, [...answers]);
    },
    breakStreams: () => {
      const count = streams.size;
      for (const response of streams) response.destroy();
      return count;
    },
    streamsOpened: () => opened,
    close: async () => {
      server.close();
      server.closeAllConnections();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
