// Runs every test, stage by stage, and ends with one line that counts them. A stage that fails does not stop
// the later ones: one run shows all that is wrong.
//   npm test                 everything
//   npm test -- unit types   only these stages
//   npm test -- more         what takes too long for every run

import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const files = (pattern) => globSync(pattern, { cwd: root }).sort();

const nodeTest = (...args) => [bin('node'), '--test', '--test-reporter=spec', ...args];

/** Each stage: what it shows, and the program that shows it. */
const STAGES = [
  { name: 'format', what: 'the formatter agrees', argv: () => [bin('oxfmt'), '--check', '.'] },
  {
    name: 'lint',
    what: 'rules and import directions hold',
    argv: () => [bin('oxlint'), '--type-aware', '--deny-warnings'],
  },
  {
    name: 'types',
    what: 'the types fit',
    argv: () => [bin('tsc'), '--noEmit', '-p', 'tsconfig.json'],
  },
  {
    name: 'unit',
    what: 'one process, no sockets, files or clocks',
    argv: () => nodeTest('--test-isolation=none', ...files('packages/*/src/**/*.test.ts')),
  },
  {
    name: 'ramdisk',
    what: 'the deploy ramdisk is built',
    argv: () => [join(root, 'bessemer'), 'ramdisk', 'build'],
  },
  {
    name: 'image',
    what: 'the small disk image is built',
    argv: () => [join(root, 'bessemer'), 'lab', 'image', 'tiny'],
  },
  {
    name: 'contract',
    what: 'each part against real peers: databases, sockets, disks, processes',
    argv: () => nodeTest('--test-concurrency=2', ...files('packages/*/test/**/*.test.ts')),
  },
  {
    name: 'system',
    what: 'real clients against the whole product, on simulated machines',
    argv: () => nodeTest('--test-concurrency=2', ...files('test/*.test.ts')),
  },
  {
    name: 'machines',
    what: 'emulated machines: real firmware, loaders, kernel and disks; one at a time',
    // One machine keeps about one core busy; the two stages before it wait for clocks and peers a lot.
    startsWith: 'contract',
    argv: () => nodeTest('--test-concurrency=1', ...files('test/machines/*.test.ts')),
  },
  {
    name: 'more',
    what: 'emulated machines in more ways; some minutes, only when it is named',
    isLong: true,
    argv: () => nodeTest('--test-concurrency=1', ...files('test/machines/more/*.test.ts')),
  },
];

const counts = { pass: 0, fail: 0, skipped: 0 };
const COUNT_LINE = /^. (pass|fail|cancelled|skipped|todo) (\d+)$/;

/** Holds output back until it is its turn to be shown. */
const makeScreen = () => {
  let held = [];
  return {
    write: (text) => {
      if (held === undefined) process.stdout.write(text);
      else held.push(text);
    },
    show: () => {
      process.stdout.write((held ?? []).join(''));
      held = undefined;
    },
  };
};

/** Passes the output on and adds up the closing lines of Node's test runner. */
const runStage = ([program, ...args], screen) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      screen.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const found = COUNT_LINE.exec(line);
        if (found === null) continue;
        const kind = found[1] === 'cancelled' ? 'fail' : found[1] === 'todo' ? 'skipped' : found[1];
        counts[kind] += Number(found[2]);
      }
    });
    child.on('error', (error) => {
      screen.write(`${program}: ${error.message}\n`);
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no stage ${unknown.join(', ')}; there are ${STAGES.map((stage) => stage.name).join(', ')}\n`,
  );
  process.exit(2);
}

const startStage = (stage) => {
  const screen = makeScreen();
  const startedMs = performance.now();
  const result = runStage(stage.argv(), screen).then((status) => ({
    name: stage.name,
    status,
    seconds: (performance.now() - startedMs) / 1000,
  }));
  return { screen, result };
};

const isWanted = ({ name, isLong }) =>
  asked.length === 0 ? isLong !== true : asked.includes(name);
const wanted = STAGES.filter(isWanted);
const started = new Map();
const results = [];
for (const stage of wanted) {
  for (const each of wanted) {
    if (each === stage || each.startsWith === stage.name) {
      if (!started.has(each)) started.set(each, startStage(each));
    }
  }
  const { screen, result } = started.get(stage);
  process.stdout.write(`\n== ${stage.name}: ${stage.what}\n`);
  screen.show();
  results.push(await result);
}

process.stdout.write('\n');
for (const { name, status, seconds } of results) {
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s\n`,
  );
}
process.stdout.write(`\n${counts.pass} passed, ${counts.fail} failed, ${counts.skipped} skipped\n`);
process.exit(results.every(({ status }) => status === 0) ? 0 : 1);
