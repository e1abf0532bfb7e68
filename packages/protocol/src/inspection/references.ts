// `{inventory[cpu][count]}`, `{node.driver_info[key]}`, `{item[path]}`: what the texts of a rule refer to. Braces that
// do not hold a reference are text, and so is whatever a reference stands for: values are never looked at again.

export type ReferenceRoot = 'node' | 'inventory' | 'plugin_data' | 'item';

export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'reference';
      readonly root: ReferenceRoot;
      readonly path: readonly string[];
      /** As it was written, with its braces. */
      readonly source: string;
    };

// Each alternative begins with another character, so there is one way to match a text.
const REFERENCE =
  /\{\{|\}\}|\{(node|inventory|plugin_data|item)((?:\[[^[\]{}]{1,255}\]|\.[A-Za-z0-9_-]{1,255}){0,20})\}/g;
const STEP = /\[([^[\]{}]+)\]|\.([A-Za-z0-9_-]+)/g;

export const textParts = (text: string): readonly TextPart[] => {
  const parts: TextPart[] = [];
  let plain = '';
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [source, root, steps = ''] = match;
    plain += text.slice(end, match.index);
    end = match.index + source.length;
    if (root === undefined) {
      plain += source.slice(1);
      continue;
    }
    if (plain !== '') parts.push({ kind: 'text', text: plain });
    plain = '';
    const path = Array.from(
      steps.matchAll(STEP),
      ([, inBrackets, name]) => inBrackets ?? name ?? '',
    );
    parts.push({ kind: 'reference', root: root as ReferenceRoot, path, source });
  }
  plain += text.slice(end);
  if (plain !== '' || parts.length === 0) parts.push({ kind: 'text', text: plain });
  return parts;
};

export const hasReference = (value: unknown): boolean =>
  typeof value === 'string' && textParts(value).some((part) => part.kind === 'reference');
