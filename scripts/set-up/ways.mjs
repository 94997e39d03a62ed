/**
 * How a missing tool can be had on a machine, best way first. Set-up never asks for a password and never uses
 * sudo: without root it stays inside the checkout and the user's own caches.
 *
 * @typedef {{ kind: 'apt', packages: readonly string[] }} AptWay
 * @typedef {{ kind: 'npm' }} NpmWay
 * @typedef {{ kind: 'playwright', withSystemPackages: boolean }} PlaywrightWay
 * @typedef {Pick<import('./machine.mjs').Machine, 'platform' | 'distribution' | 'isRoot' | 'hasApt'>} Circumstances
 */

/** @param {Circumstances} machine */
const canUseApt = (machine) => machine.isRoot && machine.hasApt && machine.distribution !== 'other';

/**
 * ffmpeg and ffprobe: Debian's own (with a font for burned-in text), else static builds from npm.
 * @param {Circumstances} machine
 * @returns {(AptWay | NpmWay)[]}
 */
export function waysToFfmpeg(machine) {
  /** @type {AptWay} */
  const apt = { kind: 'apt', packages: ['ffmpeg', 'fonts-dejavu-core'] };
  return canUseApt(machine) ? [apt, { kind: 'npm' }] : [{ kind: 'npm' }];
}

/**
 * A browser. Ubuntu's `chromium-browser` package only points to a snap, which does not start in containers:
 * there Playwright's build comes with the system packages that it needs.
 * @param {Circumstances} machine
 * @returns {(AptWay | PlaywrightWay)[]}
 */
export function waysToBrowser(machine) {
  /** @type {PlaywrightWay} */
  const playwright = { kind: 'playwright', withSystemPackages: canUseApt(machine) };
  const hasPackage = canUseApt(machine) && machine.distribution === 'debian';
  return hasPackage ? [{ kind: 'apt', packages: ['chromium'] }, playwright] : [playwright];
}

/**
 * A tracer of system calls: only Linux has strace.
 * @param {Circumstances} machine
 * @returns {AptWay[]}
 */
export function waysToStrace(machine) {
  return canUseApt(machine) && machine.platform === 'linux' ? [{ kind: 'apt', packages: ['strace'] }] : [];
}
