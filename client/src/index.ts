export { createFramecue } from './framecue.ts';
export type * from './prizes/types.ts';
export type * from './sale/types.ts';
export type * from './types.ts';
