// A command line as it is typed: words`node set ${name} --extra a=b`. What is put in stays one word.

export const words = (texts: TemplateStringsArray, ...values: readonly string[]): string[] =>
  texts.flatMap((text, index) => {
    const typed = text.split(/\s+/).filter((word) => word !== '');
    const value = values[index];
    return value === undefined ? typed : [...typed, value];
  });
