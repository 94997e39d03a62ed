import { expect, it } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { PreviewTickets, TICKET_MS } from './preview-ticket.ts';

const MAIN = { app: 'live', name: 'main' };
const clock = new ManualClock();
const tickets = new PreviewTickets(clock, Buffer.alloc(32, 7));

it('lets in who has one, for a minute', () => {
  const { ticket, expiresAt } = tickets.issue(MAIN);
  expect(expiresAt).toBe(clock.unixMs() + TICKET_MS);
  expect(tickets.isGood(MAIN, ticket)).toBe(true);
  clock.advanceMs(TICKET_MS - 1);
  expect(tickets.isGood(MAIN, ticket)).toBe(true);
  clock.advanceMs(1);
  expect(tickets.isGood(MAIN, ticket)).toBe(false);
});

it('is of one stream, one end, and one process', () => {
  const { ticket, expiresAt } = tickets.issue(MAIN);
  const [, mac] = ticket.split('.');
  expect(tickets.isGood({ app: 'live', name: 'other' }, ticket)).toBe(false);
  expect(tickets.isGood(MAIN, `${(expiresAt + 1).toString(36)}.${mac}`)).toBe(false);
  expect(new PreviewTickets(clock).isGood(MAIN, ticket)).toBe(false);
});

it.each(['', '.', 'x', `${'a'.repeat(50)}.${'b'.repeat(43)}`, `1.${'b'.repeat(43)}`, 'é.é'])(
  'refuses %j without a throw',
  (ticket) => {
    expect(tickets.isGood(MAIN, ticket)).toBe(false);
  },
);

it('is not good for ever where the clock steps back', () => {
  const { ticket } = tickets.issue(MAIN);
  clock.stepWallMs(-3_600_000);
  expect(tickets.isGood(MAIN, ticket)).toBe(false);
});
