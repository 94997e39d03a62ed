import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode, FramecueError } from './errors.ts';

describe('the error table', () => {
  test.each(Object.entries(ERRORS))('%s is complete', (code, { status, retryable, text }) => {
    expect(code).toMatch(/^ERR_[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(text).toMatch(/^[A-Z].*\.$/);
    // Whoever is told to slow down, or that the server cannot now, is told to try again.
    if (status === 429 || status === 503) expect(retryable).toBe(true);
  });
});

describe('a coded error', () => {
  test('takes its status, text and retryability from the table', () => {
    const error = new FramecueError('ERR_OVERLOADED');
    expect(error).toMatchObject({ name: 'FramecueError', status: 503, retryable: true });
    expect(error.message).toBe(ERRORS.ERR_OVERLOADED.text);
    expect(error).toBeInstanceOf(Error);
    expect('cause' in error).toBe(false);
  });

  test('keeps its cause and its details', () => {
    const cause = new Error('inner');
    const code: ErrorCode = 'ERR_FLV_TAG';
    const error = new FramecueError(code, 'More.', { cause, details: { offset: 3 } });
    expect(error).toMatchObject({ message: 'More.', cause, details: { offset: 3 } });
  });
});
