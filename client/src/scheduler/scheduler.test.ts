import { describe, expect, test } from 'vitest';
import { FRAME_MS, Rig, STREAM_OFFSET_MS, UNIX_ZERO_MS } from '../../test/scheduler-rig.ts';
import { BY_SEI, type Told } from '../carriers/told.ts';

describe('on its frame', () => {
  test('an announced cue fires on the presented frame, once, with what was measured', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, durationMs: 5000 }, 600);
    rig.play(flv, 0, 960);
    expect(rig.fired).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.stamp(flv, { fire: 1000, durationMs: 5000 }, 1000);
    rig.frame(flv, 1000);
    rig.frame(flv, 1040);
    expect(rig.fired).toHaveLength(1);
    expect(rig.fired[0]).toMatchObject({
      id: 'c',
      outcome: 'fired',
      reason: null,
      trigger: 'frame',
      path: 'flv',
      frames: 0,
      lateMs: 0,
      playerFirePts: 1000,
      playerShownPts: 1000,
      firePts: 1000 + STREAM_OFFSET_MS,
      shownPts: 1000 + STREAM_OFFSET_MS,
      remainingMs: 5000,
      presentedAt: 1000,
      closesAt: 6000,
      stamp: 'stamp of c at 1000',
    });
  });

  test('never on a frame before it, within the rounding of time bases', () => {
    const rig = new Rig();
    const hls = rig.player('hls');
    rig.stamp(hls, { fire: 1000 }, 0);
    rig.play(hls, 0, 960);
    rig.frame(hls, 997.9);
    expect(rig.fired).toEqual([]);
    rig.frame(hls, 999.001);
    expect(rig.fired).toMatchObject([{ outcome: 'fired', frames: 0, lateMs: 0 }]);
  });

  test('frames that are passed over: the first one after it fires, and is counted', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000 }, 0);
    rig.play(flv, 0, 960);
    rig.nowMs = 1040;
    rig.frame(flv, 1040);
    expect(rig.fired).toMatchObject([{ outcome: 'fired', frames: 1, lateMs: 40 }]);
  });

  test('several at once fire in the order of their fire PTS', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 200);
    for (const [id, fire] of [
      ['third', 330],
      ['first', 300],
      ['second', 310],
    ] as const) {
      rig.stamp(flv, { id, fire, type: 'custom' }, 200);
    }
    rig.nowMs = 340;
    rig.frame(flv, 340);
    expect(rig.firedIds).toEqual(['first', 'second', 'third']);
  });

  test('where stamps name no PTS, player time alone will do', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.scheduler.learn(
      rig.known(
        { fire: 400, streamFire: null },
        { kind: 'stamp', timeline: flv, generation: 0, playerFireMs: 400, told: BY_SEI, stamp: null },
      ),
    );
    rig.play(flv, 0, 400);
    expect(rig.fired).toMatchObject([{ firePts: null, shownPts: null, playerFirePts: 400 }]);
  });
});

