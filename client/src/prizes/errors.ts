import type { ClientErrorCode, FramecueClientError } from '../types.ts';

export const prizeError = (code: ClientErrorCode, message: string, retryable = false) => ({
  ok: false as const,
  error: { code, message, retryable, status: null } satisfies FramecueClientError,
});

export const DESTROYED = prizeError('ERR_CLIENT_DESTROYED', 'The client was destroyed.');
