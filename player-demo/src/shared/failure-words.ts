import type { ApiFailure } from './http.ts';

export interface FailureWords {
  /** A sentence for the person at the screen. */
  readonly text: string;
  /** The stable code, for support; null where no server spoke. */
  readonly code: string | null;
  /** Whether pressing "try again" can help. */
  readonly retryable: boolean;
}

/** Codes whose sentence in the error table speaks to a caller of the API rather than to a person. */
const WORDS: { readonly [code: string]: string | undefined } = {
  ERR_TOKEN_MISSING: 'Sign in with the director token first.',
  ERR_TOKEN_INVALID: 'This token is not valid here.',
  ERR_TOKEN_EXPIRED: 'The token has expired.',
  ERR_RIGHT_MISSING: 'This token does not have the right to do that.',
  ERR_RATE_LIMITED: 'Too many requests at once. Wait a moment.',
  ERR_STREAM_NOT_LIVE: 'The stream is not live, so there is no frame to land on.',
  ERR_CUE_STATE: 'Too late: the cue has moved on.',
  ERR_CUE_TOO_LARGE: 'The question is too long to fit into the picture. Shorten it or its options.',
  ERR_CUE_TOO_MANY_OPEN: 'Too many cues are open on this stream. Lock or cancel one first.',
  ERR_STAMPING_OFF: 'Stamping is switched off for this stream.',
  ERR_INTERACTION_NOT_OPEN: 'The server has not opened this question yet.',
  ERR_INTERACTION_LOCKED: 'Too late: the question was already locked.',
  ERR_INTERACTION_CANCELED: 'The question was cancelled.',
  ERR_INTERACTION_UNKNOWN: 'The server does not know this question.',
  ERR_INTERACTION_EXISTS: 'A question with this id exists already.',
  ERR_REVEAL_UNKNOWN: 'The events service does not answer, so the result has no key. Try again.',
  ERR_ANSWER_INVALID: 'This answer does not fit the question.',
  ERR_OVERLOADED: 'The server is at its limit. Wait a moment.',
  ERR_STORE_UNAVAILABLE: 'The server cannot store this at the moment.',
  ERR_NOT_READY: 'The server is starting or stopping.',
  // of the client library
  ERR_CLIENT_NETWORK: 'The server cannot be reached.',
  ERR_CLIENT_RESPONSE: 'The answer of the server could not be read.',
  ERR_CLIENT_BUSY: 'Too many answers are on their way.',
  ERR_CLIENT_TOKEN: 'This page got no viewer token, so it cannot answer.',
  ERR_CLIENT_NO_INTERACTION: 'This cue has no question to answer.',
  ERR_CLIENT_SEALED: 'The result could not be opened here.',
  ERR_CLIENT_DRAW_WAITS: 'The winners are not drawn yet.',
  ERR_CLIENT_CLOSED: 'Too late: the question has closed on this screen.',
};

/** The words for a code, or the sentence that came with it. */
export const codeWords = (code: string, message: string): string => WORDS[code] ?? message;

export function failureWords(failure: ApiFailure): FailureWords {
  switch (failure.kind) {
    case 'refused':
      return {
        text: codeWords(failure.code, failure.message),
        code: failure.code,
        retryable: failure.retryable,
      };
    case 'unreachable':
      return { text: 'The server cannot be reached.', code: null, retryable: true };
    case 'timeout':
      return {
        text: `The server did not answer within ${Math.round(failure.afterMs / 1000)} s.`,
        code: null,
        retryable: true,
      };
    case 'unreadable':
      return {
        text: `The answer could not be read (HTTP ${failure.status}).`,
        code: null,
        retryable: failure.status >= 500,
      };
    case 'aborted':
      return { text: 'Stopped.', code: null, retryable: true };
  }
}

/** No answer came: the server may or may not have done what was asked. */
export const isOutcomeUnknown = (failure: ApiFailure): boolean =>
  failure.kind !== 'refused' || failure.code === 'ERR_TIMEOUT';