describe('late', () => {
  test('who joins while the window is open gets the rest of it', () => {
    const rig = new Rig();
    rig.nowMs = 10_000;
    const flv = rig.player();
    rig.stamp(flv, { fire: 7000, durationMs: 10_000 }, 10_000);
    rig.frame(flv, 10_000);
    expect(rig.fired).toMatchObject([
      { outcome: 'late', reason: 'joined', remainingMs: 7000, lateMs: 3000, closesAt: 17_000 },
    ]);
    rig.wait(7000);
    expect(rig.closed).toEqual([{ id: 'c', why: 'ended', atMs: 17_000 }]);
  });

  test('who joins after the window never gets it', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: -10_000, durationMs: 10_000 }, 0);
    rig.frame(flv, 0);
    rig.play(flv, 40, 400);
    expect(rig.fired).toEqual([]);
    expect(rig.story).toEqual(['c closed over']);
  });

  test('cues without a duration: an interaction is open until its lock, others for 30 s', () => {
    const rig = new Rig();
    rig.nowMs = 60_000;
    const flv = rig.player();
    rig.stamp(flv, { id: 'open', fire: 1000 }, 60_000);
    rig.stamp(flv, { id: 'card', type: 'product.card', fire: 31_000 }, 60_000);
    rig.stamp(flv, { id: 'old', type: 'custom.x', fire: 30_000 }, 60_000);
    rig.frame(flv, 60_000);
    expect(rig.firedIds).toEqual(['open', 'card']);
    expect(rig.story).toContain('old closed over');
    expect(rig.fired[0]).toMatchObject({ durationMs: null, remainingMs: null, closesAt: null });
  });

  test('a stamp that is verified after its frame fires at once and says so', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 1000);
    rig.nowMs += 25;
    rig.stamp(flv, { fire: 1000, durationMs: 5000 }, 1000);
    expect(rig.fired).toMatchObject([
      { outcome: 'late', reason: 'stamp-late', lateMs: 25, frames: 0, remainingMs: 5000 },
    ]);
  });

  test('sealed data: waits for its key, then fires late; without the key it is missed', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'a', fire: 200, data: null, durationMs: 1000 }, 0);
    rig.stamp(flv, { id: 'b', fire: 200, data: null, durationMs: 1000 }, 0);
    rig.play(flv, 0, 400);
    expect(rig.outcomes).toEqual([]);
    rig.stamp(flv, { id: 'a', fire: 200, durationMs: 1000 }, 400);
    expect(rig.fired).toMatchObject([{ id: 'a', outcome: 'late', reason: 'stamp-late', remainingMs: 800 }]);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 440, 1200);
    expect(rig.story).toEqual(['a late stamp-late', 'b missed sealed']);
  });

  test('a picture further behind than allowed opens nothing, but locks what is open', () => {
    const rig = new Rig({ maxDelayMs: 5000 });
    const flv = rig.player();
    rig.stamp(flv, { id: 'a', fire: 400 }, 0);
    rig.stamp(flv, { id: 'b', fire: 800 }, 0);
    rig.stamp(flv, { id: 'b-lock', ref: 'a', type: 'interaction.lock', fire: 840 }, 0);
    rig.play(flv, 0, 480);
    rig.nowMs += 6000;
    rig.play(flv, 520, 880);
    expect(rig.firedIds).toEqual(['a', 'b-lock']);
    expect(rig.story).toContain('b closed behind');
    expect(rig.closed).toMatchObject([{ id: 'a', why: 'locked' }]);
  });
});

