// `bessemer secret status|migrate`: the store that passwords of BMCs lie in, and the way to another one.

import { parseArgs } from 'node:util';

import { systemClock } from '#clock';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeEventNoter, type TrustEvent } from '#conductor/trust-events';
import { makeLog } from '#observe/log';
import { openKeyRing } from '#trust/key-ring';
import {
  copySecrets,
  countSecrets,
  destroyMoved,
  type MoveCounts,
} from '#trust/secret-store/move-secrets';
import type { SecretStoreKind } from '#trust/secret-store/secret-store';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  type OpenData,
  type Print,
  UsageInvalid,
  withData,
} from './command.ts';
import { type OpenSecrets, withSecretStores } from './with-secret-stores.ts';

export const SECRET_USAGE = `usage: bessemer secret status [STORE] --data DIR [--config FILE]
       bessemer secret migrate FROM TO [--destroy-source] --data DIR [--config FILE]

status   says where passwords of BMCs lie, whether that store can be used, and how much lies there.
migrate  copies every version of every node from one store to another, reads each back and compares it. It may be ended
         at any moment and run again; the service may run meanwhile. What is in the old store stays there.
         The way: migrate; stop the service, or hold its rotations; migrate once more, for what was written meanwhile;
         set [bmc_credentials] store; start the service; migrate --destroy-source.

STORE, FROM and TO are embedded, vault or barbican, with the keys of [vault] and [barbican] in the configuration.
  --destroy-source           afterwards destroys in FROM what is the same in TO, after all of it was compared once more;
                             refused while the configuration names FROM

${DATA_OPTIONS_HELP}`;

const SECRET_OPTIONS = {
  ...DATA_OPTIONS,
  'destroy-source': { type: 'boolean', default: false },
} as const;

const KINDS: readonly SecretStoreKind[] = ['embedded', 'vault', 'barbican'];
/** Nodes between two lines about how far it came. */
const PROGRESS_NODES = 200;

const kindIn = (word: string | undefined): SecretStoreKind => {
  const kind = KINDS.find((each) => each === word);
  if (kind === undefined) {
    throw new UsageInvalid(
      `expected one of ${KINDS.join(', ')} instead of ${word === undefined ? 'nothing' : `"${word}"`}`,
    );
  }
  return kind;
};

const status = async (open: OpenSecrets, kind: SecretStoreKind | undefined, print: Print) => {
  const store = await open(kind);
  print(`store: ${store.kind}`);
  const health = await store.health();
  if (health.state !== 'ready') {
    print(`health: ${health.state}: ${health.failure.message} [${health.failure.code}]`);
    return 1;
  }
  print('health: ready');
  const { nodes, versions } = await countSecrets(store);
  print(`nodes: ${nodes}`);
  print(`versions: ${versions}`);
  return 0;
};

const textOf = ({ nodes, copied, found, gone }: MoveCounts): string =>
  `${nodes} nodes: ${copied} versions copied and compared, ${found} were there and are the same` +
  (gone === 0 ? '' : `, ${gone} were destroyed meanwhile`);

type Move = {
  readonly kinds: readonly [from: SecretStoreKind, to: SecretStoreKind];
  readonly isSourceDestroyed: boolean;
  readonly configured: string;
  readonly note: (event: TrustEvent) => Promise<void>;
};

const migrate = async (
  open: OpenSecrets,
  { kinds, isSourceDestroyed, configured, note }: Move,
  print: Print,
): Promise<number> => {
  const [from, to] = await Promise.all([open(kinds[0]), open(kinds[1])]);
  const detail = { from: from.kind, to: to.kind };
  let toldNodes = 0;
  const counts = await copySecrets(from, to, (sofar) => {
    if (sofar.nodes < toldNodes + PROGRESS_NODES) return;
    toldNodes = sofar.nodes;
    print(`... ${textOf(sofar)}`);
  });
  print(textOf(counts));
  await note({ name: 'bmc.store.copied', outcome: 'changed', detail: { ...detail, ...counts } });
  if (isSourceDestroyed) {
    const destroyed = await destroyMoved(from, to);
    await note({ name: 'bmc.store.emptied', outcome: 'changed', detail: { ...detail, destroyed } });
    print(`${destroyed} versions destroyed in ${from.kind}`);
  } else if (configured !== to.kind) {
    print(
      `the service uses ${configured}, as [bmc_credentials] store says; see --help for the way`,
    );
  }
  return 0;
};

const noterIn = async ({ directory, store }: Pick<OpenData, 'directory' | 'store'>) =>
  makeEventNoter({
    store,
    keys: await openKeyRing(directory.keys),
    clock: systemClock,
    log: makeLog({ level: 'silent' }),
    options: DEFAULT_CONDUCTOR_OPTIONS,
  });

export const secret: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: SECRET_OPTIONS,
  });
  const [action, ...words] = positionals;
  if (action === 'status' && words.length <= 1 && !values['destroy-source']) {
    const kind = words.length === 0 ? undefined : kindIn(words[0]);
    return withData(values, (data) =>
      withSecretStores(data, print, (open) => status(open, kind, print)),
    );
  }
  if (action !== 'migrate' || words.length > 2) {
    throw new UsageInvalid('expected "status [STORE]" or "migrate FROM TO"');
  }
  const kinds = [kindIn(words[0]), kindIn(words[1])] as const;
  if (kinds[0] === kinds[1]) throw new UsageInvalid(`${kinds[0]} is FROM and TO`);
  return withData(values, async (data) => {
    const configured = data.settings.bmc_credentials.store;
    const isSourceDestroyed = values['destroy-source'];
    if (isSourceDestroyed && configured === kinds[0]) {
      throw new UsageInvalid(
        `--destroy-source: the service uses ${kinds[0]}; set [bmc_credentials] store first`,
      );
    }
    const note = await noterIn(data);
    const move = { kinds, isSourceDestroyed, configured, note };
    return withSecretStores(data, print, (open) => migrate(open, move, print));
  });
};
