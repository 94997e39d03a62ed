import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import junitModule, { type Builder } from 'junit-report-builder';
import { type Finding, type FrameRef, isFailure, nameOf } from './findings.ts';
import type { KeptPicture } from './gop-keeper.ts';
import type { CueVerdict } from './judge.ts';
import { pictureOf } from './picture.ts';
import type { SourceVerdict } from './verify.ts';

// The package's types put the builder under `default`, where only its ES module build has it.
const junit = junitModule as unknown as Builder;

/** A PNG for a frame that a report shows; its path as reports give it. */
export type PicturePaths = ReadonlyMap<KeptPicture, string>;

/** Decodes and writes the pictures that were kept, into `folder`. @returns paths relative to `from`. */
export async function writePictures(
  sources: readonly SourceVerdict[],
  folder: string,
  from: string,
  ffmpeg: string,
): Promise<PicturePaths> {
  const paths = new Map<KeptPicture, string>();
  for (const [number, { pictures }] of sources.entries()) {
    for (const kept of pictures) {
      const png = await pictureOf(kept, ffmpeg);
      if (png === null) continue;
      await mkdir(folder, { recursive: true });
      const file = join(folder, `source-${number + 1}-frame-${kept.frame.index}.png`);
      await writeFile(file, png);
      paths.set(kept, relative(from, file));
    }
  }
  return paths;
}

/**
 * JUnit XML: a suite for each source, a case for each cue and one for the stream as a whole. A failure names the
 * frame; its picture is attached the way CI servers read it (`[[ATTACHMENT|path]]` in system-out).
 */
export async function writeJUnit(
  file: string,
  sources: readonly SourceVerdict[],
  pictures: PicturePaths,
): Promise<void> {
  const report = junit.newBuilder();
  for (const source of sources) {
    const suite = report.testSuite().name(`framecue verify ${source.name}`);
    const caseOf = (name: string, findings: readonly Finding[], frame: FrameRef | null): void => {
      const test = suite.testCase().className(source.name).name(name);
      const failures = findings.filter(isFailure);
      if (failures.length > 0) {
        test.failure(failures.map(({ code, text }) => `${code}: ${text}`).join('\n'), failures[0]!.code);
      }
      if (failures.length === 0 && findings.some(({ code }) => code === 'CUE_OUTSIDE')) test.skipped();
      const frames = [frame, ...findings.map((found) => found.frame)];
      const attached = failures.length === 0 ? [] : picturesOf(source, frames, pictures);
      const notes = findings.filter((found) => !isFailure(found)).map(({ code, text }) => `${code}: ${text}`);
      const said = [...notes, ...attached.map((path) => `[[ATTACHMENT|${path}]]`)];
      if (said.length > 0) test.standardOutput(said.join('\n'));
    };
    caseOf('the stream', source.findings, null);
    for (const cue of source.cues) caseOf(caseName(cue), cue.findings, cue.frame);
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, report.build());
}

function caseName({ id, type, frame }: CueVerdict): string {
  const what = type === null || type === '' ? id : `${id} (${type})`;
  return frame === null ? what : `${what} on ${nameOf(frame)}`;
}

/** Of these frames, each once. */
export function picturesOf(
  { pictures }: SourceVerdict,
  frames: readonly (FrameRef | null)[],
  paths: PicturePaths,
): string[] {
  const wanted = new Set(frames.map((frame) => frame?.index));
  return pictures.flatMap((kept) => {
    const path = wanted.has(kept.frame.index) ? paths.get(kept) : undefined;
    return path === undefined ? [] : [path];
  });
}
