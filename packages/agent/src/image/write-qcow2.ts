// qcow2 images; filled in when the shared reader is there.

import type { AgentContext, Report } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import type { DiskWriter } from './disk-writer.ts';
import type { Download } from './download.ts';
import type { ImageInfo } from './image-info.ts';
import type { ImageServerOptions } from './image-server.ts';
import type { WrittenStream } from './write-stream.ts';

export const writeQcow2 = async (
  _context: AgentContext,
  _server: ImageServerOptions,
  _download: Download,
  _writer: DiskWriter,
  _info: ImageInfo,
  _options: { readonly report: Report },
): Promise<WrittenStream> => {
  throw new CommandFailure('InvalidImage', 'qcow2 images are not supported yet', {
    failureCode: 'image.format',
  });
};
