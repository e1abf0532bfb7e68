// The command line of `bessemer serve`.

import { parseArgs } from 'node:util';

import { ConfigInvalid } from './setting.ts';

export const SERVE_USAGE = `usage: bessemer serve --data DIR [options]

  --data DIR                   where store, keys and accounts are kept (made when missing)
  --listen HOST:PORT           public API, default 127.0.0.1:6385
  --agent-listen HOST:PORT     ramdisks, default 127.0.0.1:6386
  --boot-listen HOST:PORT      boot media and images, default 127.0.0.1:6387
  --roles all|boot             boot: only serve boot files that a service elsewhere pushes here, default all
  --boot-control-listen HOST:PORT
                               with --roles boot: orders of that service, default 127.0.0.1:6389
  --auth basic|keystone|none   who may use the public API, default basic
  --config FILE                YAML; see "bessemer config explain"
  --set section.key=value      one key; may be repeated

Prints one line "ready URL" when the public API answers. Port 0 lets the system choose.
`;

export type ServeFlags = {
  readonly isHelpAsked: boolean;
  readonly data: string;
  readonly roles: 'all' | 'boot';
  readonly config: string | undefined;
  /** --set, and the flags that are short for a key. */
  readonly overrides: readonly string[];
};

const SHORT_FOR = {
  listen: 'api.listen',
  'agent-listen': 'agent.listen',
  'boot-listen': 'boot.listen',
  'boot-control-listen': 'netboot.control_listen',
  auth: 'DEFAULT.auth_strategy',
} as const;

/** Throws ConfigInvalid. */
export const parseServeFlags = (args: readonly string[]): ServeFlags => {
  const { values } = parse(args);
  const overrides = [...values.set];
  for (const [flag, key] of Object.entries(SHORT_FOR)) {
    const value = values[flag as keyof typeof SHORT_FOR];
    if (value !== undefined) overrides.push(`${key}=${value}`);
  }
  const isHelpAsked = values.help === true;
  if (values.data === undefined && !isHelpAsked) throw new ConfigInvalid('--data DIR is needed');
  const { roles } = values;
  if (roles !== 'all' && roles !== 'boot') throw new ConfigInvalid('--roles is all or boot');
  return { isHelpAsked, data: values.data ?? '', roles, config: values.config, overrides };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        listen: { type: 'string' },
        'agent-listen': { type: 'string' },
        'boot-listen': { type: 'string' },
        'boot-control-listen': { type: 'string' },
        roles: { type: 'string', default: 'all' },
        auth: { type: 'string' },
        config: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new ConfigInvalid((error as Error).message);
  }
};
