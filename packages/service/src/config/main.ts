// `bessemer config explain [section.key]` and `bessemer config check`.

import { parseArgs } from 'node:util';

import { checkSettings } from './check-settings.ts';
import { explain } from './explain.ts';
import { loadConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const USAGE = `usage: bessemer config explain [section.key] [--config FILE] [--set section.key=value]...
       bessemer config check [--config FILE] [--set section.key=value]...
`;

const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, name] = positionals;
  if (values.help === true || (command !== 'explain' && command !== 'check')) {
    process.stdout.write(USAGE);
    return values.help === true ? 0 : 2;
  }
  const loaded = await loadConfig({
    file: values.config,
    environment: process.env,
    overrides: values.set,
  });
  for (const text of checkSettings(loaded)) process.stderr.write(`warning: ${text}\n`);
  process.stdout.write(
    command === 'check' ? 'the configuration is usable\n' : explain(loaded, name),
  );
  return 0;
};

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const isTyping =
    error instanceof ConfigInvalid ||
    String((error as { readonly code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
  if (!isTyping) throw error;
  process.stderr.write(`bessemer config: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
