// Which addresses the names of BMCs lead to: as the system says, which is whom the drivers ask. A name that is not found in time,
// or not at all, is not in the answer; what that means is for the caller to say.

import { lookup } from 'node:dns/promises';

import type { Clock } from '#clock';

/** Rejects where the name leads nowhere. */
export type LookUpName = (name: string) => Promise<readonly string[]>;

export type NameBook = {
  readonly find: (names: ReadonlySet<string>) => Promise<ReadonlyMap<string, readonly string[]>>;
};

/** Of one call; the names beyond are not found. */
const NAMES_MAX = 5_000;
const NAME_MS_MAX = 3_000;
const ALL_MS_MAX = 10_000;
/** Each holds a thread that others read files with. */
const AT_ONCE_MAX = 2;
/** The system goes on with those that nobody waits for any more; a resolver that is away is not asked a thousand times. */
const LATE_MAX = 2;
/** Machines come by the rack, and each asks for the same names. */
const REMEMBERED_MS = 60_000;

const askSystem: LookUpName = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

type Known = { readonly addresses: readonly string[] | undefined; readonly untilMs: number };

export const makeNameBook = (clock: Clock, lookUp: LookUpName = askSystem): NameBook => {
  const known = new Map<string, Known>();
  let last: Promise<unknown> = Promise.resolve();

  const findOne = (name: string): Promise<readonly string[] | 'late' | undefined> =>
    new Promise((resolve) => {
      const cancel = clock.after(NAME_MS_MAX, () => resolve('late'));
      lookUp(name)
        .then(resolve, () => resolve(undefined))
        .finally(cancel);
    });

  const findMissing = async (names: readonly string[]): Promise<void> => {
    const endMs = clock.monotonicMs() + ALL_MS_MAX;
    const left = names.slice(0, NAMES_MAX).values();
    let lateCount = 0;
    const work = async (): Promise<void> => {
      for (const name of left) {
        if (lateCount >= LATE_MAX || clock.monotonicMs() >= endMs) return;
        const found = await findOne(name);
        if (found === 'late') lateCount += 1;
        const addresses = found === 'late' ? undefined : found;
        known.set(name, { addresses, untilMs: clock.monotonicMs() + REMEMBERED_MS });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, work));
  };

  const find: NameBook['find'] = async (names) => {
    const nowMs = clock.monotonicMs();
    for (const [name, { untilMs }] of known) if (untilMs <= nowMs) known.delete(name);
    await findMissing([...names].filter((name) => !known.has(name)));
    const answer = new Map<string, readonly string[]>();
    for (const name of names) {
      const addresses = known.get(name)?.addresses;
      if (addresses !== undefined) answer.set(name, addresses);
    }
    return answer;
  };

  return {
    // One after the other: whoever comes second finds what the first one found.
    find: (names) => {
      const found = last.then(() => find(names));
      // What goes wrong is for who asked, and not for all who come later.
      last = found.catch(() => undefined);
      return found;
    },
  };
};
