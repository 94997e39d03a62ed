import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ensureStream, ensureTestStream, TEST_STREAMS, type TestStreamName } from './catalogue.ts';
import { onceAtATime } from './lock.ts';
import { shapeOf, type TestStreamParameters } from './parameters.ts';
import { temporaryFolder } from './testing.ts';

const TINY = { fps: '25', bFrames: 0, seconds: 1, gopSeconds: 1, width: 160, height: 90, bitrateKbps: 100 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const flvFiles = async () => (await readdir(folder.path)).filter((name) => name.endsWith('.flv'));

describe('a stream', () => {
  test('is made once and then there', async () => {
    const onProgress = vi.fn();
    const first = await ensureStream('tiny', TINY, { folder: folder.path, onProgress });
    expect(first).toMatchObject({ name: 'tiny', made: true, frames: 25, gopFrames: 25, durationSeconds: 1 });
    expect(onProgress).toHaveBeenLastCalledWith(100);
    const second = await ensureStream('tiny', TINY, { folder: folder.path });
    expect(second).toEqual({ ...first, made: false });
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^tiny-v\d+-[0-9a-f]{12}\.flv$/)]);
  });

  test('has another file for other parameters', async () => {
    const first = await ensureStream('tiny', TINY, { folder: folder.path });
    const second = await ensureStream('tiny', { ...TINY, bFrames: 2 }, { folder: folder.path });
    expect(second.file).not.toBe(first.file);
    expect(await flvFiles()).toHaveLength(2);
  });

  test('is made again when that is asked for', async () => {
    const { file } = await ensureStream('tiny', TINY, { folder: folder.path });
    await utimes(file, 1000, 1000);
    expect(await ensureStream('tiny', TINY, { folder: folder.path, force: true })).toMatchObject({
      made: true,
    });
    expect((await stat(file)).mtimeMs).toBeGreaterThan(1_000_000);
  });

  test('replaces what an older version made, and leaves its neighbours', async () => {
    const names = [
      'tiny-v0-0123456789ab.flv',
      'tiny-b-v0-0123456789ab.flv',
      'tiny-v0.txt',
      'other.flv.1.part',
    ];
    for (const name of names) await writeFile(join(folder.path, name), '');
    await ensureStream('tiny', TINY, { folder: folder.path });
    const left = await readdir(folder.path);
    expect(left).not.toContain(names[0]);
    expect(left).toEqual(expect.arrayContaining(names.slice(1)));
  });

  test('is made by one, whoever asks at once, in this process and in others', async () => {
    const script = `import { ensureStream } from ${JSON.stringify(new URL('./catalogue.ts', import.meta.url).href)};
      const { made } = await ensureStream('tiny', ${JSON.stringify(TINY)}, { folder: ${JSON.stringify(folder.path)} });
      process.stdout.write(String(made));`;
    const others = [0, 1].map(async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await once(child, 'close');
      return said;
    });
    const own = [0, 1].map(async () =>
      String((await ensureStream('tiny', TINY, { folder: folder.path })).made),
    );
    const made = await Promise.all([...own, ...others]);
    expect(made.sort()).toEqual(['false', 'false', 'false', 'true']);
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^tiny-.*\.flv$/)]);
  }, 30_000);

  test('that fails leaves no lock behind', async () => {
    vi.stubEnv('FRAMECUE_FFMPEG', join(folder.path, 'nowhere'));
    const made = ensureStream('tiny', TINY, { folder: folder.path });
    await expect(made).rejects.toMatchObject({ code: 'ERR_TOOL_MISSING' });
    vi.unstubAllEnvs();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('of a name that nobody knows is refused', async () => {
    const asked = ensureTestStream('dmeo' as TestStreamName);
    await expect(asked).rejects.toMatchObject({
      code: 'ERR_SETTING',
      message: expect.stringContaining('demo'),
    });
  });
});

test('the table: with and without B-frames, at 25 and 29.97 pictures a second', () => {
  const kinds = Object.entries(TEST_STREAMS).map(([name, parameters]) => {
    expect(shapeOf(parameters).frames % shapeOf(parameters).gopFrames).toBe(0);
    return `${name}: ${parameters.fps} ${parameters.bFrames > 0}`;
  });
  expect(kinds).toEqual([
    'demo: 25 true',
    'bframes-25: 25 true',
    'plain-25: 25 false',
    'bframes-2997: 30000/1001 true',
    'plain-2997: 30000/1001 false',
  ]);
});

test('the table in the README is this one', async () => {
  const readme = await readFile(new URL('./README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z0-9-]+)` +\|(.*)\|$/gm)].map(([, name, cells]) => {
    return [name, ...cells!.split('|').map((cell) => cell.trim())];
  });
  const expected = Object.entries(TEST_STREAMS).map(([name, parameters]: [string, TestStreamParameters]) => [
    name,
    parameters.fps,
    `${parameters.bFrames || 'none'}${parameters.bPyramid ? ', pyramid' : ''}`,
    `${parameters.width}x${parameters.height}, ${parameters.bitrateKbps} kbit/s`,
    `${parameters.seconds} s`,
    `${parameters.gopSeconds} s`,
  ]);
  expect(rows).toEqual(expected);
});

describe('the lock', () => {
  const lockFile = () => join(folder.path, 'x.lock');

  test('of a holder that lives is waited for, and its progress seen', async () => {
    let done = false;
    let finish: (() => void) | undefined;
    const holding = onceAtATime(
      lockFile(),
      async () => done,
      (holder) =>
        new Promise<string>((settle) => {
          holder.report(42);
          finish = () => {
            done = true;
            settle('made');
          };
        }),
    );
    // Of two that ask at once either may be the holder: the second asks when the first works.
    await vi.waitFor(() => expect(finish).toBeDefined(), { timeout: 10_000 });
    const seen: number[] = [];
    const work = vi.fn(async () => 'made again');
    const waiting = onceAtATime(lockFile(), async () => done, work, {
      onWait: (percent) => seen.push(percent),
    });
    await vi.waitFor(() => expect(seen).toContain(42), { timeout: 10_000 });
    finish?.();
    expect(await holding).toBe('made');
    expect(await waiting).toBeNull();
    expect(work).not.toHaveBeenCalled();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('of a holder that was killed is taken over', async () => {
    await writeFile(lockFile(), '1 abandoned 10');
    await utimes(lockFile(), new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    expect(
      await onceAtATime(
        lockFile(),
        async () => false,
        async () => 'made',
      ),
    ).toBe('made');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('that was taken over is left to the new holder', async () => {
    const made = await onceAtATime(
      lockFile(),
      async () => false,
      async () => {
        await writeFile(lockFile(), '1 somebody-else 10');
        return 'made';
      },
    );
    expect(made).toBe('made');
    expect(await readFile(lockFile(), 'utf8')).toBe('1 somebody-else 10');
  });

  test('is not waited for any longer than the signal says', async () => {
    await writeFile(lockFile(), '1 alive 10');
    const stop = new AbortController();
    const waiting = onceAtATime(
      lockFile(),
      async () => false,
      async () => 'made',
      {
        signal: stop.signal,
        onWait: () => stop.abort(new Error('enough')),
      },
    );
    await expect(waiting).rejects.toThrow();
    expect(await readFile(lockFile(), 'utf8')).toBe('1 alive 10');
  });
});
