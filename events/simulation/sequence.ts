import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { checkLedger } from '../ledger/sqlite/check/check.ts';
import { describeFinding } from '../ledger/sqlite/check/finding.ts';
import { readEntrants } from '../ledger/sqlite/draws/list.ts';
import { checkDelivery, deliverySteps } from './delivery.ts';
import type { SimulationFolder } from './disk.ts';
import { LOTTERY } from './kinds.ts';
import { beginLottery, checkDrawn, checkLottery, lotterySteps } from './lottery.ts';
import { machineSteps } from './machine.ts';
import { Breach, type Model, PlantedNowhere } from './model.ts';
import { beginMoney, checkMoney, moneySteps } from './money.ts';
import type { Planted } from './planted.ts';
import { beginRounds, checkRounds, roundSteps } from './rounds.ts';
import { beginSale, checkSale, saleSteps } from './sale.ts';
import { World } from './world.ts';

const MOST_STEPS = 40;

const steps = fc.commands<Model, World, boolean>(
  [fc.oneof(...roundSteps, ...moneySteps, ...lotterySteps, ...saleSteps, ...deliverySteps, ...machineSteps)],
  { maxCommands: MOST_STEPS, size: 'max' },
);

export interface SequenceOptions {
  readonly folder: SimulationFolder;
  readonly planted?: Planted | null;
  /** Looks for a smaller sequence that breaks, too. Default: yes. */
  readonly shrinks?: boolean;
}

/** What a sequence has gone through. */
export interface SequenceCounts {
  readonly steps: number;
  readonly crashes: number;
  readonly commits: number;
  /** To the downstream. */
  readonly calls: number;
}

export type SequenceEnd = {
  readonly counts: SequenceCounts;
  /** What was done and what came of it. */
  readonly trace: readonly string[];
} & ({ readonly kind: 'holds' } | { readonly kind: 'broken'; readonly law: string; readonly error: unknown });

/** One sequence; all of it follows from its number, so that it is the same every time. */
export async function runSequence(number: number, options: SequenceOptions): Promise<SequenceEnd> {
  const { folder, planted = null, shrinks = true } = options;
  let last: World | null = null;
  let hasBroken = false;
  const details = await fc.check(
    fc.asyncProperty(steps, async (sequence) => {
      const world = new World({ folder, planted });
      try {
        await begin(world);
        await fc.asyncModelRun(() => ({ model: world.model, real: world }), sequence);
        await checkEnd(world);
        if (!hasBroken) last = world;
      } catch (error) {
        // The last one that breaks is the smallest.
        hasBroken = true;
        last = world;
        throw error;
      } finally {
        world.close();
        rmSync(dirname(world.disk.path), { recursive: true });
      }
    }),
    { seed: number, numRuns: 1, endOnFailure: !shrinks },
  );
  const world = last as World | null;
  const trace = world?.trace ?? [];
  const counts = world?.counts ?? { steps: 0, crashes: 0, commits: 0, calls: 0 };
  if (!details.failed) return { kind: 'holds', trace, counts };
  const error = details.errorInstance;
  const law = error instanceof Error ? error.message : String(error);
  return { kind: 'broken', law, error, trace, counts };
}

/** Something to work on: rounds that are open, and pools with little in them. */
async function begin(world: World): Promise<void> {
  await beginRounds(world);
  await beginMoney(world);
  await beginLottery(world);
  await beginSale(world);
  // What draws read is prepared when they are due.
  if (world.planted !== null) world.disk.reading((db) => [...readEntrants(db, LOTTERY)]);
  if (world.isPlantedNowhere) throw new PlantedNowhere('the SQL that it changes is gone');
}

/** The faults end; what must be true then. */
async function checkEnd(world: World): Promise<void> {
  world.say('all is well again');
  world.mend();
  await checkRounds(world);
  await checkDrawn(world);
  await checkMoney(world);
  await checkLottery(world);
  await checkDelivery(world);
  await checkSale(world);
  world.close();
  checkBooks(world.disk.path, world.planted !== null);
}

/** Leaves, chain, and every derived table made anew. */
function checkBooks(path: string, isPlanted: boolean): void {
  const { findings } = checkLedger(path);
  // What is planted in a table's definition is to be caught by what it does.
  const wrong = findings.filter(({ problem }) => !(isPlanted && /not as it was made$/.test(problem)));
  const [first] = wrong;
  if (first !== undefined) throw new Breach(describeFinding(first));
}
