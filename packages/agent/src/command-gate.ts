// Who may command this machine. A read needs the token. A command needs the token too and, once our own service
// said that it signs, a right signature with a rising sequence; then the newest owner (fence) wins. The proof
// before the token (`trust.prove`) is the one thing that needs none.

import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type CommandResult, FENCE_HEADER } from '@bessemer/protocol/agent/command';
import { TOKEN_BYTES } from '@bessemer/protocol/agent/token';
import { PROVE_COMMAND, SEQUENCE_HEADER, SIGNATURE_HEADER } from '@bessemer/protocol/agent/trust';
import { isJsonObject } from '@bessemer/protocol/json';
import type { AgentTrust } from '#trust/agent-trust';
import { makeCommandSequence, parseCommandOrder } from '#trust/command-sequence';
import type { HeldToken } from '#trust/held-token';
import { answerProof } from '#trust/mutual-proof';
import { isSignedBy } from '#trust/signed-request';
import type { AgentLog } from './agent-log.ts';
import { HttpRefusal, tokenInvalid } from './http-refusal.ts';
import { parseBody, readBody } from './request-body.ts';

export type CommandGate = {
  /** Throws 401. */
  readonly admitRead: (url: URL) => void;
  /** The body of a command that may be looked at, or the finished answer to a proof. Throws 401, 409, 413. */
  readonly admitCommand: (request: IncomingMessage, url: URL) => Promise<Admitted>;
  /** Throws 409 for an owner older than one that was heard. To be asked when the command is otherwise in order. */
  readonly admitOwner: (request: IncomingMessage) => void;
};

export type Admitted =
  | { readonly kind: 'command'; readonly body: Buffer }
  | { readonly kind: 'proof'; readonly result: CommandResult };

/** A config drive of 64 MiB travels as base64 inside a command. Read only from who has the token. */
const BODY_BYTES_MAX = 96 * 1024 * 1024;
/** Two nonces and a name. This much is read from anybody. */
const PROOF_BYTES_MAX = 2_048;

export const makeCommandGate = (trust: AgentTrust, log: Pick<AgentLog, 'say'>): CommandGate => {
  const sequence = makeCommandSequence();
  const owners = makeOwners();

  const requireToken = (url: URL): HeldToken => {
    const held = trust.token.find(url.searchParams.get('agent_token'));
    if (held === null) throw tokenInvalid();
    return held;
  };

  const use = (held: HeldToken): void => {
    if (!trust.token.use(held)) throw tokenInvalid();
  };

  const proofIn = (body: Buffer): CommandResult | null => {
    const asked = proofParamsIn(body);
    const { session, pin, token } = trust;
    if (asked === null) return null;
    const ownNonce = randomBytes(TOKEN_BYTES).toString('base64url');
    const answer =
      session === null || pin === null
        ? null
        : answerProof({ token, session, pin, ownNonce }, asked.params);
    if (answer !== null) return proofResult({ ...answer });
    log.say('a proof was refused: whoever sent it has not the token of this boot');
    throw tokenInvalid();
  };

  const requireSignature = (request: IncomingMessage, body: Buffer, held: HeldToken): void => {
    const refuse = (why: string): never => {
      log.say(`a command was refused: ${why}`);
      throw tokenInvalid();
    };
    const signature = request.headers[SIGNATURE_HEADER];
    const text = request.headers[SEQUENCE_HEADER];
    if (typeof signature !== 'string' || typeof text !== 'string')
      return refuse('it is not signed');
    const order = parseCommandOrder(text);
    const { session } = trust;
    if (order === undefined || session === null) return refuse('its sequence is none');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const parts = { method: request.method ?? '', path, body, sequence: text };
    if (!isSignedBy(held.keys(session).down, parts, signature)) return refuse('wrong signature');
    const fenceText = request.headers[FENCE_HEADER];
    if (fenceText !== undefined && Number(fenceText) !== order.fence) {
      return refuse('its fence is not the one that is signed');
    }
    const verdict = sequence.admit(order);
    if (verdict === 'seen before') return refuse(`number ${text} was there before`);
    // Rightly signed, but by an owner that lost its lease: it shall know.
    owners.admit(order.fence);
  };

  return {
    admitRead: (url) => use(requireToken(url)),
    admitCommand: async (request, url) => {
      const held = trust.token.find(url.searchParams.get('agent_token'));
      const body = await (held === null
        ? readBody(request, PROOF_BYTES_MAX, tokenInvalid)
        : readBody(request, BODY_BYTES_MAX, tooLong));
      const result = proofIn(body);
      if (result !== null) return { kind: 'proof', result };
      if (held === null) throw tokenInvalid();
      if (trust.mustCommandsBeSigned) requireSignature(request, body, held);
      use(held);
      return { kind: 'command', body };
    },
    admitOwner: (request) => {
      const text = request.headers[FENCE_HEADER];
      if (typeof text === 'string' && /^[0-9]{1,15}$/.test(text)) owners.admit(Number(text));
    },
  };
};

const tooLong = (): HttpRefusal =>
  new HttpRefusal(413, `413 Content Too Large: the limit is ${BODY_BYTES_MAX} bytes`);

/** Remembers the newest owner of this machine; an older one that wakes up late is refused. */
const makeOwners = (): { readonly admit: (fence: number) => void } => {
  let newest = 0;
  return {
    admit: (fence) => {
      if (fence < newest) {
        throw new HttpRefusal(
          409,
          `Fence ${fence} is older than ${newest}: agent is busy with a newer owner`,
        );
      }
      newest = fence;
    },
  };
};

/** Null when the body is no proof: then whatever rule comes next decides. */
const proofParamsIn = (body: Buffer) => {
  if (body.length > PROOF_BYTES_MAX) return null;
  try {
    const parsed = parseBody(body);
    if (!isJsonObject(parsed) || parsed['name'] !== PROVE_COMMAND) return null;
    return { params: parsed['params'] ?? null };
  } catch (error) {
    if (error instanceof HttpRefusal) return null;
    throw error;
  }
};

/** In the form of any other command, but with no place in the list of commands. */
const proofResult = (proof: { readonly nonce: string; readonly proof: string }): CommandResult => ({
  id: randomUUID(),
  command_name: PROVE_COMMAND.slice(PROVE_COMMAND.indexOf('.') + 1),
  command_status: 'SUCCEEDED',
  command_error: null,
  command_result: { ...proof },
});