describe('windows', () => {
  test('close after their time by the clock, also while the picture stands', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 0, durationMs: 2000 }, 0);
    rig.play(flv, 0, 400);
    flv.paused = true;
    expect(rig.scheduler.nextWakeMs()).toBe(2000);
    rig.nowMs = 1999;
    rig.scheduler.tick();
    expect(rig.closed).toEqual([]);
    rig.nowMs = 2000;
    rig.scheduler.tick();
    rig.scheduler.tick();
    expect(rig.closed).toEqual([{ id: 'c', why: 'ended', atMs: 2000 }]);
  });

  test('close when the picture has moved past them', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 0, durationMs: 60_000 }, 0);
    rig.play(flv, 0, 400);
    rig.frame(flv, 60_000);
    expect(rig.closed).toMatchObject([{ id: 'c', why: 'ended' }]);
  });

  test.each([
    ['interaction.lock', 'locked'],
    ['interaction.reveal', 'revealed'],
    ['interaction.cancel', 'canceled'],
  ] as const)('%s closes its opening cue on its own frame, once', (type, why) => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'open', fire: 200, durationMs: 20_000 }, 0);
    rig.stamp(flv, { id: 'end', type, ref: 'open', fire: 1000 }, 200);
    rig.play(flv, 0, 960);
    expect(rig.closed).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 1000, 2000);
    rig.wait(30_000);
    expect(rig.firedIds).toEqual(['open', 'end']);
    expect(rig.closed).toMatchObject([{ id: 'open', why, atMs: 1000 }]);
  });

  test('what is sealed still closes nothing: it was announced, and may have been taken back', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'open', fire: 200 }, 0);
    rig.stamp(flv, { id: 'end', type: 'interaction.reveal', ref: 'open', fire: 1000, data: null }, 200);
    rig.play(flv, 0, 1200);
    expect(rig.closed).toEqual([]);
    // its key comes with a copy after the landing
    rig.stamp(flv, { id: 'end', type: 'interaction.reveal', ref: 'open', fire: 1000 }, 1200);
    expect(rig.closed).toMatchObject([{ id: 'open', why: 'revealed' }]);
    expect(rig.firedIds).toEqual(['open', 'end']);
  });

  test('what is locked by the time its frame is reached does not open', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.frame(flv, 0);
    rig.stamp(flv, { id: 'open', fire: 200, durationMs: 20_000 }, 0);
    rig.stamp(flv, { id: 'lock', type: 'interaction.lock', ref: 'open', fire: 400 }, 0);
    rig.nowMs = 440;
    rig.frame(flv, 440);
    expect(rig.firedIds).toEqual(['lock']);
    expect(rig.closed).toEqual([]);
    expect(rig.story).toContain('open closed locked');
  });

  test('a lock that was reached first keeps its cue closed for good', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'lock', type: 'interaction.cancel', ref: 'open', fire: 200 }, 0);
    rig.play(flv, 0, 240);
    rig.stamp(flv, { id: 'open', fire: 400, durationMs: 20_000 }, 240);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 280, 480);
    expect(rig.firedIds).toEqual(['lock']);
    expect(rig.story).toContain('open closed locked');
  });
});

describe('expiry', () => {
  test('nothing fires from exp on, and what is open closes', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'open', fire: 200, exp: UNIX_ZERO_MS + 1000 }, 0);
    rig.stamp(flv, { id: 'late', fire: 1200, exp: UNIX_ZERO_MS + 1000 }, 0);
    rig.play(flv, 0, 1400);
    expect(rig.firedIds).toEqual(['open']);
    expect(rig.closed).toMatchObject([{ id: 'open', why: 'expired', atMs: 1000 }]);
    expect(rig.story).toContain('late missed expired');
  });

  test('a recording of yesterday fires nothing', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 200, exp: UNIX_ZERO_MS - 86_400_000 }, 0);
    rig.play(flv, 0, 400);
    expect(rig.fired).toEqual([]);
    expect(rig.story).toEqual(['c missed expired']);
  });

  test('without the server clock the own one holds a cue back, and does not end it', () => {
    const rig = new Rig();
    rig.synced = false;
    rig.localErrorMs = 3_600_001;
    const flv = rig.player();
    rig.stamp(flv, { fire: 200, durationMs: 5000 }, 0);
    rig.play(flv, 0, 400);
    expect(rig.outcomes).toEqual([]);
    rig.synced = true;
    rig.scheduler.tick();
    expect(rig.fired).toMatchObject([{ id: 'c' }]);
  });
});

describe('revisions', () => {
  test('the highest wins before it fires: another fire PTS, other data', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 400, data: { v: 0 } }, 0);
    rig.stamp(flv, { fire: 800, rev: 1, data: { v: 1 }, epoch: 'e2' }, 200);
    rig.stamp(flv, { fire: 400, rev: 0, data: { v: 0 } }, 240);
    rig.play(flv, 0, 760);
    expect(rig.fired).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 800, 1000);
    expect(rig.fired).toMatchObject([{ rev: 1, data: { v: 1 }, epoch: 'e2', playerFirePts: 800 }]);
  });

  test('after it fired they update, and never fire again', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 200, durationMs: 1000, data: { v: 0 } }, 0);
    rig.play(flv, 0, 400);
    rig.stamp(flv, { fire: 600, rev: 1, durationMs: 3000, data: { v: 1 } }, 400);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 440, 1000);
    expect(rig.fired).toHaveLength(1);
    expect(rig.updated).toMatchObject([{ rev: 1, data: { v: 1 }, durationMs: 3000, closesAt: 3200 }]);
    rig.wait(3000);
    expect(rig.closed).toHaveLength(1);
    rig.stamp(flv, { fire: 4400, rev: 2, durationMs: 3000 }, 4300);
    rig.frame(flv, 4400);
    expect(rig.fired).toHaveLength(1);
    expect(rig.scheduler.isDone('c', 2)).toBe(true);
    expect(rig.scheduler.isDone('c', 3)).toBe(false);
  });
});

