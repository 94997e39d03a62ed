import type { DrawCommands, DrawQuestions } from './draws.ts';
import type { OutboxCommands, OutboxQuestions } from './outbox.ts';
import type { SaleCommands, SaleQuestions } from './sale.ts';
import type { PeopleQuestions } from './sqlite/acted.ts';
import type { TreasuryCommands, TreasuryQuestions } from './treasury-commands.ts';
import type { ViewerCommands, ViewerQuestions } from './viewers.ts';

/**
 * What can be asked of the ledger's books beside interactions and answers, by name: `in` is what is given, `out` the
 * outcome, as a value. Each domain adds a map of its own (`TreasuryCommands`, ...), and its part in
 * `sqlite/domains.ts`. All of it crosses threads: plain data alone.
 */
export type Commands = DrawCommands & OutboxCommands & SaleCommands & TreasuryCommands & ViewerCommands;

/** Questions change nothing and see what is committed. */
export type Questions = DrawQuestions &
  OutboxQuestions &
  SaleQuestions &
  TreasuryQuestions &
  PeopleQuestions &
  ViewerQuestions;

type InOf<Map, Name extends keyof Map> = Map[Name] extends { readonly in: infer In } ? In : never;
type OutOf<Map, Name extends keyof Map> = Map[Name] extends { readonly out: infer Out } ? Out : never;

export type CommandIn<Name extends keyof Commands> = InOf<Commands, Name>;
export type CommandOut<Name extends keyof Commands> = OutOf<Commands, Name>;
export type QuestionIn<Name extends keyof Questions> = InOf<Questions, Name>;
export type QuestionOut<Name extends keyof Questions> = OutOf<Questions, Name>;

/**
 * The books of what is given away. As with `Ledger`: a command's promise resolves after the commit and never before;
 * commands are applied in the order of the calls, each whole or not at all; each may be asked for twice. They reject
 * with ERR_OVERLOADED, ERR_STORE_UNAVAILABLE (maybe committed: ask again), ERR_NOT_READY.
 */
export interface Books {
  perform<Name extends keyof Commands>(name: Name, given: CommandIn<Name>): Promise<CommandOut<Name>>;
  ask<Name extends keyof Questions>(name: Name, given: QuestionIn<Name>): Promise<QuestionOut<Name>>;
}
