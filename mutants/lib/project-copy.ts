import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { ROOT } from '../../scripts/lib/tools.ts';

/** Made again by whoever needs it, or far too large to copy; linked instead where tests need it. */
const LEFT_OUT = ['node_modules', '.git', '.framecue', 'dist', 'coverage'];
const LINKED = ['node_modules', 'test-streams/out'];

/** A copy of the project in a folder of its own, so that a fault is never planted in the checkout. */
export class ProjectCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'framecue-mutants-'));

  constructor() {
    cpSync(ROOT, this.root, { recursive: true, filter: (from) => isWanted(relative(ROOT, from)) });
    for (const folder of LINKED) {
      mkdirSync(join(ROOT, folder), { recursive: true });
      symlinkSync(join(ROOT, folder), join(this.root, folder), 'dir');
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const isWanted = (path: string): boolean => !LEFT_OUT.includes(basename(path)) && !LINKED.includes(path);