describe('viewers who move', () => {
  test('paused: nothing fires; on resume what is due and open', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 400);
    flv.paused = true;
    rig.stamp(flv, { id: 'a', fire: 400, durationMs: 60_000 }, 400);
    rig.feed({ id: 'b', fire: 500, durationMs: 60_000 });
    rig.wait(10_000);
    expect(rig.fired).toEqual([]);
    flv.resumed(rig.nowMs);
    rig.frame(flv, 440);
    expect(rig.firedIds).toEqual(['a']);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 480, 520);
    expect(rig.firedIds).toEqual(['a', 'b']);
  });

  test('seek back: never again', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 200 }, 0);
    rig.play(flv, 0, 400);
    rig.play(flv, 0, 400);
    expect(rig.fired).toHaveLength(1);
  });

  test('seek forward: over a cue it opens while its window is open, past its window it is closed', () => {
    const rig = new Rig();
    const hls = rig.player('hls');
    rig.play(hls, 0, 400);
    rig.stamp(hls, { id: 'open', fire: 1000, durationMs: 10_000 }, 900);
    rig.stamp(hls, { id: 'over', fire: 1000, durationMs: 3000 }, 900);
    rig.frame(hls, 5000);
    expect(rig.story).toEqual(['open late skipped', 'over closed over']);
    expect(rig.fired[0]).toMatchObject({ remainingMs: 6000 });
  });

  test('hidden tab: the position fires what is due; on return only what is still open', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 400);
    rig.stamp(flv, { id: 'a', fire: 1000, durationMs: 60_000 }, 400);
    rig.stamp(flv, { id: 'b', fire: 4000, durationMs: 1000 }, 400);
    rig.nowMs = 1200;
    flv.hidden = true;
    flv.positioned(1200, rig.nowMs);
    rig.scheduler.pictureShown();
    expect(rig.fired).toMatchObject([
      { id: 'a', trigger: 'position', outcome: 'late', reason: 'hidden', lateMs: 200, frames: null },
    ]);
    rig.nowMs = 60_000;
    flv.hidden = false;
    rig.frame(flv, 60_000);
    expect(rig.firedIds).toEqual(['a']);
    expect(rig.story).toContain('b closed over');
  });

  test('a browser without frame callbacks: the position at each repaint is all there is', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000 }, 900);
    for (const at of [980, 999, 1012]) {
      rig.nowMs = at;
      flv.positioned(at, at);
      rig.scheduler.pictureShown();
    }
    expect(rig.fired).toMatchObject([{ trigger: 'position', outcome: 'fired', lateMs: 12, frames: null }]);
  });

  test('a stalled buffer holds everything until frames go on', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.play(flv, 0, 400);
    rig.stamp(flv, { fire: 440, durationMs: 10_000 }, 400);
    rig.wait(3000);
    expect(rig.fired).toEqual([]);
    rig.frame(flv, 440);
    expect(rig.fired).toMatchObject([{ outcome: 'fired', frames: 0 }]);
  });

  test('another player: no cue fires twice, and the new offset is learned', () => {
    const rig = new Rig();
    const first = rig.player();
    rig.stamp(first, { id: 'a', fire: 400 }, 0);
    rig.stamp(first, { id: 'b', fire: 2000 }, 400);
    rig.play(first, 0, 800);
    rig.scheduler.removeTimeline(first);
    // It counts from the moment it joined: 800 is its 0.
    const second = rig.player('ws');
    rig.clockStamp(second, 0, 'e1', STREAM_OFFSET_MS + 800);
    rig.play(second, 0, 1160);
    expect(rig.firedIds).toEqual(['a']);
    rig.nowMs += FRAME_MS;
    rig.frame(second, 1200);
    expect(rig.fired[1]).toMatchObject({
      id: 'b',
      playerFirePts: 1200,
      firePts: 2000 + STREAM_OFFSET_MS,
      shownPts: 2000 + STREAM_OFFSET_MS,
      outcome: 'fired',
    });
  });

  test('a player that loads anew: places of its old time mean nothing', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 5000, streamFire: null }, 4000);
    rig.play(flv, 4000, 4400);
    flv.reset(rig.nowMs);
    rig.frame(flv, 6000);
    expect(rig.fired).toEqual([]);
    rig.stamp(flv, { fire: 6400 }, 6000);
    rig.frame(flv, 6400);
    expect(rig.fired).toMatchObject([{ playerFirePts: 6400 }]);
  });
});

