import { describe, expect, test } from 'vitest';
import { planTests, STAGES } from './test-plan.ts';

describe('npm test runs', () => {
  test.each([
    [[], STAGES, [], null],
    [['cues'], ['pages', 'unit', 'e2e'], ['cues'], null],
    [['cues', 'packet/time'], ['pages', 'unit', 'e2e'], ['cues', 'packet/time'], null],
    [['--unit'], ['unit'], [], null],
    [['--e2e', '--lint'], ['lint', 'pages', 'e2e'], [], null],
    [['--unit', 'cues'], ['unit'], ['cues'], null],
    [['--types', '--unit', 'cues'], ['types', 'unit'], ['cues'], null],
    [['-t', 'B-frames'], ['pages', 'unit', 'e2e'], [], 'B-frames'],
    [['--name=B-frames', '--unit'], ['unit'], [], 'B-frames'],
    [['--', '--odd'], ['pages', 'unit', 'e2e'], ['--odd'], null],
  ])('%j', (args, stages, filters, testName) => {
    expect(planTests(args)).toEqual({ kind: 'plan', plan: { stages: [...stages], filters, testName } });
  });

  test.each([['--help'], ['-h'], ['cues', '--help']])('no test for %s', (...args) => {
    expect(planTests(args)).toEqual({ kind: 'help' });
  });

  test.each([[['--fast']], [['-t']], [['--unit=1']]])('nothing for %j', (args) => {
    expect(planTests(args)).toMatchObject({ kind: 'wrong', why: expect.stringMatching(/./) });
  });
});
