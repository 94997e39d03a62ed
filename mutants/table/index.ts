import type { MutantTable } from '../lib/mutant.ts';
import { INJECTOR } from './injector.ts';
import { OUTPUTS } from './outputs.ts';
import { PACKET } from './packet.ts';
import { PARSER } from './parser.ts';

/** All planted faults, in the order of a frame's way. */
export const MUTANTS: MutantTable = [...PACKET, ...PARSER, ...INJECTOR, ...OUTPUTS];
