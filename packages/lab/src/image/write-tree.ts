// Text files of a system, as a table, onto the disk.

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type TextFile = {
  readonly path: string;
  readonly text: string;
  readonly isProgram?: boolean;
};

export const writeTextFiles = async (root: string, files: readonly TextFile[]): Promise<void> => {
  for (const { path, text, isProgram } of files) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, isProgram === true ? 0o755 : 0o644);
  }
};

export const writeLinks = async (
  root: string,
  links: readonly (readonly [path: string, target: string])[],
): Promise<void> => {
  for (const [path, target] of links) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path));
  }
};
