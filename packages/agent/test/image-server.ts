// An image server for tests: whole files and ranges, and ways to fail.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault = {
  /** Every transfer ends after this many bytes. */
  readonly cutAfterBytes?: number;
  /** Only the first so many transfers are cut. */
  readonly cutTimes?: number;
  /** So many requests after the first are closed without an answer, as by a server that is away. */
  readonly awayTimes?: number;
  readonly noRanges?: boolean;
  readonly status?: number;
};

export type ImageServer = {
  readonly url: (name: string) => string;
  readonly put: (name: string, bytes: Buffer, fault?: Fault) => void;
  /** How often a file was asked for. */
  readonly requests: (name: string) => number;
  readonly close: () => Promise<void>;
};

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const startImageServer = async (): Promise<ImageServer> => {
  const files = new Map<string, { bytes: Buffer; fault: Fault; requests: number }>();
  const server: Server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined || file.fault.status !== undefined) {
      response.writeHead(file?.fault.status ?? 404).end();
      return;
    }
    file.requests += 1;
    const { bytes, fault } = file;
    if (file.requests > 1 && file.requests <= 1 + (fault.awayTimes ?? 0)) {
      request.socket.destroy();
      return;
    }
    const range =
      fault.noRanges === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = range === null ? 0 : Number(range[1]);
    const to = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
    const part = bytes.subarray(from, to + 1);
    response.writeHead(range === null ? 200 : 206, {
      'Content-Length': part.length,
      ...(fault.noRanges === true ? {} : { ETag: `"${sha256(bytes).slice(0, 16)}"` }),
      ...(range === null ? {} : { 'Content-Range': `bytes ${from}-${to}/${bytes.length}` }),
    });
    const isCut =
      fault.cutAfterBytes !== undefined &&
      file.requests <= (fault.cutTimes ?? Number.MAX_SAFE_INTEGER);
    if (!isCut) response.end(part);
    else response.write(part.subarray(0, fault.cutAfterBytes), () => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    put: (name, bytes, fault = {}) => files.set(`/${name}`, { bytes, fault, requests: 0 }),
    requests: (name) => files.get(`/${name}`)?.requests ?? 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
