// Mode `basic`: HTTP basic authentication against an htpasswd file; users.yaml says what each user may do. bcrypt is
// slow on purpose, so a good header is remembered for a minute, by its SHA-256, and as long as the file stays the same.

import { createHash } from 'node:crypto';

import type { Clock } from '#clock';
import type { Credentials } from '#policy/credentials';

import type { Authenticate, Authentication } from '../authenticate.ts';
import type { Htpasswd } from './htpasswd.ts';
import type { Users } from './users.ts';

const REMEMBER_MS = 60_000;
const REMEMBERED_MAX = 1_000;
/** Wrong passwords cost 0.1 s of processor time each; more than these waiting would be a denial of service. */
const CHECKS_WAITING_MAX = 32;
/** For a file without users. */
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8x1v6s1v1v1v1v1v1v1v1v1v1v1v1v';

/**
 * What the password of an unknown user is checked against, in vain: the digest of some user, always the same for the same
 * name. Digests take as long as their makers chose, so no fixed one would take the time of those in the file.
 */
const digestInstead = (user: string, { users, digestOf }: Htpasswd): string => {
  const all = users();
  const chosen = createHash('sha256').update(user).digest().readUInt32BE() % (all.length || 1);
  return digestOf(all[chosen] ?? '') ?? NOBODY;
};

const refused = (status: number, message: string): Authentication => ({
  outcome: 'refused',
  status,
  headers: status === 401 ? { 'www-authenticate': 'Basic realm="Baremetal API"' } : {},
  body: JSON.stringify({ error: { message, code: status } }),
});

type Remembered = {
  readonly user: string;
  readonly credentials: Credentials;
  readonly untilMs: number;
  readonly generation: string;
};

export const authenticateBasic = (
  { htpasswd, users }: { readonly htpasswd: Htpasswd; readonly users: Users },
  clock: Clock,
): Authenticate => {
  const generationNow = (): string => `${htpasswd.generation()} ${users.generation()}`;
  const remembered = new Map<string, Remembered>();
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();

  /** One check at a time: they would only take each other's processor. */
  const inTurn = async (check: () => Promise<boolean>): Promise<boolean> => {
    waiting += 1;
    const mine = turn.then(check);
    turn = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };

  const check = async (key: string, user: string, password: string): Promise<Authentication> => {
    if (waiting >= CHECKS_WAITING_MAX) return refused(503, 'Too many logins at once, try again');
    const generation = generationNow();
    const digest = htpasswd.digestOf(user);
    const isRight = await inTurn(() => matches(password, digest ?? digestInstead(user, htpasswd)));
    if (!isRight || digest === undefined) return refused(401, 'Incorrect username or password');
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    const credentials = users.credentialsOf(user);
    const untilMs = clock.monotonicMs() + REMEMBER_MS;
    remembered.set(key, { user, credentials, generation, untilMs });
    return { outcome: 'accepted', user, credentials };
  };

  return (headers) => {
    const header = headers.authorization;
    if (header === undefined) return refused(401, 'Authorization required');
    const key = createHash('sha256').update(header).digest('base64');
    const known = remembered.get(key);
    if (known !== undefined) {
      const isFresh = known.untilMs > clock.monotonicMs() && known.generation === generationNow();
      if (isFresh) {
        return { outcome: 'accepted', user: known.user, credentials: known.credentials };
      }
      remembered.delete(key);
    }
    const parsed = parseHeader(header);
    return 'outcome' in parsed ? parsed : check(key, parsed.user, parsed.password);
  };
};

const parseHeader = (
  header: string,
): Authentication | { readonly user: string; readonly password: string } => {
  const [scheme = '', encoded = ''] = header.trim().split(/\s+/, 2);
  if (scheme.toLowerCase() !== 'basic') {
    return refused(400, `Unsupported authorization type "${scheme.slice(0, 40)}"`);
  }
  const text = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded)
    ? Buffer.from(encoded, 'base64').toString('utf8')
    : '';
  const colon = text.indexOf(':');
  if (colon === -1) return refused(400, 'Could not decode authorization token');
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
};

/** Loaded on first use: the module is not needed while good headers are remembered or in mode `none`. */
const matches = async (password: string, digest: string): Promise<boolean> => {
  const { compare } = await import('bcryptjs');
  return compare(password, digest);
};
