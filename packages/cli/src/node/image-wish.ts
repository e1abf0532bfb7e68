// What `deploy` puts into instance_info, from the words of the command line.

import { CliFailure } from '../cli-failure.ts';

export type ImageWish = {
  readonly url: string;
  readonly checksum: string;
  readonly format: string | undefined;
};

const HEX_LENGTHS: { readonly [length: number]: string } = { 64: 'sha256', 128: 'sha512' };

/** Values for instance_info; null: the key must go, since it would contradict the others. */
export const instanceInfoOf = (wish: ImageWish): { readonly [key: string]: string | null } => ({
  image_source: wish.url,
  ...checksumOf(wish.checksum),
  image_disk_format: wish.format ?? (/\.qcow2$/i.test(wish.url) ? 'qcow2' : 'raw'),
});

const checksumOf = (checksum: string): { readonly [key: string]: string | null } => {
  if (/^https?:\/\//.test(checksum)) {
    return { image_checksum: checksum, image_os_hash_algo: null, image_os_hash_value: null };
  }
  const [, named, hex] = /^(?:(sha256|sha512):)?([0-9a-f]+)$/i.exec(checksum) ?? [];
  const byLength = HEX_LENGTHS[hex?.length ?? 0];
  if (
    hex === undefined ||
    byLength === undefined ||
    (named ?? byLength).toLowerCase() !== byLength
  ) {
    throw new CliFailure(
      'usage',
      '--checksum is sha256:HEX (64 digits), sha512:HEX (128 digits), or the URL of a file of checksums',
    );
  }
  return {
    image_checksum: null,
    image_os_hash_algo: byLength,
    image_os_hash_value: hex.toLowerCase(),
  };
};
