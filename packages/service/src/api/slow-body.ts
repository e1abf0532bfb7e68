// A client that sends a body a byte at a time, or stops in the middle, holds a connection and what was read so far. A
// pause in a body that is longer than allowed ends the connection; how long the whole may take is the frame's limit.

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

export const guardBodies = (app: FastifyInstance, idleMs: number): void => {
  const awaited = new WeakSet<IncomingMessage>();
  app.server.prependListener('request', (request: IncomingMessage) => {
    if (!hasBody(request)) return;
    awaited.add(request);
    // Nobody listens to `timeout`, so the server destroys the socket.
    request.socket.setTimeout(idleMs);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    // The body is here: from now on it is we who take time.
    if (awaited.delete(request.raw)) request.raw.socket.setTimeout(0);
    done();
  });
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');
