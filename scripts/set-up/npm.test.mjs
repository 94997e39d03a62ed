import { describe, expect, test } from 'vitest';
import { adviceForNpm, npmEnvironment, withoutNoise } from './npm.mjs';

test('npm inherits the registry of an outer npm, but not its place', () => {
  const env = npmEnvironment({
    PATH: '/usr/bin',
    npm_config_registry: 'https://registry.example',
    npm_config_local_prefix: '/p',
    npm_config_workspace: 'client',
    npm_package_json: '/p/package.json',
    npm_lifecycle_event: 'test',
    npm_command: 'run-script',
  });
  expect(env).toEqual({
    PATH: '/usr/bin',
    npm_config_registry: 'https://registry.example',
    npm_config_update_notifier: 'false',
  });
});

test('noise is left out of what npm said', () => {
  const output = [
    'npm warn EBADENGINE Unsupported engine {',
    "npm warn EBADENGINE   current: { node: 'v20.20.2' }",
    'npm warn Unknown user config "x"',
    'npm error code EUSAGE',
    'npm error',
    'npm error Missing: a@1.0.0 from lock file',
    'npm error Clean install a project',
    'npm error Usage:',
    'npm error npm ci',
  ].join('\n');
  expect(withoutNoise(output)).toBe(
    'npm error code EUSAGE\nnpm error Missing: a@1.0.0 from lock file\nnpm error Clean install a project',
  );
});

describe('advice', () => {
  test.each([
    ['npm error code ENOTFOUND', 'not reached'],
    ['npm error code ECONNRESET\nnpm error network aborted', 'not reached'],
    ['npm error code E404', 'lacks a package'],
    ['npm error code E403', 'refused'],
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error code EACCES', 'another user'],
    ['npm error code EINTEGRITY', 'npm cache verify'],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
    ['npm error code EUSAGE\nnpm error can only install when in sync', 'npm install'],
  ])('for %j', (output, part) => {
    const advice = adviceForNpm(output, 'npm ci');
    expect(advice[0]).toContain(part);
    expect(advice.at(-1)).toContain('`npm ci`');
  });

  test('for what is not known', () => {
    expect(adviceForNpm('something else', 'npm ci')).toHaveLength(1);
  });
});
