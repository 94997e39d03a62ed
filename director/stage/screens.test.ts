import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../packet/clock.ts';
import { SCREEN_LOST_MS, Screens } from './screens.ts';

const rig = () => {
  const clock = new ManualClock();
  return { clock, screens: new Screens(clock) };
};
const roles = (screens: Screens) =>
  screens.list().map(({ screen, role, lost }) => `${screen} ${role}${lost ? ' lost' : ''}`);

describe('the screens of a stage', () => {
  test('one at most is shown, whoever asks', () => {
    const { screens } = rig();
    expect(screens.show('a', 'A')).toEqual({ kind: 'shown', screen: 'a' });
    expect(screens.show('b', 'B')).toEqual({ kind: 'joined', screen: 'b' });
    expect(screens.show('a', 'A')).toBeNull();
    expect(roles(screens)).toEqual(['a show', 'b standby']);
    expect(screens.takeOver('b', 'B')).toEqual({ kind: 'taken-over', screen: 'b' });
    expect(screens.takeOver('b', 'B')).toBeNull();
    expect(roles(screens)).toEqual(['a standby', 'b show']);
  });

  test('a shown one that is silent is said to be lost, and comes back; nobody takes over by themselves', () => {
    const { clock, screens } = rig();
    screens.show('a', 'A');
    screens.standBy('b', 'B', false);
    clock.advanceMs(SCREEN_LOST_MS + 1);
    screens.keep('b');
    expect(screens.sweep()).toEqual({ kind: 'lost', screen: 'a' });
    expect(screens.sweep()).toBeNull();
    expect(roles(screens)).toEqual(['a show lost', 'b standby']);
    screens.keep('a');
    expect(screens.sweep()).toEqual({ kind: 'back', screen: 'a' });
    expect(screens.shown).toBe('a');
  });

  test('one that was asked to takes over by itself, unless it is lost too', () => {
    const { clock, screens } = rig();
    screens.show('a', 'A');
    screens.standBy('b', 'B', true);
    clock.advanceMs(SCREEN_LOST_MS + 1);
    expect(screens.sweep()).toEqual({ kind: 'lost', screen: 'a' });
    screens.keep('b');
    expect(screens.sweep()).toEqual({ kind: 'taken-over', screen: 'b' });
    screens.keep('a');
    expect(roles(screens)).toEqual(['a standby', 'b show']);
  });

  test('one that comes to hang there takes the place of one that is lost', () => {
    const { clock, screens } = rig();
    screens.show('a', 'A');
    clock.advanceMs(SCREEN_LOST_MS + 1);
    expect(screens.show('b', 'B')).toEqual({ kind: 'shown', screen: 'b' });
  });

  test('a shown one that goes leaves nobody shown; one that stands by and is silent is forgotten', () => {
    const { clock, screens } = rig();
    screens.show('a', 'A');
    screens.standBy('b', 'B', false);
    expect(screens.leave('a')).toEqual({ kind: 'left', screen: 'a' });
    expect(screens.shown).toBeNull();
    clock.advanceMs(61_000);
    expect(screens.sweep()).toEqual({ kind: 'joined', screen: 'b' });
    expect(screens.keep('b')).toBe(false);
    expect(screens.leave('b')).toBeNull();
  });
});
