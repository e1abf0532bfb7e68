// `bessemer serve --roles boot`: a boot host apart from the rest, with a data directory of its own. It serves loaders,
// takes orders by its control listener, and never calls anybody: a network that reaches nothing else is enough for it.

import { join } from 'node:path';

import { makeBootControlListener } from '#api/boot-control-listener';
import type { Clock } from '#clock';
import { openDataDirectory } from '#config/data-directory';
import { parseEndpoint, urlOf } from '#config/endpoint';
import { withPort } from '#config/free-port';
import { readPairing } from '#config/pairing-file';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import { openBootFiles } from '#netboot/remote/boot-files';
import { startBootKeeper } from '#netboot/remote/boot-keeper';
import { makeDenialLog } from '#netboot/remote/denial-log';
import { openKeptBoots } from '#netboot/remote/kept-boots';
import type { Log } from '#observe/log';
import { openKeyRing } from '#trust/key-ring';

import { openBootServing } from './open-netboot.ts';

type Running = { readonly url: string; readonly stop: () => Promise<void> };

/** The URL is the one of the control listener. */
export const serveBootRole = async (
  settings: Settings['netboot'],
  dataPath: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Running> => {
  const data = await openDataDirectory(dataPath);
  const pairing = await readPairing(join(data.path, 'pairing.pem'));
  const control = await withPort(parseEndpoint('netboot.control_listen', settings.control_listen));
  const denials = makeDenialLog();
  const serving = await openBootServing(settings, {
    dataPath: data.path,
    keys: await openKeyRing(data.keys),
    clock,
    log,
    onDenied: (denial) => {
      denials.add(denial);
      log.warn({ ...denial }, 'boot: refused');
    },
  });
  if (serving === undefined) {
    throw new ConfigInvalid('--roles boot needs netboot.http_listen: where machines fetch from');
  }
  const keeper = await startBootKeeper({
    host: serving.host,
    files: await openBootFiles(join(data.path, 'boot-files')),
    kept: await openKeptBoots(join(data.path, 'boots')),
    clock,
    log,
  });
  const app = makeBootControlListener({ keeper, denials, tls: pairing, log });
  await Promise.all([app.listen(control), serving.app.listen(serving.endpoint)]);
  return {
    url: urlOf('https', control),
    stop: async () => {
      await Promise.all([app.close(), serving.app.close()]);
      await keeper.close();
    },
  };
};
