// `./bessemer lab image`: builds an image to deploy and says where it is.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '@bessemer/protocol/paths';
import { LabFailure } from '../lab-failure.ts';
import {
  IMAGE_FORMATS,
  IMAGE_KINDS,
  labImage,
  type ImageFormat,
  type ImageKind,
} from './lab-image.ts';

const USAGE = `./bessemer lab image [${IMAGE_KINDS.join('|')}] [--format ${IMAGE_FORMATS.join('|')}] [--force]

Builds a disk image that lab machines are deployed with and prints file, size and SHA-256 as JSON. tiny
(the default) is for tests; debian is a whole Debian 12. What is up to date is left alone.
`;

export const imageMain = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      format: { type: 'string', default: 'raw.zst' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const kind = IMAGE_KINDS.find((each): each is ImageKind => each === (positionals[0] ?? 'tiny'));
  const format = IMAGE_FORMATS.find((each): each is ImageFormat => each === values.format);
  if (values.help || kind === undefined || format === undefined || positionals.length > 1) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 2;
  }
  const directory = join(cacheDirectory(process.env), 'images');
  const image = await labImage({ kind, format, directory, isForced: values.force });
  process.stdout.write(`${JSON.stringify(image, null, 2)}\n`);
  return 0;
};

if (import.meta.main) {
  imageMain(process.argv.slice(2)).then(
    (status) => {
      process.exitCode = status;
    },
    (error: unknown) => {
      if (!(error instanceof LabFailure) && !(error instanceof TypeError && 'code' in error))
        throw error;
      process.stderr.write(`lab image: ${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
