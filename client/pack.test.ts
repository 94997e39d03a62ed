import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../scripts/lib/tools.ts';

// Two builds and an installation.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const PACKAGES = ['framecue-client', 'h264-sei-parser'] as const;
const FOLDERS = { 'framecue-client': 'client', 'h264-sei-parser': 'h264-sei-parser' } as const;

const run = (file: string, args: readonly string[], cwd: string) =>
  promisify(execFile)(file, args, {
    cwd,
    timeout: 100_000,
    // The project's own programs first, as `npm run` has it.
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` },
  });

let folder: string;
/** An application of somebody else's, with both packages installed from their tarballs. */
let app: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'framecue-pack-'));
  app = join(folder, 'app');
  await mkdir(app);
  const tarballs: string[] = [];
  for (const name of PACKAGES) {
    await run('npm', ['pack', '--pack-destination', folder], join(ROOT, FOLDERS[name]));
    const tarball = (await readdir(folder)).find((file) => file.startsWith(name) && file.endsWith('.tgz'));
    tarballs.push(join(folder, tarball!));
  }
  await writeFile(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], app);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(PACKAGES)('%s', (name) => {
  test('holds what it is made for, and no sources', async () => {
    const files = await readdir(join(app, 'node_modules', name), { recursive: true });
    expect(files).toContain('package.json');
    expect(files).toContain('LICENSE');
    expect(files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((file) => /test|\.tsbuildinfo|vite\.config/.test(file))).toEqual([]);
  });

  test('asks for no other package', async () => {
    const manifest = JSON.parse(await readFile(join(app, 'node_modules', name, 'package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
    expect((await readdir(join(app, 'node_modules'))).filter((file) => !file.startsWith('.')).sort()).toEqual(
      [...PACKAGES],
    );
  });
});

test('the declarations of the client lead nowhere else, and end in .js', async () => {
  const types = join(app, 'node_modules/framecue-client/dist/types');
  const declarations = (await readdir(types, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
  expect(declarations).toContain('client/src/index.d.ts');
  for (const file of declarations) {
    const text = await readFile(join(types, file), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from |import\()["']([^"']+)["']/g)) {
      expect(specifier, file).toMatch(/^\.{1,2}\/.*\.js$/);
    }
  }
});

test('Node imports both', async () => {
  await writeFile(
    join(app, 'use.js'),
    `import { createFramecue } from 'framecue-client';
import { parseSeiNal, userDataMessage, writeSeiNal } from 'h264-sei-parser';

const message = userDataMessage(new Uint8Array(16).fill(7), new Uint8Array([0, 0, 0, 1]));
const [read] = parseSeiNal(writeSeiNal([message]));
const framecue = createFramecue({ eventsUrl: 'http://127.0.0.1:9', stream: 'live/main', onCue() {} });
const before = framecue.stats();
framecue.destroy();
console.log(JSON.stringify({ type: read.payloadType, bytes: [...read.payload.slice(16)], mode: before.mode }));
`,
  );
  const { stdout } = await run('node', ['use.js'], app);
  expect(JSON.parse(stdout)).toEqual({ type: 5, bytes: [0, 0, 0, 1], mode: 'no-frames' });
});

describe('an application in TypeScript', () => {
  const good = `import { createFramecue, type CueOutcome, type FiredCue, type SubmitOutcome } from 'framecue-client';
import { parseSeiNal, type SeiMessage } from 'h264-sei-parser';
import Hls from 'hls.js';
import mpegts from 'mpegts.js';

const outcomes: CueOutcome[] = [];
const framecue = createFramecue({
  eventsUrl: 'https://events.example.com',
  stream: 'live/main',
  token: async () => 'jwt',
  onCue(cue: FiredCue) {
    const left: number | null = cue.remainingMs;
    if (cue.type === 'interaction.open') {
      framecue.submit(cue, { choice: 1 }).then((outcome: SubmitOutcome) => {
        if (outcome.ok) console.log(outcome.receipt.id, left);
        else if (outcome.error.code === 'ERR_INTERACTION_LOCKED') console.log('too late');
      });
    }
  },
  onClose: (cue, why) => console.log(cue.id, why === 'locked'),
  onOutcome: (outcome) => outcomes.push(outcome),
});
const video = document.querySelector('video')!;
const detach: () => void = framecue.attachMpegts(mpegts.createPlayer({ type: 'flv' }), video, mpegts, { path: 'ws' });
framecue.attachHls(new Hls(), video, Hls);
const now: number | undefined = framecue.clock.now()?.unixUs;
const messages: SeiMessage[] = parseSeiNal(new Uint8Array([6]));
console.log(detach, now, messages, framecue.streamTime()?.pts);
`;

  const check = async (source: string, resolution: 'NodeNext' | 'Bundler'): Promise<string> => {
    const at = join(folder, `types-${resolution}-${source.length}`);
    await mkdir(join(at, 'node_modules'), { recursive: true });
    for (const name of PACKAGES)
      await symlink(join(app, 'node_modules', name), join(at, 'node_modules', name));
    // The players are the page's own: the real ones, to see that they fit.
    for (const name of ['hls.js', 'mpegts.js']) {
      await symlink(join(ROOT, 'node_modules', name), join(at, 'node_modules', name));
    }
    await writeFile(join(at, 'package.json'), '{ "type": "module" }\n');
    await writeFile(join(at, 'app.ts'), source);
    const options = {
      module: resolution === 'Bundler' ? 'ESNext' : 'NodeNext',
      moduleResolution: resolution,
      target: 'ES2022',
      lib: ['ES2022', 'DOM', 'DOM.Iterable'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      preserveSymlinks: true,
      // Those of the players are not ours to hold.
      skipLibCheck: true,
    };
    await writeFile(
      join(at, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['app.ts'] }),
    );
    try {
      await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], at);
      return '';
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };

  test.each(['NodeNext', 'Bundler'] as const)('type-checks with module resolution %s', async (resolution) => {
    // The declarations of mpegts.js name a default export that Node's rules see one level deeper.
    const source =
      resolution === 'NodeNext'
        ? good
            .replaceAll('mpegts.createPlayer', 'mpegts.default.createPlayer')
            .replace('video, mpegts,', 'video, mpegts.default,')
        : good;
    expect(await check(source, resolution)).toBe('');
  });

  test('and is told of its mistakes', async () => {
    const wrong = good.replace("why === 'locked'", "why === 'luck'").replace('choice: 1', "choice: 'one'");
    const said = (await check(wrong, 'Bundler')).trim().split('\n');
    expect(said).toHaveLength(2);
    expect(said[0]).toContain("Type 'string' is not assignable to type 'number'");
    expect(said[1]).toContain("'CloseReason' and '\"luck\"' have no overlap");
  });

  test('the declarations hold by themselves', async () => {
    const at = join(folder, 'lib-check');
    await mkdir(at);
    await symlink(join(app, 'node_modules'), join(at, 'node_modules'));
    await writeFile(
      join(at, 'app.ts'),
      "export * from 'framecue-client';\nexport * as sei from 'h264-sei-parser';\n",
    );
    await writeFile(join(at, 'package.json'), '{ "type": "module" }\n');
    const options = {
      module: 'NodeNext',
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      types: [],
      strict: true,
      noEmit: true,
    };
    await writeFile(
      join(at, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['app.ts'] }),
    );
    await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], at);
  });
});
