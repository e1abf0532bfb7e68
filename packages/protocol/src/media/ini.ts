// Configuration files in the form that stock agents read: `[section]`, `key = value`, comments with # or ;.

export type IniEntry = { readonly section: string; readonly key: string; readonly value: string };

/** Lines before the first section belong to `DEFAULT`. A line that is none of these is left out. */
export const parseIni = (text: string): IniEntry[] => {
  const entries: IniEntry[] = [];
  let section = 'DEFAULT';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const title = /^\[([^\]]+)\]$/.exec(line)?.[1];
    if (title !== undefined) {
      section = title.trim();
      continue;
    }
    const at = line.indexOf('=');
    if (at < 1) continue;
    entries.push({ section, key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() });
  }
  return entries;
};
