// One kept connection that asks and waits for the last byte. An HTTP client library would take longer than what it
// measures.

import { once } from 'node:events';
import { connect } from 'node:net';

export type RawAnswer = { readonly status: number; readonly bodyBytes: number };

export type RawClient = {
  readonly get: (path: string, headers: { readonly [name: string]: string }) => Promise<RawAnswer>;
  readonly close: () => void;
};

const HEAD_END = '\r\n\r\n';

export const openRawClient = async (port: number): Promise<RawClient> => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const get: RawClient['get'] = (path, headers) =>
    new Promise((resolve, reject) => {
      let head = '';
      let status = 0;
      let bodyBytes = -1;
      let missing = 0;
      const end = (): void => {
        socket.off('data', onData).off('error', reject);
        resolve({ status, bodyBytes });
      };
      const onData = (bytes: Buffer): void => {
        if (bodyBytes >= 0) missing -= bytes.length;
        else {
          head += bytes.toString('latin1');
          const endOfHead = head.indexOf(HEAD_END);
          if (endOfHead < 0) return;
          status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
          bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
          missing = bodyBytes - (head.length - endOfHead - HEAD_END.length);
        }
        if (missing <= 0) end();
      };
      socket.on('data', onData).once('error', reject);
      const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers });
      const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`GET ${path} HTTP/1.1\r\n${text}\r\n`);
    });
  return { get, close: () => socket.destroy() };
};
