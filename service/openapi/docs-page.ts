import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Express } from 'express';
import { methodNotAllowed, pageHeaders } from '../http-app.ts';
import { type ApiInfo, openApiDocument } from './document.ts';
import type { Operation } from './operation.ts';

export const OPENAPI_PATH = '/openapi.json';
export const DOCS_PATH = '/docs';

/**
 * `/openapi.json`, and `/docs` to browse and try it (swagger-ui-dist, served from here: it works without a network).
 * @param operations asked at each request: what a process can do may come with its settings.
 */
export function apiDocs(app: Express, info: ApiInfo, operations: readonly Operation[]): void {
  const document = openApiDocument(info, operations);
  app
    .route(OPENAPI_PATH)
    .get((_req, res) => {
      res.set('Cache-Control', 'no-cache').json(document);
    })
    .all(methodNotAllowed('GET'));
  const ui = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const files: Readonly<Record<string, string>> = {
    'swagger-ui.css': join(ui, 'swagger-ui.css'),
    'swagger-ui-bundle.js': join(ui, 'swagger-ui-bundle.js'),
    'docs.css': join(import.meta.dirname, 'docs.css'),
    'docs.js': join(import.meta.dirname, 'docs.browser.js'),
  };
  const router = express.Router();
  router.get('/', (req, res) => {
    // The files' addresses are relative to the folder.
    if (!req.originalUrl.split('?')[0]!.endsWith('/')) return res.redirect(`${DOCS_PATH}/`);
    return res.set('Cache-Control', 'no-cache').type('html').send(pageOf(info.title));
  });
  for (const [name, path] of Object.entries(files)) {
    router.get(`/${name}`, (_req, res) => res.set('Cache-Control', 'public, max-age=3600').sendFile(path));
  }
  app.use(DOCS_PATH, pageHeaders, router);
}

const pageOf = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="docs.css">
</head>
<body>
<main id="docs"></main>
<script src="swagger-ui-bundle.js"></script>
<script src="docs.js"></script>
</body>
</html>
`;
