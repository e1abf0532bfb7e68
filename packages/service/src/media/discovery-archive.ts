// What a ramdisk gets that is booted by a machine which nobody knows yet: the same for all, and nothing secret.

import {
  type DiscoveryConfig,
  renderDiscoveryConfig,
} from '@bessemer/protocol/media/discovery-config';
import { writeCpio } from '@bessemer/protocol/media/cpio';
import { AGENT_CA_PATH, AGENT_CONFIG_PATH } from '@bessemer/protocol/media/reserved-region';

const MODE = 0o644;

export const renderDiscoveryArchive = (
  config: DiscoveryConfig & { readonly authorityPem: string },
): Buffer => {
  const files = [
    { path: AGENT_CONFIG_PATH, text: renderDiscoveryConfig(config) },
    { path: AGENT_CA_PATH, text: config.authorityPem },
  ].map(({ path, text }) => ({ path, mode: MODE, content: Buffer.from(text) }));
  const archive = writeCpio(files, Math.floor(config.madeAtMs / 1000));
  return Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
};
