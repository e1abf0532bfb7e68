// Runs every test, and ends with one line that counts them. What fails does not stop the rest: one run shows all that
// is wrong, and shows it again at its very end.
//   npm test                 everything
//   npm test -- unit types   only these stages
//   npm test -- more         what takes too long for every run
//
// Each test file is a process. The files of all stages wait in one line for two lanes, the long ones first; emulated
// machines, which keep about one core busy, come one at a time in a lane of their own. Output is shown stage by stage.

import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const bessemer = (...args) => [join(root, 'bessemer'), ...args];

/** Beside the lane of the machines. */
const LANES = 2;
/** While no emulated machine runs. */
const LANES_ALONE = 3;
/** A process that takes longer hangs. */
const PROCESS_MS_MAX = 8 * 60_000;
/** For the last words of a process that has ended. */
const OUTPUT_MS_MAX = 10_000;
const SLOWEST_SHOWN = 10;
/** Of a process that failed without saying which test it was. */
const TAIL_LINES = 60;

/** What takes longest; begun last, the other lanes would wait for it. */
const LONG = [
  'test/killed-service.test.ts',
  'packages/service/test/bmc-kill.test.ts',
  'test/killed-routes.test.ts',
  'test/drills.test.ts',
  'test/refusals.test.ts',
  'packages/service/test/bmc-faults.test.ts',
  'test/cli-commands.test.ts',
  'test/keystone-auth.test.ts',
  'packages/service/test/api-fuzz.test.ts',
  'packages/service/test/conductor/kill.test.ts',
  'test/bench.test.ts',
  'test/token-hunt.test.ts',
  'packages/service/test/netboot/dnsmasq.test.ts',
  'packages/service/test/bmc-lockout.test.ts',
  'test/simulated-machine.test.ts',
  'packages/service/test/manage.test.ts',
  'packages/service/test/bmc-two-conductors.test.ts',
  'test/killed-first-contact.test.ts',
  'test/sdk-proxy.test.ts',
  'packages/service/test/secret-store-barbican.test.ts',
];

/** Emulated machines that are asked for by name. */
const MORE = ['packages/*/test/more/*.test.ts', 'test/machines/more/*.test.ts'];

const place = (file) => (LONG.includes(file) ? LONG.indexOf(file) : LONG.length);

const testFiles = (pattern, exclude = []) =>
  globSync(pattern, { cwd: root, exclude })
    .toSorted()
    .toSorted((one, other) => place(one) - place(other));

const nodeTest = (...args) => [bin('node'), '--test-reporter=spec', ...args];
const eachFile = (lane, files) => files.map((file) => ({ name: file, lane, argv: nodeTest(file) }));
const alone = (name, argv, lane = 'compute') => [{ name, lane, argv }];

/** Each stage: what it shows, and the processes that show it. Those of one `round` wait for all of the round before. */
const STAGES = [
  {
    name: 'format',
    round: 1,
    what: 'the formatter agrees',
    jobs: () => alone('oxfmt', [bin('oxfmt'), '--check', '.']),
  },
  {
    name: 'lint',
    round: 1,
    what: 'rules and import directions hold',
    jobs: () => alone('oxlint', [bin('oxlint'), '--type-aware', '--deny-warnings']),
  },
  {
    name: 'types',
    round: 1,
    what: 'the types fit',
    jobs: () => alone('tsc', [bin('tsc'), '--noEmit', '-p', 'tsconfig.json']),
  },
  {
    name: 'unit',
    round: 1,
    what: 'one process, no sockets, files or clocks',
    jobs: () =>
      alone(
        'packages/*/src/**/*.test.ts',
        nodeTest('--test', '--test-isolation=none', ...testFiles('packages/*/src/**/*.test.ts')),
      ),
  },
  {
    name: 'ramdisk',
    round: 1,
    what: 'the deploy ramdisk is built',
    jobs: () => alone('ramdisk build', bessemer('ramdisk', 'build'), 'machine'),
  },
  {
    name: 'image',
    round: 1,
    what: 'the small disk image is built',
    jobs: () => alone('lab image tiny', bessemer('lab', 'image', 'tiny'), 'machine'),
  },
  {
    name: 'keystone',
    round: 1,
    what: 'a Keystone with people in it is made',
    jobs: () => alone('make-template', [bin('node'), 'test/keystone/make-template.ts']),
  },
  {
    name: 'contract',
    round: 2,
    what: 'each part against real peers: databases, sockets, disks, processes',
    jobs: () => eachFile('compute', testFiles('packages/*/test/**/*.test.ts', MORE)),
  },
  {
    name: 'system',
    round: 2,
    what: 'real clients against the whole product, on simulated machines',
    jobs: () => eachFile('compute', testFiles('test/*.test.ts')),
  },
  {
    name: 'machines',
    round: 2,
    what: 'emulated machines: real firmware, loaders, kernel and disks; one at a time',
    jobs: () => eachFile('machine', testFiles('test/machines/*.test.ts')),
  },
  {
    name: 'more',
    round: 2,
    isLong: true,
    what: 'emulated machines in more ways; some minutes, only when it is named',
    jobs: () => eachFile('machine', testFiles(MORE)),
  },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  const names = STAGES.map(({ name }) => name).join(', ');
  process.stderr.write(`no stage ${unknown.join(', ')}; there are ${names}\n`);
  process.exit(2);
}

const environment = {
  ...process.env,
  // As ./bessemer does: most of a short test is the start of its process.
  NODE_COMPILE_CACHE:
    process.env['NODE_COMPILE_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bessemer-compile'),
};

