// Cuts a rule into words. Blanks separate; parentheses may touch a word, and are part of it where `%(key)s` has them.

export type Token =
  | { readonly kind: '(' | ')' | 'and' | 'or' | 'not'; readonly text: string }
  | { readonly kind: 'check' | 'string'; readonly text: string };

const KEYWORDS = ['and', 'or', 'not'] as const;

const isQuoted = (word: string): boolean =>
  word.length >= 2 && (word[0] === "'" || word[0] === '"') && word.at(-1) === word[0];

const wordToken = (word: string): Token => {
  const keyword = KEYWORDS.find((each) => each === word.toLowerCase());
  if (keyword !== undefined) return { kind: keyword, text: word };
  return { kind: isQuoted(word) ? 'string' : 'check', text: word };
};

export const tokensOf = (rule: string): readonly Token[] => {
  const tokens: Token[] = [];
  for (const word of rule.split(/\s+/)) {
    let begin = 0;
    while (word[begin] === '(') begin += 1;
    let end = word.length;
    while (end > begin && word[end - 1] === ')') end -= 1;
    for (let each = 0; each < begin; each += 1) tokens.push({ kind: '(', text: '(' });
    if (end > begin) tokens.push(wordToken(word.slice(begin, end)));
    for (let each = end; each < word.length; each += 1) tokens.push({ kind: ')', text: ')' });
  }
  return tokens;
};
