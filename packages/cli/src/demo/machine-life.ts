// The life of one machine, from enrolment to erasure: each phase asks the service for something, shows what happens,
// and proves it from outside of the service wherever that is possible.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { plainText } from '#output/plain-text';
import { sizeText } from '#output/quantity';
import type { Screen } from '#output/screen';

import { CliFailure } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';
import { deploy } from '../node/deploy.ts';
import { enrol } from '../node/enrol.ts';
import { fetchErasures } from '../node/erasures.ts';
import { fetchNode, requestProvision } from '../node/node-calls.ts';
import { lastJournalSeq, watchUntilRest } from '../node/watch.ts';
import type { Session } from '../session.ts';
import type { DemoKey } from './demo-key.ts';
import { consoleLength, type DemoLab, waitForConsole } from './lab-machine.ts';
import type { Phases } from './phases.ts';
import type { DemoImage } from './setting-up.ts';

export type LifeParts = {
  readonly session: Session;
  readonly lab: DemoLab;
  readonly image: DemoImage;
  readonly phases: Phases;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isQuick: boolean;
  readonly key: DemoKey;
  /** Told the node as soon as there is one, so that a failure can be explained. */
  readonly onNode: (uuid: string) => void;
};

const HOSTNAME = 'demo-host';
const QUICK_LINE = new RegExp(`up from disk.*${HOSTNAME}`);
/** Printed by a unit of the lab's Debian image, from what cloud-init made of the config drive. */
const DEBIAN_LINE = new RegExp(`bessemer-os: hostname ${HOSTNAME} key \\S+`);
const MARKER = 'bessemer-demo: a secret of the tenant before';
/** A Debian boot under software emulation takes 40 to 90 s; four times that. */
const CONSOLE_MS_MAX = 360_000;

export const liveOneLife = async (parts: LifeParts): Promise<void> => {
  const { phases, session, lab } = parts;
  let uuid = '';
  const ask = async (target: string, wanted: string): Promise<JsonObject> =>
    settle(parts, uuid, wanted, () => requestProvision(session, uuid, target));

  await phases.run(
    'enrol: a node and its port, from what the lab says of the machine',
    async () => {
      ({ uuid } = await enrol(session, lab.machine, { driver: 'redfish' }));
      parts.onNode(uuid);
      return `node ${uuid}, port ${lab.machine.macs.join(', ')}`;
    },
  );
  await phases.run('manage: its BMC proves who it is', async () => {
    const node = await ask('manage', 'manageable');
    return `manageable, ${plainText(node['power_state'])}`;
  });
  await phases.run('inspect: our ramdisk looks inside', async () => {
    const node = await ask('inspect', 'manageable');
    return inspectionText(await fetchInventory(session, uuid), node);
  });
  await phases.run('plant: something secret is left on the disk', async () => {
    await lab.plantMarker(MARKER);
    if (!(await lab.hasMarker(MARKER))) throw new CliFailure('failed', 'the marker is not there');
    return 'find-marker finds it';
  });
  await phases.run('provide: the disks are erased before anybody gets the machine', async () => {
    await ask('provide', 'available');
    return erasureText(await fetchErasures(session, uuid));
  });
  await phases.run('proof: every byte of the disk is read from outside', () =>
    proveAbsent(lab, MARKER),
  );
  const consoleBefore = consoleLength(lab.serialLog);
  await phases.run('deploy: the image and a config drive are written', async () => {
    const { image } = parts;
    const node = await settle(parts, uuid, 'active', () =>
      deploy(
        session,
        uuid,
        {
          url: `file://${image.path}`,
          checksum: `sha256:${image.sha256}`,
          format: image.format,
        },
        { path: undefined, hostname: HOSTNAME, sshKey: parts.key.publicKey },
      ),
    );
    return `${plainText(node['provision_state'])}, SHA-256 ${image.sha256.slice(0, 12)}... checked`;
  });
  await phases.run('first boot: the installed system shows its hostname and key', () =>
    proveFirstBoot(parts, consoleBefore),
  );
  await phases.run('give back: undeploy, and erase what the tenant left', async () => {
    const before = (await fetchErasures(session, uuid)).length;
    const node = await ask('deleted', 'available');
    const all = await fetchErasures(session, uuid);
    // The newest come first.
    const erasures = all.slice(0, all.length - before);
    return `${plainText(node['provision_state'])}, ${plainText(node['power_state'])}; ${erasureText(erasures)}`;
  });
  await phases.run("proof: nothing of the tenant's config drive is left", () =>
    proveAbsent(lab, parts.key.blob),
  );
};

