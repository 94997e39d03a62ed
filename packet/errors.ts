/**
 * Every error that framecue names to anybody: one stable code, one HTTP status, whether trying again can
 * help, and one sentence. `docs/errors.md` is held against this table by a test.
 */
export const ERRORS = {
  // what a caller sent
  ERR_REQUEST_MALFORMED: { status: 400, retryable: false, text: 'The request body is not valid JSON.' },
  ERR_REQUEST_INVALID: { status: 400, retryable: false, text: 'The request does not fit the schema.' },
  ERR_CONTENT_TYPE: { status: 415, retryable: false, text: 'Send the body as application/json.' },
  ERR_BODY_TOO_LARGE: { status: 413, retryable: false, text: 'The request body is larger than the limit.' },
  ERR_REQUEST_TIMEOUT: { status: 408, retryable: true, text: 'The request did not come whole in time.' },
  ERR_METHOD: { status: 405, retryable: false, text: 'This method is not allowed here.' },
  ERR_NOT_FOUND: { status: 404, retryable: false, text: 'There is nothing at this address.' },
  ERR_TOKEN_MISSING: {
    status: 401,
    retryable: false,
    text: 'Send a bearer token in the Authorization header.',
  },
  ERR_TOKEN_INVALID: { status: 401, retryable: false, text: 'The token is not valid.' },
  ERR_TOKEN_EXPIRED: { status: 401, retryable: false, text: 'The token has expired; exchange a new one.' },
  ERR_RIGHT_MISSING: {
    status: 403,
    retryable: false,
    text: 'The token does not carry the right that this needs.',
  },
  ERR_REHEARSAL_TOKEN: {
    status: 403,
    retryable: false,
    text: 'The token only rehearses, and this is of the show itself.',
  },
  ERR_SHADOW_VIEWER: {
    status: 403,
    retryable: false,
    text: 'The token is of a shadow viewer, and counts in shadow rounds alone.',
  },
  ERR_SHADOW_ROUND: { status: 403, retryable: false, text: 'The round takes shadow viewers alone.' },
  ERR_RATE_LIMITED: { status: 429, retryable: true, text: 'Too many requests; wait as Retry-After says.' },
  // streams and ingest
  ERR_STREAM_NOT_LIVE: { status: 404, retryable: true, text: 'The stream is not live.' },
  ERR_PUBLISH_KEY: { status: 403, retryable: false, text: 'The stream key is wrong.' },
  ERR_PUBLISH_BUSY: { status: 409, retryable: true, text: 'The stream already has a publisher.' },
  ERR_PUBLISH_SILENT: { status: 408, retryable: true, text: 'The publisher sent nothing for too long.' },
  ERR_PUBLISH_CODEC: { status: 415, retryable: false, text: 'Publish H.264 video and AAC audio.' },
  ERR_PUBLISH_NAME: { status: 400, retryable: false, text: 'The stream is not one that this server takes.' },
  ERR_PUBLISH_LIMIT: { status: 503, retryable: true, text: 'The server takes no more publishers.' },
  ERR_RTMP_PROTOCOL: { status: 400, retryable: false, text: 'The connection does not speak proper RTMP.' },
  ERR_RTMP_LIMIT: { status: 413, retryable: false, text: 'The RTMP connection passed a limit.' },
  ERR_RTMP_HANDSHAKE: { status: 408, retryable: true, text: 'The connection did not publish in time.' },
  ERR_RTMP_PLAY: {
    status: 405,
    retryable: false,
    text: 'Streams are not played over RTMP: use HTTP-FLV, WebSocket-FLV or HLS.',
  },
  ERR_MEDIA_CORRUPT: { status: 400, retryable: false, text: 'The media data is corrupt.' },
  ERR_FLV_HEADER: { status: 400, retryable: false, text: 'This is not an FLV stream.' },
  ERR_FLV_TAG: { status: 400, retryable: false, text: 'The FLV tag is corrupt.' },
  ERR_FLV_TRUNCATED: { status: 400, retryable: false, text: 'The FLV data ends inside a tag.' },
  ERR_AVCC_RECORD: {
    status: 400,
    retryable: false,
    text: 'The AVC decoder configuration record is corrupt.',
  },
  ERR_AAC_CONFIG: { status: 400, retryable: false, text: 'The AAC AudioSpecificConfig is corrupt.' },
  // viewers
  ERR_VIEWER_LIMIT: { status: 503, retryable: true, text: 'The server takes no more viewers.' },
  ERR_PREVIEW_TICKET: {
    status: 403,
    retryable: false,
    text: "The preview's ticket is missing, wrong or over: ask for another.",
  },
  ERR_VIEWER_STALLED: { status: 408, retryable: true, text: 'The viewer did not read for too long.' },
  // cues and stamps
  ERR_CUE_UNKNOWN: { status: 404, retryable: false, text: 'There is no such cue.' },
  ERR_CUE_EXISTS: { status: 409, retryable: false, text: 'A cue with this id exists already.' },
  ERR_CUE_TOO_LARGE: { status: 413, retryable: false, text: 'The cue does not fit into a stamp.' },
  ERR_CUE_STATE: { status: 409, retryable: false, text: 'The cue is past the state that this needs.' },
  ERR_CUE_CHANGED: {
    status: 409,
    retryable: false,
    text: 'The cue was changed meanwhile; look at it as it now stands.',
  },
  ERR_CUE_MOMENT_PASSED: { status: 409, retryable: false, text: 'The moment asked for has passed.' },
  ERR_CUE_TOO_MANY_OPEN: { status: 429, retryable: true, text: 'Too many cues are open on this stream.' },
  ERR_CONTROL_HELD: { status: 409, retryable: false, text: 'Another console is in control of this stream.' },
  ERR_MODE_BUSY: {
    status: 409,
    retryable: true,
    text: 'The mode cannot be switched while a cue waits or is open: lock or cancel it (panic ends all), or wait until it is over.',
  },
  ERR_MODE_SWITCHED: {
    status: 409,
    retryable: true,
    text: 'The mode of the stream was switched while this was on its way: nothing was marked. Look which mode it is in, then do it again.',
  },
  ERR_TRIGGER_UNKNOWN: { status: 404, retryable: false, text: 'There is no such trigger.' },
  ERR_STAGE_LEAVE: {
    status: 409,
    retryable: false,
    text: 'The director gives the stage no leave for that, or not any more.',
  },
  ERR_STAGE_STANDBY: {
    status: 409,
    retryable: false,
    text: 'Another stage screen is the one that is shown.',
  },
  ERR_RUNDOWN_NONE: { status: 404, retryable: false, text: 'No rundown is loaded for this stream.' },
  ERR_RUNDOWN_INVALID: { status: 422, retryable: false, text: 'The rundown is not valid.' },
  ERR_RUNDOWN_ON_AIR: { status: 409, retryable: true, text: 'An item of the rundown is on air.' },
  ERR_RUNDOWN_ITEM_UNKNOWN: { status: 404, retryable: false, text: 'The rundown has no such item.' },
  ERR_RUNDOWN_ITEM_STATE: {
    status: 409,
    retryable: false,
    text: 'The item is not in a state that allows this.',
  },
  ERR_RUNDOWN_TOO_EARLY: { status: 409, retryable: true, text: 'It is too early for the item.' },
  ERR_IDEMPOTENCY_CONFLICT: {
    status: 409,
    retryable: false,
    text: 'This Idempotency-Key was used with another request.',
  },
  ERR_LATENCY_UNKNOWN: {
    status: 409,
    retryable: true,
    text: 'The production latency is not known well enough to be applied.',
  },
  ERR_STAMPING_OFF: { status: 409, retryable: true, text: 'Stamping is switched off for this stream.' },
  ERR_STAMP_FORMAT: { status: 400, retryable: false, text: 'The stamp is not well formed.' },
  ERR_STAMP_VERSION: {
    status: 400,
    retryable: false,
    text: 'The stamp is of a version that is not known here.',
  },
  ERR_STAMP_SIGNATURE: { status: 403, retryable: false, text: 'The stamp is not signed by a known key.' },
  ERR_STAMP_SEALED: {
    status: 400,
    retryable: false,
    text: 'The sealed data cannot be opened with this key.',
  },
  ERR_STAMP_TOO_LARGE: { status: 413, retryable: false, text: 'The stamp is larger than the limit.' },
  // interactions
  ERR_INTERACTION_UNKNOWN: { status: 404, retryable: false, text: 'There is no such interaction.' },
  ERR_INTERACTION_EXISTS: {
    status: 409,
    retryable: false,
    text: 'An interaction with this id exists already.',
  },
  ERR_INTERACTION_STATE: {
    status: 409,
    retryable: false,
    text: 'The interaction is not in a state that allows this.',
  },
  ERR_INTERACTION_NOT_OPEN: { status: 409, retryable: true, text: 'The interaction is not open yet.' },
  ERR_INTERACTION_LOCKED: { status: 409, retryable: false, text: 'The interaction is locked.' },
  ERR_INTERACTION_CANCELED: { status: 409, retryable: false, text: 'The interaction was cancelled.' },
  ERR_ANSWER_INVALID: { status: 400, retryable: false, text: 'The answer does not fit the interaction.' },
  // pools, rights and grants
  ERR_POOL_UNKNOWN: { status: 404, retryable: false, text: 'There is no such pool.' },
  ERR_POOL_EXISTS: { status: 409, retryable: false, text: 'A pool with this id exists with other terms.' },
  ERR_POOL_STATE: { status: 409, retryable: false, text: 'The pool is not in a state that allows this.' },
  ERR_POOL_PURPOSE: {
    status: 409,
    retryable: false,
    text: 'The pool is of another purpose: prizes come from pools of purpose prize, sales sell from stock. Name another pool.',
  },
  ERR_AMOUNT_INVALID: {
    status: 400,
    retryable: false,
    text: 'The amount is not a whole number of pieces and minor units, is out of range, or of another currency.',
  },
  ERR_RIGHT_CONFLICT: { status: 409, retryable: false, text: 'This id is the id of another right.' },
  ERR_GRANT_UNKNOWN: { status: 404, retryable: false, text: 'There is no such grant.' },
  ERR_MEASURE_UNKNOWN: { status: 404, retryable: false, text: 'There is no such measure.' },
  ERR_MEASURE_STATE: {
    status: 409,
    retryable: false,
    text: 'The measure is not in a state that allows this.',
  },
  ERR_MEASURE_OF_SHOWS: {
    status: 409,
    retryable: false,
    text: 'Several shows have a measure of this id: name the show, as in /shows/{show}/measures/{id}/apply.',
  },
  // flash sales
  ERR_SOLD_OUT: { status: 409, retryable: false, text: 'Everything is sold.' },
  ERR_STOCK_RESERVED: {
    status: 409,
    retryable: true,
    text: 'Every piece that is left is reserved; one may come back.',
  },
  ERR_SALE_CLOSED: { status: 409, retryable: false, text: 'Nothing is on sale here now.' },
  ERR_SALE_TURN: { status: 409, retryable: true, text: "The viewer's turn has not come yet." },
  ERR_SALE_LINE_CLOSED: {
    status: 409,
    retryable: false,
    text: 'The line is longer than the sale lasts; nobody is let into it any more.',
  },
  ERR_TICKET_INVALID: {
    status: 403,
    retryable: false,
    text: 'The ticket is not one of this viewer for this sale.',
  },
  ERR_NOT_ELIGIBLE: { status: 403, retryable: false, text: 'The pool is not for this viewer.' },
  ERR_RESERVATION_NONE: { status: 404, retryable: false, text: 'The viewer has reserved nothing here.' },
  ERR_RESERVATION_OVER: {
    status: 409,
    retryable: false,
    text: 'The reservation is over, and its piece has gone back.',
  },
  ERR_ORDER_EXISTS: {
    status: 409,
    retryable: false,
    text: 'The reservation was ordered under another Idempotency-Key.',
  },
  // draws
  ERR_REVEAL_UNKNOWN: {
    status: 503,
    retryable: true,
    text: 'The events service could not be asked what this reveal has to carry.',
  },
  ERR_DRAW_NOT_YET: { status: 409, retryable: true, text: 'The draw has not come that far.' },
  ERR_DRAW_STATE: { status: 409, retryable: false, text: 'The draw is not in a state that allows this.' },
  ERR_DRAW_RANDOMNESS: {
    status: 400,
    retryable: false,
    text: 'This is not the round that the draw named, or the network has not signed it.',
  },
  // the ledger
  ERR_OUTBOX_UNKNOWN: { status: 404, retryable: false, text: 'The outbox holds no such item.' },
  ERR_OUTBOX_STATE: {
    status: 409,
    retryable: false,
    text: 'The item has been taken back, and is not sent any more.',
  },
  ERR_WEBHOOK_SIGNATURE: {
    status: 401,
    retryable: false,
    text: 'The signature of the call is missing, wrong or too old.',
  },
  ERR_WEBHOOK_CONFLICT: {
    status: 422,
    retryable: false,
    text: 'A call with this id has been taken before, and said something else.',
  },
  ERR_REWARDS_LIST: {
    status: 502,
    retryable: true,
    text: "The reward platform's list cannot be read.",
  },
  ERR_VIEWER_BUSY: {
    status: 409,
    retryable: true,
    text: 'Something of this viewer is under way; their data can be erased once it is settled.',
  },
  ERR_LEDGER_WRONG: { status: 500, retryable: false, text: 'The ledger does not hold together.' },
  ERR_LEDGER_BUSY: {
    status: 409,
    retryable: true,
    text: 'The ledger is in use: the events process, or another command, works with it.',
  },
  ERR_LEDGER_NEWER: {
    status: 409,
    retryable: false,
    text: 'The ledger that is there holds what the other does not.',
  },
  // files and streams that the QA tools read and write
  ERR_SOURCE_OPEN: { status: 404, retryable: true, text: 'The source cannot be opened.' },
  ERR_SOURCE_FORMAT: {
    status: 415,
    retryable: false,
    text: 'The source is of a format that cannot be read.',
  },
  ERR_SOURCE_CODEC: {
    status: 415,
    retryable: false,
    text: "The source's video is of a codec that cannot be read.",
  },
  ERR_SOURCE_READ: { status: 502, retryable: true, text: 'Reading the source failed.' },
  ERR_SOURCE_LIMIT: { status: 413, retryable: false, text: 'The source passes a limit of the reader.' },
  ERR_CUE_SHEET: { status: 400, retryable: false, text: 'The cue sheet is not valid.' },
  ERR_OUTPUT_WRITE: { status: 500, retryable: true, text: 'The output cannot be written.' },
  // outputs that are read back
  ERR_AUDIT_OFF: { status: 409, retryable: false, text: 'Outputs are not read back: FRAMECUE_AUDIT is off.' },
  ERR_AUDIT_URL: { status: 400, retryable: false, text: 'This is no output that can be read back.' },
  ERR_AUDIT_EXISTS: { status: 409, retryable: false, text: 'An output of this name is read back already.' },
  ERR_AUDIT_LIMIT: { status: 409, retryable: false, text: 'As many outputs are read back as may be.' },
  ERR_AUDIT_FILE: {
    status: 500,
    retryable: true,
    text: 'The list of outputs that were named at run time cannot be read or written.',
  },
  // shows that are recorded and replayed
  ERR_SHOW_UNKNOWN: { status: 404, retryable: false, text: 'There is no such show.' },
  ERR_SHOW_EXISTS: { status: 409, retryable: false, text: 'A show of this name exists already.' },
  ERR_SHOW_FORMAT: { status: 400, retryable: false, text: 'This is not the recording of a show.' },
  ERR_SHOW_VERSION: {
    status: 400,
    retryable: false,
    text: 'The show was recorded in a newer format than is known here.',
  },
  ERR_SHOW_CORRUPT: { status: 400, retryable: false, text: 'The recording of the show is corrupt.' },
  ERR_SHOW_SEGMENT: { status: 400, retryable: false, text: 'A part of the recording is missing.' },
  ERR_SHOW_EMPTY: { status: 400, retryable: false, text: 'The show holds no picture.' },
  ERR_RECORDING_RUNNING: { status: 409, retryable: false, text: 'The stream is being recorded already.' },
  ERR_RECORDING_NONE: { status: 409, retryable: false, text: 'The stream is not being recorded.' },
  ERR_RECORD_QUOTA: { status: 507, retryable: false, text: 'The room for recordings is used up.' },
  ERR_RECORD_DISK: { status: 507, retryable: true, text: 'The recording cannot be written to the disk.' },
  ERR_RUN_FORMAT: { status: 400, retryable: false, text: 'The listing of a run is not well formed.' },
  // the service itself
  ERR_OVERLOADED: {
    status: 503,
    retryable: true,
    text: 'The server is at its limit; wait as Retry-After says.',
  },
  ERR_STORE_UNAVAILABLE: { status: 503, retryable: true, text: 'The store cannot take this now.' },
  ERR_NOT_READY: { status: 503, retryable: true, text: 'The server is starting or stopping.' },
  ERR_TIMEOUT: { status: 504, retryable: true, text: 'Something this depends on did not answer in time.' },
  ERR_SETTING: { status: 500, retryable: false, text: 'A setting is not valid.' },
  ERR_PORT_TAKEN: { status: 500, retryable: false, text: 'The port is taken by another program.' },
  ERR_TOOL_MISSING: { status: 500, retryable: false, text: 'A program that this needs is not installed.' },
  ERR_TOOL_FAILED: { status: 500, retryable: true, text: 'A program that this needs has failed.' },
  ERR_INTERNAL: { status: 500, retryable: true, text: 'Something went wrong on the server.' },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly status: number;
  readonly retryable: boolean;
  readonly text: string;
}

export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code. `message` adds what the table's sentence cannot know; it may be shown. */
export class FramecueError extends Error {
  readonly code: ErrorCode;
  /** Facts for the caller (a limit, an offset, a setting's name); never a secret. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message?: string,
    options?: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> },
  ) {
    super(message ?? ERRORS[code].text, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FramecueError';
    this.code = code;
    this.details = options?.details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
