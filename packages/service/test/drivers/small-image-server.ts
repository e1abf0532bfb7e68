// Serves one small image by range, for BMCs that fetch what is inserted.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const IMAGE = Buffer.alloc(64 * 1_024, 7);

export type SmallImageServer = { readonly url: string; readonly close: () => Promise<void> };

export const startSmallImageServer = async (): Promise<SmallImageServer> => {
  const server = createServer((request, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const first = Number(from ?? 0);
    const last = Math.min(to === undefined || to === '' ? Infinity : Number(to), IMAGE.length - 1);
    const part = IMAGE.subarray(first, last + 1);
    response.writeHead(from === undefined ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': part.length,
      etag: '"1"',
      ...(from === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${IMAGE.length}` }),
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/media/1/signature/1795000000/boot.iso`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
