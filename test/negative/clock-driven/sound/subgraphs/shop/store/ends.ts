export const findEnd = (): Date => new Date();
