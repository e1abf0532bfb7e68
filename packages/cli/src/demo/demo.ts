// `demo`: sets up what is missing, starts a service and a machine, lives one life of it, prints what proved what, and
// ends everything that it started.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cacheDirectory } from '@bessemer/protocol/paths';

import { renderFacts } from '#output/format';
import { plainText } from '#output/plain-text';
import type { Screen } from '#output/screen';

import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';
import { readCloud } from '../clouds-file.ts';
import { whyFacts } from '../node/why.ts';
import { fetchWhy } from '../node/why-report.ts';
import { openSession, type Session } from '../session.ts';
import { makeDemoKey } from './demo-key.ts';
import { startLab } from './lab-machine.ts';
import { liveOneLife } from './machine-life.ts';
import { makePhases } from './phases.ts';
import { buildRamdisk, debianImage, serve, type SetUpPlace, smallImage } from './setting-up.ts';

export type DemoOptions = {
  readonly isQuick: boolean;
  readonly isKept: boolean;
  readonly clock: Clock;
  readonly screen: Screen;
  readonly signal: AbortSignal;
};

const LAB_NAME = 'demo';
const QEMU_LAB = ['--kind', 'qemu', '--firmware', 'uefi', '--disk', 'virtio:6G'];
const SIMULATED_LAB = ['--kind', 'simulated', '--disk', 'virtio:256M'];

export const runDemo = async (options: DemoOptions): Promise<number> => {
  const { screen } = options;
  const work = mkdtempSync(join(tmpdir(), 'bessemer-demo-'));
  const cleanUps: (() => Promise<void>)[] = [];
  let status: number = EXIT_CODES.ok;
  try {
    await demonstrate(options, work, (cleanUp) => cleanUps.unshift(cleanUp));
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    status = options.signal.aborted ? EXIT_CODES.interrupted : error.exitCode;
    screen.line(`\nThe demo did not end well: ${error.message}`);
  } finally {
    if (options.isKept) {
      screen.line(`\nLeft running, with everything in ${work}`);
    } else {
      for (const cleanUp of cleanUps) await attempt(screen, cleanUp);
      if (status === EXIT_CODES.failed) screen.line(`Logs are kept in ${work}`);
      else rmSync(work, { recursive: true, force: true });
    }
  }
  return status;
};

/** One thing that cannot be ended must not keep the others running. */
const attempt = async (screen: Screen, cleanUp: () => Promise<void>): Promise<void> => {
  try {
    await cleanUp();
  } catch (error) {
    screen.line(`Cleaning up: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const demonstrate = async (
  options: DemoOptions,
  work: string,
  onCleanUp: (cleanUp: () => Promise<void>) => void,
): Promise<void> => {
  const { screen, clock, signal, isQuick } = options;
  const phases = makePhases(screen, clock);
  const place: SetUpPlace = {
    work,
    cache: cacheDirectory(process.env),
    logPath: join(work, 'set-up.log'),
    signal,
    onLine: (line) => screen.line(`   ${line}`),
  };
  if (!isQuick) {
    await phases.run('set up: the deploy ramdisk, from Debian packages', () => buildRamdisk(place));
  }
  const image = await phases.make(
    isQuick ? 'set up: a small disk image' : 'set up: a Debian 12 disk image, from Debian packages',
    async () => (isQuick ? smallImage(place) : debianImage(place)),
    ({ text }) => text,
  );
  const lab = await phases.make(
    isQuick
      ? 'lab: a simulated machine behind its own BMC'
      : 'lab: an emulated UEFI machine behind its own BMC',
    () =>
      startLab(isQuick ? SIMULATED_LAB : QEMU_LAB, {
        directory: join(work, 'lab'),
        name: LAB_NAME,
        logPath: join(work, 'lab.log'),
        signal,
      }),
    ({ machine }) => `${machine.name}, BMC ${plainText(machine.driverInfo['redfish_address'])}`,
  );
  onCleanUp(lab.down);
  const service = await phases.make(
    'serve: the service, with its own keys and accounts',
    () => serve(place, { isQuick, image, clock }),
    ({ url, cloudsPath }) => `ready ${url}; OS_CLIENT_CONFIG_FILE=${cloudsPath}`,
  );
  onCleanUp(service.stop);
  const session = openSession(readCloud(service.cloudsPath, service.cloudsText, undefined));
  onCleanUp(session.close);

  let node: string | undefined;
  try {
    const onNode = (uuid: string): void => {
      node = uuid;
    };
    const key = makeDemoKey();
    await liveOneLife({
      session,
      lab,
      image,
      phases,
      screen,
      clock,
      signal,
      isQuick,
      key,
      onNode,
    });
  } catch (error) {
    if (node !== undefined && !signal.aborted) await explain(session, node, options);
    throw error;
  }
  screen.line(`\n${phases.summary()}`);
};

/** `why` says what went wrong; where even that cannot be had, the first failure is what counts. */
const explain = async (session: Session, node: string, options: DemoOptions): Promise<void> => {
  const { screen, clock } = options;
  try {
    const facts = whyFacts(await fetchWhy(session, node), clock.wallMs());
    screen.line(`\n${renderFacts(facts, 'table')}`);
  } catch (error) {
    screen.line(
      `why could not be asked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};
