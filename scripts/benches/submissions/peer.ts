/**
 * What the durable path is measured against: `node peer.ts express|bare SESSION_KEY`. Both read the body with the same
 * parser and check the viewer's token with the same code as the events process, answer, and do nothing else.
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { readJsonBody } from '../../../events/http/body.ts';
import { viewerOfRequest } from '../../../events/http/session.ts';
import { ViewerTokens } from '../../../events/http/viewer-token.ts';
import { systemTimers } from '../../../events/timers.ts';
import { systemClock } from '../../../packet/clock.ts';

const [kind, sessionKey] = process.argv.slice(2) as ['express' | 'bare', string];
const tokens = new ViewerTokens(sessionKey);
const LIMITS = { bytes: 8 * 1024, timeoutMs: 10_000 };

function withBody(req: IncomingMessage, res: ServerResponse, then: () => void): void {
  viewerOfRequest(req, tokens, systemClock);
  readJsonBody(req, LIMITS, systemTimers, (read) => {
    if (read.kind === 'json') then();
    else res.writeHead(400, { 'Content-Length': 0 }).end();
  });
}

function handlerOf(): RequestListener {
  if (kind === 'bare') {
    return (req, res) =>
      withBody(req, res, () => {
        res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': 2 });
        res.end('{}');
      });
  }
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.post('/api/v1/interactions/:id/submissions', (req, res) => {
    withBody(req, res, () => res.json({}));
  });
  return app;
}

const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, handlerOf());
server.listen(0, '127.0.0.1', () => {
  process.send?.({ kind: 'ready', ports: { http: (server.address() as AddressInfo).port } });
});
process.on('disconnect', () => process.exit(0));
