import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CUE_TYPES,
  DATERANGE_CUE_CLASS,
  DATERANGE_EPOCH_CLASS,
  DATERANGE_PTS,
  DATERANGE_TEXT,
  EMSG_SCHEME,
  EMSG_VALUE,
  ID3_DESCRIPTION,
  SCRIPT_NAME,
  STAMP_TEXT_LIMIT,
  STAMP_UUID_TEXT,
} from './index.ts';

const page = readFileSync(new URL('../../docs/wire-format.md', import.meta.url), 'utf8');
const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'));

describe('docs/wire-format.md', () => {
  it('has the UUID, the limit, every type, and every vector to the byte', () => {
    expect(page).toContain(STAMP_UUID_TEXT);
    expect(page).toContain(STAMP_TEXT_LIMIT.toLocaleString('en-US'));
    for (const type of CUE_TYPES) expect(page).toContain(`\`${type}\``);
    for (const name of ['clock', 'announce', 'fire']) {
      expect(page).toContain(vectors[name].text);
      expect(page).toContain(vectors[name].seiNalHex);
    }
    expect(page).toContain(JSON.stringify(vectors.key.jwk));
    for (const vector of [vectors.clock.scriptHex, vectors.fire.scriptHex, vectors.fire.emsgHex]) {
      expect(vector).toMatch(/^[0-9a-f]{200,}$/);
      expect(page).toContain(vector);
    }
    expect(page).toContain(vectors.fire.dateRange);
  });

  it('names what stands beside SEI as the code does', () => {
    const names = [SCRIPT_NAME, EMSG_SCHEME, EMSG_VALUE, ID3_DESCRIPTION, DATERANGE_TEXT, DATERANGE_PTS];
    for (const name of [...names, DATERANGE_CUE_CLASS, DATERANGE_EPOCH_CLASS])
      expect(page).toContain(`\`${name}\``);
  });

  it('has the worked example as the injector made it', () => {
    const rows = page
      .match(/^\| \d+ \| \d+ \| [IPB] \|.*$/gm)!
      .map((row) => row.split('|').map((cell) => cell.trim()));
    const expected = vectors.ibbp.rows.map(
      (r: { dts: number; pts: number; type: string; fireIn: number | null; key: boolean }) => [
        '',
        String(r.dts),
        String(r.pts),
        r.type,
        r.fireIn === null ? '' : String(r.fireIn),
        r.fireIn === null ? '' : String(r.pts + r.fireIn),
        r.key ? 'yes' : '',
        '',
      ],
    );
    expect(rows).toEqual(expected);
  });
});