describe('the events path', () => {
  test('without any player, cues of the feed fire by the clock once none can be expected', () => {
    const rig = new Rig();
    rig.feed({ fire: 0, durationMs: 20_000 });
    expect(rig.fired).toEqual([]);
    rig.wait(4000);
    expect(rig.fired).toMatchObject([
      {
        path: 'events',
        trigger: 'clock',
        outcome: 'late',
        reason: 'no-frame',
        lateMs: 4000,
        remainingMs: 16_000,
      },
    ]);
    rig.wait(16_000);
    expect(rig.closed).toMatchObject([{ why: 'ended', atMs: 20_000 }]);
  });

  test('also without a clock, because what the feed lists is due', () => {
    const rig = new Rig();
    rig.synced = false;
    rig.wait(4000);
    rig.feed({ fire: 0, durationMs: 20_000 }, 1500);
    expect(rig.fired).toMatchObject([{ path: 'events', lateMs: 1500, remainingMs: 18_500 }]);
  });

  test('autoplay blocked: stamps are there, frames are not; never before fireAt, whatever the error', () => {
    const rig = new Rig();
    rig.errorMs = 200;
    const flv = rig.player();
    flv.paused = true;
    rig.stamp(flv, { fire: 6000 }, 500);
    // Its first picture is on screen, as browsers show it.
    rig.frame(flv, 0);
    rig.wait(6000);
    expect(rig.fired).toEqual([]);
    rig.wait(250);
    expect(rig.fired).toMatchObject([{ path: 'events', trigger: 'clock' }]);
    flv.resumed(rig.nowMs);
    rig.play(flv, 6000, 6400);
    expect(rig.fired).toHaveLength(1);
  });

  test('never before the own frame while frames and stamps are running', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.clockStamp(flv, 0);
    rig.play(flv, 0, 400);
    // Its own stamps were lost; this viewer is 2 s behind.
    rig.nowMs = 3000;
    rig.feed({ fire: 1000 }, 2000);
    rig.play(flv, 440, 960);
    expect(rig.fired).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.frame(flv, 1000);
    expect(rig.fired).toMatchObject([{ path: 'events', trigger: 'frame', outcome: 'fired', frames: 0 }]);
  });

  test('of an epoch that no stamp has shown: by the delay that this viewer has', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.clockStamp(flv, 0);
    // 1 s behind the injector.
    rig.nowMs = 1000;
    rig.play(flv, 0, 400);
    rig.feed({ fire: 1200, epoch: 'e9' }, 200);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 440, 1680);
    expect(rig.nowMs).toBe(2680);
    expect(rig.fired).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.frame(flv, 1720);
    expect(rig.fired).toMatchObject([{ trigger: 'clock', path: 'events' }]);
  });

  test('frames without stamps: the clock, after they have been missed for long', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.feed({ fire: 0 });
    rig.play(flv, 0, 19_960);
    expect(rig.fired).toEqual([]);
    rig.nowMs += FRAME_MS;
    rig.frame(flv, 20_000);
    expect(rig.fired).toMatchObject([{ path: 'events' }]);
  });

  test('a cue that came by the feed first and then by stamp is the same cue', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.clockStamp(flv, 0);
    rig.play(flv, 0, 400);
    rig.feed({ fire: 800 });
    rig.stamp(flv, { fire: 800 }, 600);
    rig.nowMs += FRAME_MS;
    rig.play(flv, 440, 2000);
    expect(rig.fired).toMatchObject([{ path: 'flv' }]);
  });
});

