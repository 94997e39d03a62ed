import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../packet/errors.ts';
import type { Operation } from './operation.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ApiInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** What each tag is about, in the order in which they are shown. */
  readonly tags: Readonly<Record<string, string>>;
}

const PATH_PARTS: Readonly<Record<string, string>> = {
  app: 'The first part of the stream: `live` of `live/main`.',
  name: 'The second part of the stream: `main` of `live/main`.',
};

/** Codes that any operation with that need can answer with. */
const ALWAYS: readonly ErrorCode[] = ['ERR_INTERNAL', 'ERR_NOT_FOUND'];
const WITH_TOKEN: readonly ErrorCode[] = ['ERR_TOKEN_MISSING', 'ERR_TOKEN_INVALID'];
const WITH_RIGHT: readonly ErrorCode[] = ['ERR_RIGHT_MISSING'];
const WITH_QUERY: readonly ErrorCode[] = ['ERR_REQUEST_INVALID'];
const WITH_BODY: readonly ErrorCode[] = [
  'ERR_REQUEST_MALFORMED',
  'ERR_REQUEST_INVALID',
  'ERR_CONTENT_TYPE',
  'ERR_BODY_TOO_LARGE',
];

/** OpenAPI 3.1.1 of a process, from the schemas that its routes check with. */
export function openApiDocument(info: ApiInfo, operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    const methods = paths[path] ?? {};
    if (method in methods) throw new Error(`${method} ${path} is told twice in the API's description`);
    paths[path] = { ...methods, [method]: operationOf(operation) };
  }
  return {
    openapi: '3.1.1',
    info: { title: info.title, description: info.description, version: info.version },
    servers: [{ url: '/' }],
    tags: Object.entries(info.tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { Error: ERROR_SCHEMA },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token with the right that the operation names: `direct`, `read` or `feed`.',
        },
        viewer: {
          type: 'http',
          scheme: 'bearer',
          description: "The short token that `POST /api/v1/session` gives for a viewer's JWT.",
        },
      },
    },
  };
}

function operationOf(operation: Operation): Json {
  const { method, path, tag, summary, description, right, body, answers } = operation;
  const rightText = right === null || right === 'viewer' ? null : `Needs the right \`${right}\`.`;
  const text = [description, rightText].filter((part) => part != null).join('\n\n');
  const parameters = [...pathParameters(path), ...queryParameters(operation), ...headerParameters(operation)];
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(text === '' ? {} : { description: text }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: { ...answersOf(answers), ...errorsOf(operation) },
    security: right === null ? [] : [{ [right === 'viewer' ? 'viewer' : 'token']: [] }],
  };
}

/** `post /api/v1/streams/{app}/{name}/cues` is `postStreamsCues`. */
const operationId = (method: string, path: string): string =>
  method +
  path
    .replace(/^\/api\/v1/, '')
    .replaceAll(/\{[^}]*\}/g, (part) =>
      part === '{app}' || part === '{name}' ? '' : `/by-${part.slice(1, -1)}`,
    )
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');

const pathParameters = (path: string): Json[] =>
  Array.from(path.matchAll(/\{([^}]*)\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...(PATH_PARTS[name!] === undefined ? {} : { description: PATH_PARTS[name!] }),
    schema: { type: 'string' },
  }));

function queryParameters({ query }: Operation): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

const headerParameters = ({ headers = {} }: Operation): Json[] =>
  Object.entries(headers).map(([name, { text, schema }]) => ({
    name,
    in: 'header',
    required: false,
    description: text,
    schema: jsonSchema(schema, 'input'),
  }));

function requestBody({
  schema,
  others = {},
  optional = false,
  examples,
}: NonNullable<Operation['body']>): Json {
  return {
    required: !optional,
    content: {
      'application/json': {
        schema: jsonSchema(schema, 'input'),
        ...(examples === undefined ? {} : { examples }),
      },
      ...Object.fromEntries(
        Object.entries(others).map(([type, description]) => [
          type,
          { schema: { type: 'string', description } },
        ]),
      ),
    },
  };
}

const answersOf = (answers: Operation['answers']): Json =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { text, schema, type }]) => {
      if (schema !== undefined) {
        const content = { 'application/json': { schema: jsonSchema(schema, 'output') } };
        return [status, { description: text, content }];
      }
      return [status, { description: text, ...(type === undefined ? {} : { content: { [type]: {} } }) }];
    }),
  );

/** Refusals by status, each with the codes that stand behind it. */
function errorsOf({ right, query, body, errors = [] }: Operation): Json {
  const codes = new Set<ErrorCode>([
    ...ALWAYS,
    ...(right === null ? [] : WITH_TOKEN),
    ...(right === null || right === 'viewer' ? [] : WITH_RIGHT),
    ...(query === undefined ? [] : WITH_QUERY),
    ...(body === undefined ? [] : WITH_BODY),
    ...errors,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes].sort()) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      {
        description: of.map((code) => `\`${code}\`: ${ERRORS[code].text}`).join('\n\n'),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}

const ERROR_SCHEMA: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'retryable'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS).sort() },
        message: { type: 'string' },
        retryable: { type: 'boolean', description: 'Whether the same request can be taken later.' },
        details: { type: 'object' },
      },
    },
  },
};

/** Without `$schema`: OpenAPI 3.1 has one for the whole document, and it is this. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    // What a check of ours tells, `meta` describes.
    unrepresentable: 'any',
  });
  return rest;
}
