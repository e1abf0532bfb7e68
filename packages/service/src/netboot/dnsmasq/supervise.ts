// The life of dnsmasq: a child of this process, in the foreground, started again when it ends without being asked,
// later and later when it keeps ending. The first start is different: if that fails, the service says why and does
// not start.

import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import { type ChildLog, makeChildLog } from './child-log.ts';
import { configArgument, endLeftOver } from './left-over.ts';

export type SuperviseParts = {
  /** The program and what stands before its own arguments. */
  readonly command: readonly string[];
  readonly configPath: string;
  readonly pidFile: string;
  /** Done before each start, while dnsmasq does not run. */
  readonly prepare: () => Promise<void>;
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
  readonly log: Log;
};

export type Supervisor = {
  /** Ends dnsmasq and starts it again at once. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Null while it does not run. */
  readonly pid: () => number | null;
};

const READY_MS_MAX = 10_000;
const STOP_MS_MAX = 3_000;
const BACK_OFF_MS = { first: 500, max: 60_000 };
/** Who ran for so long did not end because of how it was started. */
const STEADY_MS = 60_000;
const READY = /: started, version /u;

type Running = {
  readonly child: ChildProcess;
  readonly log: ChildLog;
  readonly ended: Promise<void>;
  readonly sinceMs: number;
};

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/ENOENT/u, 'Install the Debian package dnsmasq-base.'],
  [/unknown interface/u, 'Name an interface of this host that has an address.'],
  [
    /Permission denied|Operation not permitted|capabilit/iu,
    'It needs the capabilities NET_ADMIN, NET_RAW and NET_BIND_SERVICE.',
  ],
  [/in use/u, 'Another DHCP or TFTP server runs on this host.'],
];

const startFailure = (why: string): Failure => {
  const hint = HINTS.find(([pattern]) => pattern.test(why))?.[1];
  const text = `dnsmasq does not start: ${why === '' ? 'it said nothing' : why}.`;
  return new Failure('boot.no-host', hint === undefined ? text : `${text} ${hint}`);
};

/** Once it runs it is no reason for this process to go on; whoever waits for its start or end has one. */
const letGo = (child: ChildProcess): void => {
  child.unref();
  if (child.stderr instanceof Socket) child.stderr.unref();
};

const hold = (child: ChildProcess): void => {
  child.ref();
  if (child.stderr instanceof Socket) child.stderr.ref();
};

const launch = ({ command, configPath, log, clock }: SuperviseParts): Promise<Running> =>
  new Promise((resolve, reject) => {
    const [program = 'dnsmasq', ...before] = command;
    const child = spawn(
      program,
      [...before, configArgument(configPath), '--keep-in-foreground', '--log-facility=-'],
      {
        cwd: '/',
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      },
    );
    // A service that ends in the middle of its own start does not leave it behind.
    const endToo = (): void => {
      child.kill('SIGTERM');
    };
    process.once('exit', endToo);
    const childLog = makeChildLog(log, clock);
    const ended = new Promise<void>((done) => {
      // After the last line; also when the program is not there at all.
      child.once('close', () => {
        process.off('exit', endToo);
        done();
      });
    });
    const running = { child, log: childLog, ended, sinceMs: clock.monotonicMs() };
    const cancel = clock.after(READY_MS_MAX, () => {
      child.kill('SIGKILL');
      reject(startFailure(`it is not ready after ${READY_MS_MAX / 1_000} s`));
    });
    child.on('error', (error) => {
      cancel();
      reject(startFailure(error.message));
    });
    void ended.then(() => {
      cancel();
      reject(startFailure(childLog.last()));
    });
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        childLog.add(line);
        if (!READY.test(line)) return;
        cancel();
        letGo(child);
        resolve(running);
      });
    }
  });

const stop = async ({ child, ended }: Running, clock: SuperviseParts['clock']): Promise<void> => {
  hold(child);
  child.kill('SIGTERM');
  const cancel = clock.after(STOP_MS_MAX, () => child.kill('SIGKILL'));
  await ended;
  cancel();
};

/** Resolves when dnsmasq answers; throws `Failure` when it cannot be started. */
export const superviseDnsmasq = async (parts: SuperviseParts): Promise<Supervisor> => {
  const { clock, log } = parts;
  let running: Running | undefined;
  let isClosed = false;
  let isRestarting = false;
  let delayMs = BACK_OFF_MS.first;
  let cancelStart = (): void => {};
  let starting: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    await parts.prepare();
    const started = await launch(parts);
    running = started;
    void started.ended.then(() => onEnd(started));
  };

  const startLater = (): void => {
    log.error({ delayMs }, 'dnsmasq is started again after a while');
    cancelStart = clock.after(delayMs, () => {
      starting = startAgain();
    });
    delayMs = Math.min(delayMs * 2, BACK_OFF_MS.max);
  };

  const startAgain = async (): Promise<void> => {
    if (isClosed) return;
    try {
      await start();
    } catch (error) {
      log.error({ err: error }, 'dnsmasq cannot be started again');
      if (!isClosed) startLater();
    }
  };

  const onEnd = (ended: Running): void => {
    if (running === ended) running = undefined;
    if (isClosed || isRestarting) return;
    const { exitCode, signalCode } = ended.child;
    log.error({ exitCode, signalCode, said: ended.log.last() }, 'dnsmasq ended unasked');
    if (clock.monotonicMs() - ended.sinceMs >= STEADY_MS) delayMs = BACK_OFF_MS.first;
    startLater();
  };

  if (await endLeftOver(parts.pidFile, parts.configPath, clock)) {
    log.warn('ended the dnsmasq that an earlier service left behind');
  }
  await start();

  return {
    restart: async () => {
      if (isClosed || running === undefined) return;
      isRestarting = true;
      try {
        await stop(running, clock);
      } finally {
        isRestarting = false;
      }
      starting = startAgain();
      await starting;
    },
    close: async () => {
      isClosed = true;
      cancelStart();
      await starting;
      if (running !== undefined) await stop(running, clock);
    },
    pid: () => running?.child.pid ?? null,
  };
};