describe('aligned', () => {
  const alignAt = UNIX_ZERO_MS + 3000;

  test('opens together, once the own frame has been shown, and closes together', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(flv, 0, 1400);
    expect(rig.fired).toEqual([]);
    expect(rig.scheduler.nextWakeMs()).toBe(3000);
    rig.nowMs = 2999;
    rig.scheduler.tick();
    expect(rig.fired).toEqual([]);
    rig.nowMs = 3000;
    rig.scheduler.tick();
    expect(rig.fired).toMatchObject([
      { outcome: 'fired', trigger: 'clock', presentedAt: 3000, closesAt: 5000, lateMs: 0, path: 'flv' },
    ]);
    rig.wait(2000);
    expect(rig.closed).toMatchObject([{ why: 'ended', atMs: 5000 }]);
  });

  test('who is later opens at once, closes with all, and is counted', () => {
    const rig = new Rig();
    rig.nowMs = 3600;
    const hls = rig.player('hls');
    rig.stamp(hls, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(hls, 920, 1000);
    expect(rig.fired).toMatchObject([
      { outcome: 'late', reason: 'behind-align', lateMs: 680, remainingMs: 1320, closesAt: 5000 },
    ]);
    expect(rig.nowMs).toBe(3680);
  });

  test('on a machine so busy that time passes between two looks at the clock, what is late is told why', () => {
    for (let byMs = 90; byMs < 110; byMs += 0.5) {
      const rig = new Rig();
      const flv = rig.player();
      rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
      rig.play(flv, 0, 1400);
      let now = 3000 + byMs;
      Object.defineProperty(rig, 'nowMs', { get: () => (now += 0.7) });
      rig.scheduler.tick();
      const { lateMs, reason } = rig.outcomes[0]!;
      expect(lateMs).toBeGreaterThan(byMs);
      expect(reason).toBe(lateMs! > 100 ? 'behind-align' : null);
    }
  });

  test('who is later than its end never opens', () => {
    const rig = new Rig();
    rig.nowMs = 5000;
    const hls = rig.player('hls');
    rig.stamp(hls, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(hls, 960, 1000);
    expect(rig.story).toEqual(['c closed over']);
  });

  test('without a clock never before alignAt, and by the clock as soon as there is one', () => {
    const rig = new Rig();
    rig.synced = false;
    rig.localErrorMs = 600_000;
    // 500 ms behind.
    rig.nowMs = 500;
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000, exp: UNIX_ZERO_MS + 3_600_000 }, 0);
    rig.play(flv, 0, 1040);
    rig.nowMs = 3400;
    rig.scheduler.tick();
    expect(rig.fired).toEqual([]);
    rig.synced = true;
    rig.scheduler.tick();
    expect(rig.fired).toMatchObject([{ lateMs: 400 }]);
  });

  test('a clock that never becomes known: by the own frame, as much later, and counted', () => {
    const rig = new Rig();
    rig.synced = false;
    rig.localErrorMs = -600_000;
    rig.nowMs = 500;
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(flv, 0, 1040);
    // Its frame was shown at 1,500; the common moment is 2,000 ms after the cue.
    expect(rig.scheduler.nextWakeMs()).toBe(3500);
    rig.nowMs = 3500;
    rig.scheduler.tick();
    expect(rig.fired).toMatchObject([{ outcome: 'late', reason: 'no-clock', alignErrorMs: null, lateMs: 0 }]);
    expect(rig.outcomes).toMatchObject([{ aligned: true, alignErrorMs: null }]);
  });

  test.each([
    [40, 3000, 'fired', null, 0],
    [100, 3000, 'fired', null, 0],
    [340, 3240, 'late', 'clock-unsure', 240],
  ] as const)('a clock that may be %d ms off opens at %d', (errorMs, openMs, outcome, reason, lateMs) => {
    const rig = new Rig();
    rig.errorMs = errorMs;
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(flv, 0, 1040);
    rig.nowMs = openMs - 1;
    rig.scheduler.tick();
    expect(rig.fired).toEqual([]);
    rig.nowMs = openMs;
    rig.scheduler.tick();
    // All close together, whenever they opened.
    expect(rig.fired).toMatchObject([{ outcome, reason, lateMs, alignErrorMs: errorMs, closesAt: 5000 }]);
  });

  test('a clock that becomes better moves the opening', () => {
    const rig = new Rig();
    rig.errorMs = 900;
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(flv, 0, 1040);
    expect(rig.scheduler.nextWakeMs()).toBe(3800);
    rig.errorMs = 20;
    rig.scheduler.tick();
    expect(rig.scheduler.nextWakeMs()).toBe(3000);
  });

  test('a hidden tab whose timers sleep opens when it wakes, and is counted', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt, durationMs: 2000 }, 0);
    rig.play(flv, 0, 1040);
    flv.hidden = true;
    rig.nowMs = 3900;
    rig.scheduler.tick();
    expect(rig.fired).toMatchObject([{ outcome: 'late', reason: 'hidden', lateMs: 900, closesAt: 5000 }]);
  });

  test('a lock before the common moment: never', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { fire: 1000, alignAt }, 0);
    rig.stamp(flv, { id: 'x', type: 'interaction.cancel', ref: 'c', fire: 2000 }, 0);
    rig.play(flv, 0, 4000);
    expect(rig.firedIds).toEqual(['x']);
    expect(rig.story).toContain('c closed locked');
  });
});

