// Sets up all that a command of package.json needs, then runs it. Plain JavaScript for the Node.js 20 that a
// fresh machine has; everything after set-up runs on the Node.js that package.json pins.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', 'node');
const [command, ...rest] = process.argv.slice(2);

const say = (text) => process.stdout.write(`${text}\n`);
const stop = (text) => {
  process.stderr.write(`bessemer: ${text}\n`);
  process.exit(1);
};

const run = (program, args, options = {}) => {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error !== undefined) stop(`cannot start ${program}: ${done.error.message}`);
  return done.status ?? 1;
};

/** npm packages: from the lock file, and only when it changed since the last time. */
const preparePackages = () => {
  const stamp = join(root, 'node_modules', '.bessemer-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const isThere = existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isThere) return;
  say(
    'Installing npm packages (about 100, from package-lock.json; among them the Node.js 24 that everything runs on) ...',
  );
  // Not `npm ci`: it refuses a lock file without the tools' builds for other systems, and not every registry has them.
  // What the lock file names is installed as it says, and checked against its digests; the file is not rewritten.
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const status = run('npm', ['install', ...quiet]);
  if (status !== 0)
    stop('npm install failed; the lines above say why. It needs a reachable npm registry.');
  if (!existsSync(node))
    stop(
      `no Node.js 24 for ${process.platform}-${process.arch}: only linux-x64 and linux-arm64 are supported`,
    );
  writeFileSync(stamp, wanted);
};

const isInstalled = (name) => {
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.endsWith(' installed');
};

/** Debian packages: only what is missing, after saying what and why. */
const prepareDebian = (groups) => {
  const table = JSON.parse(readFileSync(join(root, 'scripts', 'debian-packages.json'), 'utf8'));
  const wanted = Object.assign({}, ...groups.map((group) => table[group]));
  const missing = Object.keys(wanted).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  say('Installing Debian packages:');
  for (const name of missing) say(`  ${name.padEnd(24)} ${wanted[name]}`);
  if (process.getuid?.() !== 0)
    stop(`run this as root once, or: apt-get install --no-install-recommends ${missing.join(' ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { env: environment, stdio: ['ignore', 'ignore', 'inherit'] };
  if (run('apt-get', ['update', '-q'], quiet) !== 0)
    stop('apt-get update failed; the lines above say why');
  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  if (run('apt-get', install, quiet) !== 0) stop('apt-get install failed; the lines above say why');
};

const COMMANDS = {
  demo: () => {
    preparePackages();
    prepareDebian(rest.includes('--quick') ? ['demo-quick'] : ['demo-quick', 'demo']);
    return run(join(root, 'bessemer'), ['demo', ...rest]);
  },
  test: () => {
    preparePackages();
    prepareDebian(['demo-quick', 'demo', 'test']);
    return run(node, [join(root, 'scripts', 'test.mjs'), ...rest]);
  },
  bench: () => {
    preparePackages();
    prepareDebian(['demo-quick', 'bench']);
    return run(node, [join(root, 'bench', 'main.ts'), ...rest]);
  },
};

const work = COMMANDS[command];
if (work === undefined)
  stop(`prepare.mjs knows ${Object.keys(COMMANDS).join(', ')}, not "${command}"`);
process.exit(work());
