// Keeps the break-glass kit: a file per node with the login that is in use, sealed to the operators' keys. A rotation
// asks for a refresh when it has committed, and does not wait for it: whatever goes wrong here stops no rotation. What
// was asked for and not done, because the process died, the disk was full or the store was away, is found by the sweep,
// which compares the directory with the rows: at the start, and every few minutes.

import { createHash } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Clock } from '#clock';
import type { Log } from '#observe/log';
import { findBmcCredential, listBmcCredentials } from '#store/bmc-credentials';
import type { Store } from '#store/database';
import { findNode } from '#store/nodes';
import type { KitDirectory, KitFile } from '#trust/break-glass/kit-directory';
import { type Recipient, RecipientInvalid } from '#trust/break-glass/recipient';
import type { SecretStore } from '#trust/secret-store/secret-store';

import type { TrustEvent } from '../../trust-events.ts';
import { activeLogin, type ActiveLogin, sealActiveLogin } from './active-login.ts';

export type BreakGlassKit = {
  /** The login of a node has changed: its file is written anew. Never throws, and is not to be waited for. */
  readonly refresh: (nodeUuid: NodeUuid) => void;
  /** Brings all files in line with the rows. Never throws. */
  readonly sweep: () => Promise<void>;
  /** Sweeps now, and from then on now and then. */
  readonly start: () => void;
  /** Resolves when what was asked for is written; a sweep is cut short. */
  readonly stop: () => Promise<void>;
};

/** Where no kit is configured. */
export const NO_KIT: BreakGlassKit = {
  refresh: () => undefined,
  sweep: async () => undefined,
  start: () => undefined,
  stop: async () => undefined,
};

export type KitParts = {
  readonly directory: KitDirectory;
  /** As `parseRecipients` gives them. */
  readonly recipients: readonly Recipient[];
  readonly store: Store;
  readonly secrets: Pick<SecretStore, 'getWrite'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly note: (event: TrustEvent) => Promise<void>;
};

/** What a commit could not write is written after so long at the latest, once what was in the way is gone. */
const SWEEP_EVERY_MS = 10 * 60_000;
const PAGE = 500;
/** A full disk or a store that is away fails each of ten thousand nodes in the same way. */
const FAILURES_IN_A_ROW_MAX = 3;

type Wish = { readonly mark: string; readonly login: ActiveLogin };

export const makeBreakGlassKit = (parts: KitParts): BreakGlassKit => {
  const { directory, recipients, store, secrets, clock, log, note } = parts;

  const wishOf = async (nodeUuid: NodeUuid): Promise<Wish | undefined> => {
    const record = await findBmcCredential(store.db, nodeUuid);
    const node = record === undefined ? undefined : await findNode(store.db, nodeUuid);
    if (record === undefined || node === undefined) return undefined;
    const login = activeLogin(node, record);
    if (login === undefined) return undefined;
    // All that is sealed, and whom to, but the time: of equal marks one file is as good as the other.
    const text = JSON.stringify([login, recipients]);
    return { login, mark: createHash('sha256').update(text).digest('hex').slice(0, 32) };
  };

  const write = async (nodeUuid: NodeUuid, { login, mark }: Wish): Promise<void> => {
    const sealed = await sealActiveLogin({ secrets, clock }, login, recipients);
    await directory.write({ nodeUuid, mark }, login.node.name, sealed);
  };

  /** The old file goes when the new one is there for good, and not before. */
  const keep = async (nodeUuid: NodeUuid, files: readonly KitFile[]): Promise<void> => {
    const wish = await wishOf(nodeUuid);
    const isFresh = files.some(({ mark }) => mark === wish?.mark);
    if (wish !== undefined && !isFresh) await write(nodeUuid, wish);
    await directory.remove(files.filter(({ mark }) => mark !== wish?.mark));
  };

  const tell = async (error: unknown, nodeUuid?: NodeUuid): Promise<void> => {
    const reason = reasonOf(error);
    if (reason === 'internal') log.error({ err: error, node: nodeUuid }, 'break-glass kit');
    try {
      await note({ name: 'bmc.kit.failed', nodeUuid, outcome: 'seen', detail: { reason } });
    } catch (unwritten) {
      // The database is away: the sweep will meet it again.
      log.error({ err: unwritten, node: nodeUuid, reason }, 'break-glass kit');
    }
  };

  /** False when it could not be done. */
  const tryKeep = async (nodeUuid: NodeUuid, files: readonly KitFile[]): Promise<boolean> => {
    try {
      await keep(nodeUuid, files);
      return true;
    } catch (error) {
      await tell(error, nodeUuid);
      return false;
    }
  };

  let isStopped = false;

  const sweepAll = async (): Promise<void> => {
    const files = Map.groupBy(await directory.list(), ({ nodeUuid }) => nodeUuid as NodeUuid);
    let failures = 0;
    const visit = async (nodeUuid: NodeUuid): Promise<void> => {
      failures = (await tryKeep(nodeUuid, files.get(nodeUuid) ?? [])) ? 0 : failures + 1;
      files.delete(nodeUuid);
    };
    const isOver = (): boolean => isStopped || failures >= FAILURES_IN_A_ROW_MAX;
    for (let after = ''; !isOver();) {
      const page = await listBmcCredentials(store.db, after, PAGE);
      for (const { nodeUuid } of page) if (!isOver()) await visit(nodeUuid);
      const last = page.at(-1);
      if (last === undefined || isOver()) break;
      after = last.nodeUuid;
    }
    for (const nodeUuid of files.keys()) if (!isOver()) await visit(nodeUuid);
  };

  // One at a time, so that two refreshes of a node cannot remove each other's file.
  let queue: Promise<void> = Promise.resolve();
  const wanted = new Set<NodeUuid>();
  const enqueue = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(work).catch((error: unknown) => tell(error));
    return queue;
  };
  const refreshNext = async (): Promise<void> => {
    const [nodeUuid] = wanted;
    if (nodeUuid === undefined) return;
    wanted.delete(nodeUuid);
    const files = (await directory.list()).filter((file) => file.nodeUuid === nodeUuid);
    await tryKeep(nodeUuid, files);
  };
  const sweep = (): Promise<void> => enqueue(sweepAll);
  let cancel: () => void = () => undefined;
  const sweepOn = (): void => {
    void sweep().finally(() => {
      if (!isStopped) cancel = clock.after(SWEEP_EVERY_MS, sweepOn);
    });
  };

  return {
    refresh: (nodeUuid) => {
      if (wanted.has(nodeUuid)) return;
      wanted.add(nodeUuid);
      void enqueue(refreshNext);
    },
    sweep,
    start: sweepOn,
    stop: async () => {
      isStopped = true;
      cancel();
      await queue;
    },
  };
};

/** A word for the event: never text of a peer. */
const reasonOf = (error: unknown): string => {
  if (error instanceof Failure) return error.code;
  if (error instanceof RecipientInvalid) return 'recipient';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : 'internal';
};