describe('bounds and callbacks', () => {
  test('a page whose callback makes time pass: nothing closes twice', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.stamp(flv, { id: 'a', fire: 0, durationMs: 1000 }, 0);
    rig.stamp(flv, { id: 'b', fire: 0, durationMs: 1000 }, 0);
    rig.frame(flv, 0);
    rig.onClosed = () => rig.scheduler.tick();
    rig.wait(1000);
    expect(rig.closed.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('more cues than are kept: the one that expires first goes, and is counted', () => {
    const rig = new Rig({ maxCues: 2 });
    const flv = rig.player();
    rig.stamp(flv, { id: 'a', fire: 9000, exp: UNIX_ZERO_MS + 20_000 }, 0);
    rig.stamp(flv, { id: 'b', fire: 9000, exp: UNIX_ZERO_MS + 10_000 }, 0);
    rig.stamp(flv, { id: 'c', fire: 9000, exp: UNIX_ZERO_MS + 30_000 }, 0);
    expect(rig.scheduler.pending).toBe(2);
    expect(rig.story).toEqual(['b missed evicted']);
  });

  test('a page that learns of cues, locks and stops from inside a callback', () => {
    const rig = new Rig();
    const flv = rig.player();
    rig.onFired = (cue) => {
      if (cue.id === 'a') {
        rig.stamp(flv, { id: 'b', fire: 400, durationMs: 5000 }, 400);
        rig.stamp(flv, { id: 'end', type: 'interaction.lock', ref: 'b', fire: 400 }, 400);
        rig.stamp(flv, { id: 'a', fire: 400, durationMs: 5000 }, 400);
      }
      if (cue.id === 'd') rig.scheduler.stop();
    };
    rig.stamp(flv, { id: 'a', fire: 400, durationMs: 5000 }, 0);
    rig.play(flv, 0, 400);
    expect(rig.firedIds).toEqual(['a', 'b', 'end']);
    expect(rig.closed).toMatchObject([{ id: 'b', why: 'locked' }]);
    rig.stamp(flv, { id: 'd', fire: 800 }, 400);
    rig.stamp(flv, { id: 'e', fire: 840 }, 400);
    rig.frame(flv, 880);
    expect(rig.firedIds).toEqual(['a', 'b', 'end', 'd']);
  });
});

describe('beside SEI', () => {
  const byScript: Told = { by: 'script', accuracyMs: 1 };
  const byDate: Told = { by: 'daterange', accuracyMs: 30 };

  test.each([byScript, { by: 'emsg', accuracyMs: 1 } as const, byDate])(
    'a cue that only $by told of fires on its frame, and says so',
    (told) => {
      const rig = new Rig();
      const flv = rig.player();
      rig.stamp(flv, { fire: 400 }, 0, told);
      rig.play(flv, 0, 600);
      expect(rig.fired).toMatchObject([
        { playerShownPts: 400, frames: 0, carrier: told.by, accuracyMs: told.accuracyMs, trigger: 'frame' },
      ]);
      expect(rig.outcomes).toMatchObject([{ carrier: told.by, accuracyMs: told.accuracyMs, path: 'flv' }]);
    },
  );

  test.each(['before', 'after'])('SEI places it, where %s something else does too', (when) => {
    const rig = new Rig();
    const hls = rig.player('hls');
    if (when === 'before') rig.stamp(hls, { fire: 400 }, 0);
    // The same cue, placed a frame too early by its date.
    rig.scheduler.learn(
      rig.known(
        { fire: 400 },
        { kind: 'stamp', timeline: hls, generation: 0, playerFireMs: 360, told: byDate, stamp: null },
      ),
    );
    if (when === 'after') rig.stamp(hls, { fire: 400 }, 0);
    rig.play(hls, 0, 600);
    expect(rig.fired).toMatchObject([{ playerShownPts: 400, carrier: 'sei', accuracyMs: 1 }]);
  });

  test('a place told better later is taken', () => {
    const rig = new Rig();
    const hls = rig.player('hls');
    for (const [playerFireMs, told] of [
      [300, byDate],
      [350, byDate],
      [400, { by: 'emsg', accuracyMs: 1 }],
    ] as const) {
      rig.scheduler.learn(
        rig.known(
          { fire: 400 },
          { kind: 'stamp', timeline: hls, generation: 0, playerFireMs, told, stamp: null },
        ),
      );
    }
    rig.play(hls, 0, 600);
    expect(rig.fired).toMatchObject([{ playerShownPts: 400, carrier: 'emsg' }]);
  });

  test('what tells the time worse does not move what SEI told, until SEI has stopped', () => {
    const rig = new Rig();
    const hls = rig.player('hls');
    rig.clockStamp(hls, 0);
    rig.clockStamp(hls, 1000, 'e1', STREAM_OFFSET_MS + 70, byDate);
    expect(hls.toPlayer(STREAM_OFFSET_MS, 'e1')).toBe(0);
    expect([hls.stampsSeen, hls.accuracyMs]).toEqual([1, 1]);
    rig.nowMs = 21_000;
    rig.clockStamp(hls, 21_000, 'e1', STREAM_OFFSET_MS + 70, byDate);
    expect(hls.toPlayer(STREAM_OFFSET_MS, 'e1')).toBe(-70);
    expect([hls.stampsRunning(rig.nowMs), hls.accuracyMs]).toEqual([true, 30]);
  });

  test('without its frame it is the feed that told it, and nothing is said of frames', () => {
    const rig = new Rig();
    rig.nowMs = 10_000;
    rig.feed({ fire: 9000 }, 1000);
    expect(rig.fired).toMatchObject([
      { carrier: 'feed', accuracyMs: null, path: 'events', trigger: 'clock' },
    ]);
  });
});
