// What a separate boot host does with what is pushed to it: serves it as a local one would, keeps it over restarts,
// and forgets it at its end. It decides nothing and asks nobody.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import type { BootFile, BootHost, Lease } from '../boot-host.ts';
import type { BootFiles } from './boot-files.ts';
import { filesOf, type PushedBoot, type PushedFile } from './control-protocol.ts';
import type { KeptBoots } from './kept-boots.ts';

export type BootKeeper = {
  /** SHA-256 of files that have to be sent first; nothing is served then. Empty: the machine may boot. */
  readonly prepare: (boot: PushedBoot) => Promise<readonly string[]>;
  readonly remove: (nodeUuid: string) => Promise<void>;
  readonly list: BootHost['list'];
  readonly leases: () => Promise<readonly Lease[]>;
  readonly files: BootFiles;
  readonly close: () => Promise<void>;
};

type Parts = {
  /** Serves, in this process. */
  readonly host: BootHost;
  readonly files: BootFiles;
  readonly kept: KeptBoots;
  readonly clock: Pick<Clock, 'wallMs' | 'after'>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
};

/** After its end a boot is refused at once; that its files go too may take so long. */
const SWEEP_EACH_MS = 10_000;

export const startBootKeeper = async (parts: Parts): Promise<BootKeeper> => {
  const { host, files, kept, clock, log } = parts;
  const open = new Map<string, PushedBoot>();
  // Two orders for one node must not overtake each other on the disk.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };

  const servedFile = (file: PushedFile): BootFile =>
    file.kind === 'url' ? file : { kind: 'file', path: files.pathOf(file.sha256) };

  const serve = async (boot: PushedBoot): Promise<void> => {
    await host.prepare({
      ...boot,
      kernel: servedFile(boot.kernel),
      ramdisk: servedFile(boot.ramdisk),
    });
    open.set(boot.nodeUuid, boot);
  };

  const missingOf = async (boot: PushedBoot): Promise<readonly string[]> => {
    const missing: string[] = [];
    for (const sha256 of new Set(filesOf(boot))) {
      if (!(await files.has(sha256))) missing.push(sha256);
    }
    return missing;
  };

  const remove = async (nodeUuid: string): Promise<void> => {
    open.delete(nodeUuid);
    await host.remove(nodeUuid);
    await kept.drop(nodeUuid);
  };

  const sweep = async (): Promise<void> => {
    const nowMs = clock.wallMs();
    for (const { nodeUuid, expiresMs } of open.values()) {
      if (expiresMs <= nowMs) await remove(nodeUuid);
    }
    await files.sweep(new Set([...open.values()].flatMap(filesOf)), nowMs);
  };

  let cancel = (): void => undefined;
  const sweepLater = (): void => {
    cancel = clock.after(SWEEP_EACH_MS, () => {
      inTurn(sweep)
        .catch((error: unknown) =>
          log.error({ err: error }, 'boots that are over stay on the disk'),
        )
        .finally(sweepLater);
    });
  };

  for (const boot of await kept.load()) {
    const isUsable = boot.expiresMs > clock.wallMs() && (await missingOf(boot)).length === 0;
    await (isUsable ? serve(boot) : kept.drop(boot.nodeUuid));
  }
  log.info({ boots: open.size }, 'boots taken up again');
  sweepLater();

  return {
    prepare: (boot) =>
      inTurn(async () => {
        const missing = await missingOf(boot);
        if (missing.length > 0) return missing;
        await kept.keep(boot);
        await serve(boot);
        return [];
      }),
    remove: (nodeUuid) => inTurn(() => remove(nodeUuid)),
    list: host.list,
    leases: host.leases,
    files,
    close: async () => {
      cancel();
      await last;
      await host.close();
    },
  };
};
