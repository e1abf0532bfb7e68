// One BMC: HTTPS, authentication, faults, ETags and errors for all resources. What a resource is and does is
// in the files beside this one.

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { pause, type Clock } from '../clock.ts';
import { accountResources, loseAccounts } from './accounts.ts';
import type { Answer, BmcCounters, BmcState, Call, IpmiSwitch, Resource } from './bmc-state.ts';
import type { ResourceFinder } from './bmc-state.ts';
import { makeFaultSet, type FaultName, type FaultSet } from './faults.ts';
import { makeLabAuthority, type KeyPairPem } from './lab-authority.ts';
import { networkProtocolResource } from './network-protocol.ts';
import { makeAccount, type Account, type AccountFacts } from './manager-account.ts';
import { requireAllowed } from './password-change.ts';
import type { Machine } from './power-model.ts';
import { RedfishRefusal, redfishErrorBody } from './redfish-refusal.ts';
import { serviceRoot } from './service-root.ts';
import { authenticate, sessionResources } from './sessions.ts';
import { systemResources } from './systems.ts';
import { monitorStatus, taskResources } from './tasks.ts';
import { managerResources } from './virtual-media.ts';

/** No request of Redfish is larger; a BMC has little memory. */
const BODY_BYTES_MAX = 64 * 1024;

/** What is left out is as it was made: an enabled one; the first is the administrator, others are operators. */
export type BmcAccount = Pick<AccountFacts, 'userName' | 'password'> & Partial<AccountFacts>;

export type RedfishBmcOptions = {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly identity: KeyPairPem;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly accounts: readonly BmcAccount[];
  readonly mediaDirectory: string;
  readonly mediaCa?: string | null;
  readonly ipmi?: IpmiSwitch;
  readonly saveAccounts?: (accounts: readonly Account[]) => void;
  /** One line per request: method, path, status. Never a body, never credentials. */
  readonly onRequest?: (line: string) => void;
};

export type RedfishBmc = {
  readonly url: string;
  readonly port: number;
  readonly faults: FaultSet;
  readonly counters: BmcCounters;
  /** As it remembers them; what else speaks for the machine may share them. */
  readonly accounts: Account[];
  readonly sessionCount: () => number;
  /** Forgets all sessions, as after a restart of the BMC. */
  readonly dropSessions: () => void;
  /** Forgets all sessions; with the fault `accounts-lost` the accounts are those of the beginning again. */
  readonly restart: () => void;
  /** By an authority that nobody knows, or the one of the beginning. */
  readonly showCertificate: (which: 'first' | 'unknown') => Promise<void>;
  readonly close: () => Promise<void>;
};

