// Writes a cpio archive (`newc`) as a service would put it into the reserved region.

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

const entry = (path: string, mode: number, content: Buffer): Buffer => {
  const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.from(`${header}${path}\0`)), padded(content)]);
};

const parentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_part, index, parts) => parts.slice(0, index + 1).join('/'));

/** Directories come first: the kernel makes none by itself. */
export const makeArchive = (files: { readonly [path: string]: string }): Buffer => {
  const directories = new Set(Object.keys(files).flatMap(parentsOf));
  return Buffer.concat([
    ...[...directories].map((path) => entry(path, 0o040755, Buffer.alloc(0))),
    ...Object.entries(files).map(([path, text]) => entry(path, 0o100600, Buffer.from(text))),
    entry('TRAILER!!!', 0, Buffer.alloc(0)),
  ]);
};
