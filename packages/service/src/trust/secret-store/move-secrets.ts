// Copies all that lies in one secret store to another, with the ids of the writes, so that every reference stands for the
// same password there (see secret-reference.ts). It keeps no notes: what is there already is found by its write and
// compared, so it may be ended at any moment and begun again, and again while the service writes to the source.
//
// Versions are copied oldest first: the newest in one store is the newest in the other. What was destroyed in the target
// and kept in the source comes back; nobody refers to it, and the sweep destroys what nobody refers to.

import type { Failure } from '@bessemer/protocol/errors/failure';

import type { SecretStore, SecretVersion, StoredCredential } from './secret-store.ts';
import { storeFailure, troubleOf } from './store-failure.ts';

export type MoveCounts = {
  readonly nodes: number;
  /** Copied by this run, read back and compared. */
  readonly copied: number;
  /** There before, read and compared. */
  readonly found: number;
  /** Destroyed in the source while this ran, or in a target that remembers it. */
  readonly gone: number;
};

/** Stores answer slowly, not little: so many nodes at once. */
const NODES_AT_ONCE = 8;

async function* batchesOf(nodes: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const node of nodes) {
    batch.push(node);
    if (batch.length < NODES_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const orUndefined = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (troubleOf(error) === 'gone') return undefined;
    throw error;
  }
};

const isSame = (one: StoredCredential, other: StoredCredential): boolean =>
  one.writeId === other.writeId &&
  one.credential.username === other.credential.username &&
  one.credential.password.reveal() === other.credential.password.reveal();

const differs = ({ nodeUuid, slot, writeId }: StoredCredential, target: SecretStore): Failure =>
  storeFailure(
    'conflict',
    `Secret ${writeId} of slot ${slot} of node ${nodeUuid} is another one in ${target.kind}; nothing was destroyed.`,
  );

/** Undefined: not there. Throws `conflict` for one that is not the same. */
const findCopy = async (
  target: SecretStore,
  source: StoredCredential,
): Promise<StoredCredential | undefined> => {
  const copy = await orUndefined(target.getWrite(source, source.writeId));
  if (copy !== undefined && !isSame(copy, source)) throw differs(source, target);
  return copy;
};

type Outcome = Exclude<keyof MoveCounts, 'nodes'>;

const copyVersion = async (
  from: SecretStore,
  to: SecretStore,
  version: SecretVersion,
): Promise<Outcome> => {
  const source = await orUndefined(from.get(version, version.version));
  if (source === undefined) return 'gone';
  if ((await findCopy(to, source)) !== undefined) return 'found';
  const { nodeUuid, slot, writeId, credential } = source;
  const written = await orUndefined(to.put({ place: { nodeUuid, slot }, writeId, credential }));
  if (written === undefined) return 'gone';
  if ((await findCopy(to, source)) === undefined) {
    throw storeFailure('protocol', `${to.kind} lost secret ${writeId} of node ${nodeUuid}.`);
  }
  return 'copied';
};

const countTogether = (counts: readonly MoveCounts[]): MoveCounts => ({
  nodes: counts.reduce((sum, each) => sum + each.nodes, 0),
  copied: counts.reduce((sum, each) => sum + each.copied, 0),
  found: counts.reduce((sum, each) => sum + each.found, 0),
  gone: counts.reduce((sum, each) => sum + each.gone, 0),
});

const NOTHING: MoveCounts = { nodes: 0, copied: 0, found: 0, gone: 0 };

const copyNode = async (from: SecretStore, to: SecretStore, node: string): Promise<MoveCounts> => {
  const versions = (await from.list(node)).toReversed();
  const counts = { ...NOTHING, nodes: versions.length === 0 ? 0 : 1 };
  for (const version of versions) counts[await copyVersion(from, to, version)] += 1;
  return counts;
};

/** Throws Failure `secret-store.*`; `onProgress` is told the counts so far. */
export const copySecrets = async (
  from: SecretStore,
  to: SecretStore,
  onProgress: (counts: MoveCounts) => void = () => undefined,
): Promise<MoveCounts> => {
  let counts = NOTHING;
  for await (const nodes of batchesOf(from.listNodes())) {
    const done = await Promise.all(nodes.map((node) => copyNode(from, to, node)));
    counts = countTogether([counts, ...done]);
    onProgress(counts);
  }
  return counts;
};

/** What is in `from` and the same in `to`. Throws `gone` or `conflict` when anything of it is not. */
const verifyNode = async (
  from: SecretStore,
  to: SecretStore,
  node: string,
): Promise<readonly SecretVersion[]> => {
  const verified: SecretVersion[] = [];
  for (const version of await from.list(node)) {
    const source = await orUndefined(from.get(version, version.version));
    if (source === undefined) continue;
    if ((await findCopy(to, source)) === undefined) {
      throw storeFailure(
        'gone',
        `Secret ${source.writeId} of slot ${source.slot} of node ${node} is in ${from.kind} only; nothing was destroyed.`,
      );
    }
    verified.push(version);
  }
  return verified;
};

/**
 * Destroys in `from` what is the same in `to`, after all of it was compared; what comes to `from` meanwhile is left
 * there. Returns how many versions were destroyed.
 */
export const destroyMoved = async (from: SecretStore, to: SecretStore): Promise<number> => {
  const verified: SecretVersion[] = [];
  for await (const nodes of batchesOf(from.listNodes())) {
    const found = await Promise.all(nodes.map((node) => verifyNode(from, to, node)));
    verified.push(...found.flat());
  }
  for (const version of verified) await from.destroy(version, version.version);
  return verified.length;
};

/** How much lies in a store. */
export const countSecrets = async (
  store: SecretStore,
): Promise<{ readonly nodes: number; readonly versions: number }> => {
  let nodes = 0;
  let versions = 0;
  for await (const batch of batchesOf(store.listNodes())) {
    const listed = await Promise.all(batch.map((node) => store.list(node)));
    nodes += listed.filter(({ length }) => length > 0).length;
    versions += listed.flat().length;
  }
  return { nodes, versions };
};
