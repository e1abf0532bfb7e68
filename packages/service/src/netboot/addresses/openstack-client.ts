// As much of a client of OpenStack as finding an address needs: a token of Keystone, kept until shortly before its
// end, and GET with it.

import { Agent, request } from 'undici';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { readBounded } from '@bessemer/protocol/read-bounded';

import { Secret } from '#trust/secret';

export type OpenstackAccount = {
  /** With or without `/v3`. */
  readonly authUrl: string;
  readonly username: string;
  readonly password: Secret<string>;
  readonly userDomainName: string;
  readonly projectName: string;
  readonly projectDomainName: string;
  /** Endpoint to use instead of the catalog's. */
  readonly endpoint: string | undefined;
  /** Of the catalog; the first one when undefined. */
  readonly regionName: string | undefined;
  /** PEM of the authority that both services' certificates chain to; the system's when undefined. */
  readonly authorityPem: string | undefined;
};

export type OpenstackClient = {
  /** `target` is path and query below the endpoint. Throws for anything but 200 with a JSON object. */
  readonly get: (target: string) => Promise<JsonObject>;
  readonly close: () => Promise<void>;
};

const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 4 * 1024 ** 2;
/** Clocks differ, and a call takes a while. */
const RENEW_MS = 60_000;
const UNAUTHORIZED = 401;

type Session = {
  readonly token: Secret<string>;
  readonly endpoint: string;
  readonly expiresMs: number;
};

const loginBody = (account: OpenstackAccount): JsonObject => ({
  auth: {
    identity: {
      methods: ['password'],
      password: {
        user: {
          name: account.username,
          domain: { name: account.userDomainName },
          password: account.password.reveal(),
        },
      },
    },
    scope: {
      project: { name: account.projectName, domain: { name: account.projectDomainName } },
    },
  },
});

const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const endpointIn = (
  catalog: unknown,
  serviceType: string,
  region: string | undefined,
): string | undefined => {
  const service = objectsIn(catalog).find(({ type }) => type === serviceType);
  const found = objectsIn(service?.['endpoints']).find(
    (each) => each['interface'] === 'public' && (region === undefined || each['region'] === region),
  );
  return typeof found?.['url'] === 'string' ? found['url'] : undefined;
};

const readObject = async (body: AsyncIterable<Buffer>): Promise<JsonObject> => {
  const value: unknown = JSON.parse(await readBounded(body, ANSWER_BYTES_MAX));
  if (isJsonObject(value)) return value;
  throw new Error('the answer is not an object');
};

export const makeOpenstackClient = (
  serviceType: string,
  account: OpenstackAccount,
  clock: { readonly wallMs: () => number },
): OpenstackClient => {
  const dispatcher = new Agent({
    connect: account.authorityPem === undefined ? {} : { ca: account.authorityPem },
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  });
  let session: Promise<Session> | undefined;

  const login = async (): Promise<Session> => {
    const base = account.authUrl.replace(/\/+$/, '').replace(/\/v3$/, '');
    const { statusCode, headers, body } = await request(`${base}/v3/auth/tokens`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(loginBody(account)),
    });
    const answer = await readObject(body);
    const token = headers['x-subject-token'];
    if (statusCode !== 201 || typeof token !== 'string' || !isJsonObject(answer['token'])) {
      throw new Error(`Keystone refused the login with ${statusCode}`);
    }
    const { catalog, expires_at: expires } = answer['token'];
    const endpoint = account.endpoint ?? endpointIn(catalog, serviceType, account.regionName);
    if (endpoint === undefined) throw new Error(`the catalog has no ${serviceType} service`);
    return {
      token: new Secret(token),
      endpoint: endpoint.replace(/\/+$/, ''),
      expiresMs: typeof expires === 'string' ? Date.parse(expires) : Number.NaN,
    };
  };

  const currentSession = async (): Promise<Session> => {
    const known = await session?.catch(() => undefined);
    if (known !== undefined && known.expiresMs - RENEW_MS > clock.wallMs()) return known;
    session = login();
    return session;
  };

  const ask = async (target: string) => {
    const { token, endpoint } = await currentSession();
    return request(`${endpoint}${target}`, {
      dispatcher,
      headers: { 'x-auth-token': token.reveal(), accept: 'application/json' },
    });
  };

  return {
    get: async (target) => {
      let answer = await ask(target);
      if (answer.statusCode === UNAUTHORIZED) {
        // Revoked before its end, as after a restart of Keystone.
        await answer.body.dump();
        session = undefined;
        answer = await ask(target);
      }
      if (answer.statusCode === 200) return readObject(answer.body);
      await answer.body.dump();
      throw new Error(`the ${serviceType} service answered ${answer.statusCode}`);
    },
    close: () => dispatcher.close(),
  };
};
