import { describe, expect, it } from 'vitest';
import { readInteraction, readInteractions, readResult } from './events-api.ts';
import { readStream } from './media-api.ts';

const STREAM = {
  stream: 'live/main',
  live: true,
  epoch: 'e1',
  stamping: { on: true },
  viewers: { flv: 2, ws: 1, hls: 4, total: 7 },
  health: {
    video: {
      profile: 'High',
      level: '3.1',
      width: 1280,
      height: 720,
      frameRate: 25,
      bitsPerSecond: 1_600_000,
      keyframeIntervalMs: { last: 2000, max: 2040 },
      hasBFrames: true,
    },
    audio: { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, bitsPerSecond: 96_000 },
    problems: [{ level: 'bad', code: 'gaps', text: '7 gaps.' }],
  },
};

describe('readStream', () => {
  it('reads what the strip shows', () => {
    expect(readStream(STREAM)).toEqual({
      live: true,
      epoch: 'e1',
      viewers: 7,
      stampingOn: true,
      frameRate: 25,
      kbitPerS: 1696,
      keyframeIntervalMs: 2000,
      size: '1280 × 720',
      codec: 'High 3.1',
      audio: 'AAC, 48 kHz, stereo',
      bFrames: true,
      problems: [{ bad: true, text: '7 gaps.' }],
    });
  });

  it('knows nothing of a stream without a publisher, and says so', () => {
    expect(readStream({ live: false, epoch: null, health: null, viewers: { total: 0 } })).toMatchObject({
      live: false,
      frameRate: null,
      audio: null,
      viewers: 0,
      problems: [],
    });
  });

  it('adds viewers up where no total is given', () => {
    expect(readStream({ live: true, viewers: { flv: 2, hls: 1 } })?.viewers).toBe(3);
    expect(readStream({ live: true, viewers: 5 })?.viewers).toBe(5);
  });

  it.each([[null], [{}], [{ live: 'yes' }]])('refuses %j', (value) => expect(readStream(value)).toBeNull());
});

describe('readInteraction', () => {
  const raw = {
    id: 'q1',
    type: 'quiz',
    state: 'LOCKED',
    createdAt: 1000,
    lockedAt: 2000,
    config: { question: 'Which?', options: ['a', 'b'], correct: 1, durationMs: 10_000 },
  };

  it('reads the resource, with or without the right answer', () => {
    expect(readInteraction(raw)).toEqual({
      id: 'q1',
      state: 'LOCKED',
      question: 'Which?',
      options: ['a', 'b'],
      correct: 1,
      durationMs: 10_000,
      createdAt: 1000,
      lockedAt: 2000,
    });
    const { correct: _hidden, ...config } = raw.config;
    expect(readInteraction({ ...raw, config })?.correct).toBeNull();
  });

  it('reads a page of them, and refuses one that holds something else', () => {
    expect(readInteractions({ interactions: [raw], next: null })).toHaveLength(1);
    expect(readInteractions({ interactions: [raw, {}] })).toBeNull();
    expect(readInteractions({})).toBeNull();
  });

  it('refuses a state that it does not know', () => {
    expect(readInteraction({ ...raw, state: 'PAUSED' })).toBeNull();
  });
});

describe('readResult', () => {
  it('reads counts and the moments that are given', () => {
    const raw = { id: 'q1', state: 'ACTIVE', total: 3, counts: [1, 2], openedAt: 5, locksAt: 10 };
    expect(readResult(raw)).toEqual({ ...raw, correct: null });
  });

  it('adds up what has no total', () => {
    expect(readResult({ id: 'q1', state: 'ACTIVE', counts: [1, 2] })?.total).toBe(3);
  });

  it.each([[null], [{ id: 'q1', state: 'ACTIVE', counts: ['1'] }], [{ id: 'q1', counts: [] }]])(
    'refuses %j',
    (value) => {
      expect(readResult(value)).toBeNull();
    },
  );
});
