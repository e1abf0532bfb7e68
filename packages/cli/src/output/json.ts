// `-f json`: what the service said, for programs.

export const renderJson = (value: unknown): string => JSON.stringify(value, null, 2);