const counts = { pass: 0, fail: 0, skipped: 0 };
const COUNT_LINE = /^ℹ (\w+) (\d+(?:\.\d+)?)$/;
const COUNTED = {
  pass: 'pass',
  fail: 'fail',
  cancelled: 'fail',
  skipped: 'skipped',
  todo: 'skipped',
};

/** Takes the closing lines of Node's test runner out and adds them up. */
const withoutCounts = (text) =>
  text
    .split('\n')
    .filter((line) => {
      const found = COUNT_LINE.exec(line);
      if (found === null) return true;
      const kind = COUNTED[found[1]];
      if (kind !== undefined) counts[kind] += Number(found[2]);
      return false;
    })
    .join('\n')
    .trim();

const FAILURES = /^✖ failing tests:$/m;
const FAILED_TEST = /^✖ (.+) \(\d[\d.]*ms\)$/gm;

const failureOf = (text) => {
  const at = text.search(FAILURES);
  return at === -1 ? text.split('\n').slice(-TAIL_LINES).join('\n') : text.slice(at);
};

const run = ([program, ...args]) =>
  new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(program, args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PROCESS_MS_MAX,
      killSignal: 'SIGKILL',
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
    }
    const end = (status) => {
      resolve({ status, text, seconds: (performance.now() - startedMs) / 1000 });
    };
    child.on('error', (error) => {
      text += `${program}: ${error.message}\n`;
      end(1);
    });
    const ended = (status, signal) => {
      if (signal !== null) text += `\nended by ${signal}\n`;
      end(status ?? 1);
    };
    child.on('close', ended);
    // What it left behind may hold its output open.
    child.on('exit', (...how) => setTimeout(ended, OUTPUT_MS_MAX, ...how).unref());
  });

const say = (text) => process.stdout.write(`${text}\n`);
const time = (seconds) => `${seconds.toFixed(1).padStart(7)} s`;

const wanted = STAGES.filter(({ name, isLong }) =>
  asked.length === 0 ? isLong !== true : asked.includes(name),
).map((stage) => ({ ...stage, jobs: stage.jobs(), done: [], shown: false }));
const startedMs = performance.now();
const sinceStart = () => (performance.now() - startedMs) / 1000;

/** What came out of one process, with the line that says how it ended. */
const show = ({ job, status, text, seconds }) => {
  if (text !== '') say(text);
  say(`${status === 0 ? '--' : '-- FAILED'} ${job.name} ${seconds.toFixed(1)} s`);
};

/** The first stage that is not over is shown as it goes on; what is ahead of it waits. */
const showStages = () => {
  for (const stage of wanted) {
    if (!stage.shown) say(`\n== ${stage.name}: ${stage.what}`);
    stage.shown = true;
    for (const result of stage.done) {
      if (!result.shown) show(result);
      result.shown = true;
    }
    if (stage.done.length < stage.jobs.length) return;
  }
};

const runJob = async (stage, job) => {
  stage.beganAt ??= sinceStart();
  const { status, text, seconds } = await run(job.argv);
  const failedBefore = counts.fail;
  const left = withoutCounts(text);
  if (status !== 0 && counts.fail === failedBefore) counts.fail += 1;
  stage.done.push({ job, status, seconds, text: left });
  stage.endedAt = sinceStart();
  showStages();
};

/** Takes the next job of the lane from the line, and the next, until there is none. */
const runRound = (round) => {
  const line = wanted
    .filter((stage) => stage.round === round)
    .flatMap((stage) => stage.jobs.map((job) => ({ stage, job })));
  line.sort((one, other) => place(one.job.name) - place(other.job.name));
  const running = { compute: 0, machine: 0 };
  return new Promise((resolve) => {
    const fill = () => {
      if (line.length === 0 && running.compute + running.machine === 0) resolve();
      const isMachineWaiting = line.some(({ job }) => job.lane === 'machine');
      const limits = {
        machine: 1,
        compute: running.machine > 0 || isMachineWaiting ? LANES : LANES_ALONE,
      };
      for (const lane of ['machine', 'compute']) {
        while (running[lane] < limits[lane]) {
          const at = line.findIndex(({ job }) => job.lane === lane);
          if (at === -1) break;
          const [{ stage, job }] = line.splice(at, 1);
          running[lane] += 1;
          void runJob(stage, job).then(() => {
            running[lane] -= 1;
            fill();
          });
        }
      }
    };
    fill();
  });
};

for (const round of [1, 2]) await runRound(round);

const results = wanted.flatMap(({ done }) => done);
const failed = results.filter(({ status }) => status !== 0);

say('\n== the slowest');
const slowest = results.toSorted((one, other) => other.seconds - one.seconds);
for (const { job, seconds } of slowest.slice(0, SLOWEST_SHOWN))
  say(`${time(seconds)}  ${job.name}`);

if (failed.length > 0) say('\n== what failed, again');
for (const { job, text } of failed) say(`\n-- ${job.name}\n${failureOf(text)}`);

say('');
for (const { name, done, beganAt = 0, endedAt = 0 } of wanted) {
  const isGood = done.every(({ status }) => status === 0);
  say(`${isGood ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${time(endedAt - beganAt)}`);
}
say(`       in all     ${time(sinceStart())}`);
for (const { job, text } of failed) {
  const names = [...failureOf(text).matchAll(FAILED_TEST)].map(([, name]) => name);
  say(`FAILED ${job.name}${names.map((name) => `\n         ${name}`).join('')}`);
}
say(`\n${counts.pass} passed, ${counts.fail} failed, ${counts.skipped} skipped`);
process.exit(failed.length === 0 ? 0 : 1);