/** Asks, shows what happens until the node rests, and insists on where it rests. */
const settle = async (
  parts: LifeParts,
  uuid: string,
  wanted: string,
  request: () => Promise<void>,
): Promise<JsonObject> => {
  const { session, clock, signal } = parts;
  const afterSeq = await lastJournalSeq(session, uuid);
  await request();
  const screen = indented(parts.screen);
  const options = { isFollowing: false, clock, signal, afterSeq };
  const report = await watchUntilRest(session, uuid, screen, options);
  if (signal.aborted) throw new CliFailure('interrupted', 'interrupted');
  if (report.provisionState !== wanted) {
    const cause = report.failure === null ? '' : `: ${report.failure.text}`;
    throw new CliFailure('failed', `${report.provisionState} instead of ${wanted}${cause}`);
  }
  return fetchNode(session, uuid);
};

const indented = (screen: Screen): Screen => ({
  line: (text) => screen.line(`   ${text}`),
  live: (text) => screen.live(text === undefined ? undefined : `   ${text}`),
});

const fetchInventory = async (session: Session, uuid: string): Promise<JsonObject> => {
  const answer = await session.call('GET', `/v1/nodes/${uuid}/inventory`);
  const inventory = isJsonObject(answer) ? answer['inventory'] : undefined;
  return isJsonObject(inventory) ? inventory : {};
};

const objectsIn = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const inspectionText = (inventory: JsonObject, node: JsonObject): string => {
  const properties = isJsonObject(node['properties']) ? node['properties'] : {};
  const disks = objectsIn(inventory['disks']).map(
    ({ name, size, serial }) =>
      `${plainText(name)} ${sizeText(Number(size))} serial ${plainText(serial)}`,
  );
  return [
    `${plainText(properties['cpus'])} CPUs`,
    `${plainText(properties['memory_mb'])} MiB`,
    ...disks,
  ].join(', ');
};

const erasureText = (records: readonly JsonObject[]): string => {
  if (records.length === 0) throw new CliFailure('failed', 'no record of an erasure was stored');
  return records
    .map(({ summary }) => (typeof summary === 'string' ? summary.replaceAll(/\s+/g, ' ') : '?'))
    .join('; ');
};

const proveAbsent = async (lab: DemoLab, marker: string): Promise<string> => {
  if (await lab.hasMarker(marker)) {
    throw new CliFailure('failed', `"${marker}" is still on the disk`);
  }
  return `"${marker}" is nowhere on the disk`;
};

const proveFirstBoot = async (parts: LifeParts, fromCharacters: number): Promise<string> => {
  const { lab, clock, signal } = parts;
  const options = { fromCharacters, limitMs: CONSOLE_MS_MAX, clock, signal };
  const pattern = parts.isQuick ? QUICK_LINE : DEBIAN_LINE;
  const line = await waitForConsole(lab.serialLog, pattern, options);
  if (parts.isQuick) {
    // A simulated machine runs nothing of the image: the key is looked for where the installed system would.
    if (!(await lab.hasMarker(parts.key.blob)))
      throw new CliFailure('failed', 'the key is not on the disk');
    return `console: "${shortened(line)}"; the key is on the config drive`;
  }
  // The installed system says the fingerprint of the key that it took from the config drive.
  if (!line.includes(parts.key.fingerprint)) {
    throw new CliFailure('failed', `the console does not show the key: ${line}`);
  }
  return `console: "${line}"`;
};

const LINE_SHOWN_MAX = 70;
const shortened = (line: string): string =>
  line.length <= LINE_SHOWN_MAX ? line : `${line.slice(0, LINE_SHOWN_MAX)}...`;
