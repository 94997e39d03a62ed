export { createFramecue } from './framecue.ts';
export type * from './types.ts';
