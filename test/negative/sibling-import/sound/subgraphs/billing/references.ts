export const reference = (id: string): string => id;
