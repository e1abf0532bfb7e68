// Tokens in what others wrote: the kernel logs its command line, and that is one way for a token to get here.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';

const PATTERN = /(agent[-_]token["']?\s*[=:]\s*["']?)[^\s"'&]+/gi;

export const maskTokens = (text: string): string => text.replaceAll(PATTERN, `$1${TOKEN_MASK}`);
