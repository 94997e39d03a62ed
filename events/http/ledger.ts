import type { Express } from 'express';
import { z } from 'zod';
import type { Clock } from '../../packet/clock.ts';
import { holderOf, requireRight } from '../../service/bearer.ts';
import { methodNotAllowed } from '../../service/http-app.ts';
import type { TokenRegistry } from '../../service/tokens.ts';
import type { Books } from '../ledger/commands.ts';
import { headText, type LedgerHead } from '../ledger/head.ts';
import { newPseudonym } from '../ledger/viewers.ts';

export interface LedgerRoutesOptions {
  readonly ledger: Books;
  readonly tokens: TokenRegistry;
  readonly clock: Clock;
  /** Stands in the rows of a viewer who is erased. */
  readonly pseudonym?: () => string;
}

/** As long as any that a session is given for. */
const ViewerId = z.string().min(1).max(1_024);

/** The head of the ledger, to be noted down elsewhere, and what it knows of one viewer: theirs to see and to have erased. */
export function ledgerRoutes(app: Express, options: LedgerRoutesOptions): void {
  const { ledger, tokens, clock, pseudonym = newPseudonym } = options;

  app
    .route('/api/v1/ledger/head')
    .get(requireRight(tokens, 'read'), async (_req, res) => {
      res.set('Cache-Control', 'no-store').json(viewOf(await ledger.ask('ledger.head', {})));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/viewers/:id/export')
    .get(requireRight(tokens, 'treasurer'), async (req, res) => {
      const viewer = ViewerId.parse(req.params.id);
      res.set('Cache-Control', 'no-store').json(await ledger.ask('viewer.data', { viewer }));
    })
    .all(methodNotAllowed('GET'));

  app
    .route('/api/v1/viewers/:id/erase')
    .post(requireRight(tokens, 'treasurer'), async (req, res) => {
      const viewer = ViewerId.parse(req.params.id);
      const erasure = await ledger.perform('viewer.erase', {
        ...{ viewer, pseudonym: pseudonym(), by: holderOf(res).name, atUs: clock.unixUs() },
      });
      res.set('Cache-Control', 'no-store').json(erasure);
    })
    .all(methodNotAllowed('POST'));
}

const viewOf = (head: LedgerHead) => ({
  head: headText(head),
  block: head.block,
  hash: head.hash,
  at: head.atUs,
  rows: head.rows,
});