export const startRedfishBmc = async (options: RedfishBmcOptions): Promise<RedfishBmc> => {
  const showCertificate = async (which: 'first' | 'unknown'): Promise<void> => {
    const identity = which === 'first' ? options.identity : await unknownIdentity(options);
    server.setSecureContext({ key: identity.key, cert: identity.certificate });
    server.closeAllConnections();
  };
  const state = makeState(options, (fault, isOn) => {
    if (fault === 'new-certificate') void showCertificate(isOn ? 'unknown' : 'first');
  });
  const finders = [
    serviceRoot(state),
    sessionResources(state),
    systemResources(state),
    managerResources(state),
    networkProtocolResource(state),
    taskResources(state),
    accountResources(state),
  ];
  const server = createServer(
    { key: options.identity.key, cert: options.identity.certificate, minVersion: 'TLSv1.2' },
    (request, response) => {
      void serve(state, finders, request, response).then((status) =>
        options.onRequest?.(`${request.method} ${pathOf(request.url ?? '/')} ${status}`),
      );
    },
  );
  const port = await listen(server, options.host, options.port);
  return {
    url: `https://${options.host}:${port}`,
    port,
    faults: state.faults,
    counters: state.counters,
    accounts: state.accounts,
    sessionCount: () => state.sessions.size,
    dropSessions: () => state.sessions.clear(),
    restart: () => restart(state),
    showCertificate,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const unknownIdentity = async ({ clock, host }: RedfishBmcOptions): Promise<KeyPairPem> =>
  (await makeLabAuthority(clock)).issue('another', host);

const restart = (state: BmcState): void => {
  state.sessions.clear();
  if (state.faults.isOn('accounts-lost')) loseAccounts(state);
};

const makeState = (
  options: RedfishBmcOptions,
  onFault: (fault: FaultName, isOn: boolean) => void,
): BmcState => ({
  machine: options.machine,
  clock: options.clock,
  faults: makeFaultSet(onFault),
  counters: { requests: 0, logins: 0, wrongPasswords: 0, resets: 0, mediaBytes: 0 },
  mediaDirectory: options.mediaDirectory,
  mediaCa: options.mediaCa ?? null,
  managerUuid: randomUUID(),
  accounts: options.accounts.map((each, at) => makeAccount(completeAccount(each, at))),
  firstAccounts: options.accounts.map(completeAccount),
  sessions: new Map(),
  tasks: new Map(),
  media: { imageUrl: null, localPath: null, transfer: 'idle' },
  stalePower: { shown: false, readsLeft: 0 },
  ipmi: options.ipmi ?? null,
  saveAccounts: options.saveAccounts ?? (() => undefined),
});

const completeAccount = (account: BmcAccount, index: number): AccountFacts => ({
  id: String(index + 1),
  role: index === 0 ? 'Administrator' : 'Operator',
  isEnabled: true,
  ...account,
});

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

const serve = async (
  state: BmcState,
  finders: readonly ResourceFinder[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string> => {
  state.counters.requests += 1;
  if (state.faults.use('drop-connection')) {
    request.socket.destroy();
    return 'cut';
  }
  const slowMs = state.faults.valueOf('slow');
  if (slowMs !== undefined) await pause(state.clock, slowMs);
  if (state.faults.use('restart')) restart(state);
  const answer = await answerOf(state, finders, request).catch(errorAnswer);
  if (isAccountChange(request) && answer.status < 400 && state.faults.use('account-answer-lost')) {
    request.socket.destroy();
    return `${answer.status} cut`;
  }
  send(response, answer, request.method === 'HEAD');
  return String(answer.status);
};

const isAccountChange = ({ method, url = '' }: IncomingMessage): boolean =>
  method !== 'GET' && method !== 'HEAD' && url.startsWith('/redfish/v1/AccountService/Accounts');

const errorAnswer = (error: unknown): Answer =>
  error instanceof RedfishRefusal
    ? {
        status: error.status,
        body: redfishErrorBody(error.messageId, error.message, error.messageArguments),
      }
    : {
        status: 500,
        body: redfishErrorBody(
          'InternalError',
          error instanceof Error ? error.message : String(error),
        ),
      };

const answerOf = async (
  state: BmcState,
  finders: readonly ResourceFinder[],
  request: IncomingMessage,
): Promise<Answer> => {
  if (state.faults.use('unavailable')) {
    throw new RedfishRefusal(503, 'ServiceTemporarilyUnavailable', 'The service is busy.');
  }
  if (state.faults.isOn('redirect')) {
    return { status: 302, headers: { Location: 'https://elsewhere.invalid/redfish/v1/' } };
  }
  if (state.faults.isOn('not-json'))
    return { status: 200, headers: { 'Content-Type': 'text/html' } };
  const path = pathOf(request.url ?? '/');
  const resource = finders.map((find) => find(path)).find((found) => found !== undefined);
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const isOpen = resource?.open?.some((each) => each === method) === true;
  const credentials = isOpen
    ? { session: null, account: null }
    : authenticate(state, {
        token: request.headers['x-auth-token']?.toString(),
        authorization: request.headers.authorization,
      });
  if (!isOpen && credentials.account === null) {
    throw new RedfishRefusal(401, 'NoValidSession', 'There is no valid session.');
  }
  if (credentials.account !== null) requireAllowed(state, credentials.account, { method, path });
  if (resource === undefined) {
    throw new RedfishRefusal(404, 'ResourceMissingAtURI', `There is nothing at ${path}.`);
  }
  if (method !== 'GET' && credentials.account?.role === 'ReadOnly') {
    throw new RedfishRefusal(403, 'InsufficientPrivilege', 'The account may only read.');
  }
  if (method === 'GET' && resource.get !== undefined) {
    return read(state, path, resource.get(), request);
  }
  const body = await readBody(request);
  return act(state, resource, method, { body, ...credentials }, request);
};

const read = (
  state: BmcState,
  path: string,
  body: JsonObject,
  request: IncomingMessage,
): Answer => {
  const etag = etagOf(body);
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { ETag: etag } };
  return { status: monitorStatus(state, path) ?? 200, headers: { ETag: etag }, body };
};

const act = (
  state: BmcState,
  resource: Resource,
  method: string,
  call: Call,
  request: IncomingMessage,
): Answer | Promise<Answer> => {
  const work = {
    POST: resource.post,
    PATCH: resource.patch,
    DELETE: resource.remove,
  }[method];
  if (work === undefined) {
    throw new RedfishRefusal(405, 'ActionNotSupported', `${method} is not possible here.`);
  }
  if (method === 'PATCH') checkMatch(state, resource, request.headers['if-match']);
  return work(call);
};

const checkMatch = (state: BmcState, resource: Resource, wanted: string | undefined): void => {
  if (state.faults.use('stale-etag')) {
    throw new RedfishRefusal(412, 'PreconditionFailed', 'The resource has changed.');
  }
  if (wanted === undefined) {
    if (state.faults.isOn('require-if-match')) {
      throw new RedfishRefusal(428, 'PreconditionRequired', 'If-Match is required.');
    }
    return;
  }
  const etag = resource.get === undefined ? '*' : etagOf(resource.get());
  const candidates = wanted.split(',').map((each) => each.trim().replace(/^W\//, ''));
  if (!candidates.includes('*') && !candidates.includes(etag)) {
    throw new RedfishRefusal(412, 'PreconditionFailed', 'The resource has changed.');
  }
};

const etagOf = (body: JsonObject): string =>
  `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)}"`;

const pathOf = (url: string): string => {
  const path = url.split('?')[0] ?? '/';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
};

const readBody = async (request: IncomingMessage): Promise<JsonObject> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > BODY_BYTES_MAX) {
      throw new RedfishRefusal(413, 'GeneralError', 'The request is too large.');
    }
    chunks.push(chunk);
  }
  if (length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RedfishRefusal(400, 'MalformedJSON', 'The request is not JSON.');
  }
  if (!isJsonObject(body)) throw new RedfishRefusal(400, 'MalformedJSON', 'An object is expected.');
  return body;
};

const send = (response: ServerResponse, answer: Answer, isHead: boolean): void => {
  const isHtml = answer.headers?.['Content-Type'] === 'text/html';
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  const payload = isHtml ? '<html><body>login</body></html>' : text;
  response.writeHead(answer.status, {
    'OData-Version': '4.0',
    'Cache-Control': 'no-store',
    ...(payload === '' ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    ...answer.headers,
    ...(answer.status === 204 || answer.status === 304
      ? {}
      : { 'Content-Length': String(Buffer.byteLength(payload)) }),
  });
  response.end(isHead ? undefined : payload);
};
