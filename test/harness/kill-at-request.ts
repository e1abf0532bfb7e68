// Runs in the process of the service before its own code (dying-service.ts): makes it kill itself by SIGKILL when it is about
// to send the n-th request to an agent, or has just got the answer to it: KILL_AT_REQUEST is e.g. "4 sent" or
// "4 answered". The service itself has no such switch.

import { subscribe } from 'node:diagnostics_channel';

type Message = { readonly request: { readonly path: string } };

const [number, side] = (process.env['KILL_AT_REQUEST'] ?? '').split(' ');
const seen = { sent: 0, answered: 0 };

const countTo = (what: keyof typeof seen) => (message: unknown) => {
  const { path } = (message as Message).request;
  if (!path.startsWith('/v1/commands/') && path !== '/v1/status') return;
  seen[what] += 1;
  if (what === side && seen[what] === Number(number)) process.kill(process.pid, 'SIGKILL');
};

subscribe('undici:request:create', countTo('sent'));
subscribe('undici:request:headers', countTo('answered'));
