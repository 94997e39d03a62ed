import { describe, expect, it } from 'vitest';
import { readRundown } from './read.ts';
import { readRundownCsv } from './read-csv.ts';
import { readRundownJson } from './read-json.ts';

const itemsOf = (text: string) => {
  const { document, issues } = readRundownCsv(text, 'named');
  expect(issues).toEqual([]);
  return document.items;
};
/** `line field code` */
const issuesOf = (text: string) =>
  readRundownCsv(text, 'named').issues.map(({ line, field, code }) => `${line} ${field} ${code}`);

describe('a CSV file', () => {
  it.each([
    ['commas', 'id,type,title\na,custom,One\n'],
    ['semicolons', 'id;type;title\na;custom;One\n'],
    ['tabs', 'id\ttype\ttitle\na\tcustom\tOne\n'],
    ['a byte order mark, CR LF and empty rows', '\ufeffid;type;title\r\n\r\na;custom;One\r\n;;\r\n\r\n'],
    ['the line in which Excel names its delimiter', 'sep=;\nid;type;title\na;custom;One\n'],
    ['quotes around everything', '"id","type","title"\n"a","custom","One"\n'],
    ['columns that are named otherwise and stand elsewhere', 'TITLE,Type,Id\nOne,custom,a\n'],
    ['comments', '# by me\nid,type,title\n#b,custom,Not this\na,custom,One\n'],
    ['no line end', 'id,type,title\na,custom,One'],
    ['cells too few', 'id,type,title,notes\na,custom,One\n'],
  ])('is read with %s', (_, text) => {
    expect(itemsOf(text)).toEqual([{ id: 'a', type: 'custom', title: 'One' }]);
  });

  it('says the rundown before the header, or is named by its file', () => {
    const { document } = readRundownCsv(
      '#id,quiz\n#title,"Quiz, big"\n#show,s1\nid,type\na,custom\n',
      'named',
    );
    expect(document).toMatchObject({ id: 'quiz', title: 'Quiz, big', show: 's1' });
    expect(readRundownCsv('id,type\na,custom\n', 'named').document.id).toBe('named');
  });

  it('has cells of every kind', () => {
    const text = [
      'id;type;data;durationMs;alignInMs;at;after;announceMs;prize;audience;speedPaid;notes',
      'a;interaction.open;"{""a"":[1,""x""]}";5000;0;2030-01-31T20:15:00+01:00;;500;WAHR;private;no;"two',
      'lines; and more"',
      'b;custom;;;;1900000000000;;;;"{""country"":""de""}";;',
      'c;custom;;;;;a + 10000;;;;;',
      'd;custom;;;;;"{""item"":""c"",""ms"":5}";;;;;',
    ].join('\r\n');
    expect(itemsOf(text)).toEqual([
      {
        ...{ id: 'a', type: 'interaction.open', data: { a: [1, 'x'] }, durationMs: 5000, alignInMs: 0 },
        ...{ at: '2030-01-31T20:15:00+01:00', announceMs: 500, prize: true, audience: 'private' },
        ...{ speedPaid: false, notes: 'two\nlines; and more' },
      },
      { id: 'b', type: 'custom', at: 1900000000000, audience: { country: 'de' } },
      { id: 'c', type: 'custom', after: { item: 'a', ms: 10000 } },
      { id: 'd', type: 'custom', after: { item: 'c', ms: 5 } },
    ]);
  });

  it('puts columns into data', () => {
    const text =
      'id,type,after.item,after.ms,data.question,data.options,data.product.price,data.n,data.text\n' +
      'a,custom,,,"Who, then?","[""A"",""B""]",9.90,true,"""42"""\n' +
      'b,custom,a,0,,,,,\n';
    expect(itemsOf(text)).toEqual([
      {
        ...{ id: 'a', type: 'custom' },
        data: { question: 'Who, then?', options: ['A', 'B'], product: { price: 9.9 }, n: true, text: '42' },
      },
      { id: 'b', type: 'custom', after: { item: 'a', ms: 0 } },
    ]);
  });

  it('says of a broken list what to do, and takes text that begins like one in quotes', () => {
    const { issues, document } = readRundownCsv('id,type,data.o\na,custom,"[""88"",""92"""\n', 'n');
    expect(issues).toMatchObject([{ item: 'a', line: 2, code: 'field' }]);
    expect(issues[0]!.problem).toContain('The cell of data.o begins like a list');
    expect(document.items).toEqual([{ id: 'a', type: 'custom' }]);
    expect(itemsOf('id,type,data.o\na,custom,"""[sic] yes"""\n')).toEqual([
      { id: 'a', type: 'custom', data: { o: '[sic] yes' } },
    ]);
  });

  it.each([
    ['a quote that is never closed', 'id,type\na,custom\nb,"custom\n', ['3 null csv']],
    ['a quote in a cell', 'id,type,title\na,custom,the "one"\n', ['2 null csv']],
    ['no header', '\n\n', ['null null csv']],
    ['a column of another name', 'id,type,colour\na,custom,red\n', ['1 colour field-unknown']],
    [
      'a way into what objects are made of',
      'id,type,data.__proto__.x\na,custom,1\n',
      ['1 data.__proto__.x field-unknown'],
    ],
    ['a column twice', 'id,type,ID\na,custom,b\n', ['1 ID csv']],
    ['a cell under no heading', 'id,type\na,custom,stray\n', ['2 null csv']],
    ['data that is no JSON', 'id,type,data\na,custom,{x}\n', ['2 data field']],
    ['a list that lacks its end', 'id,type,data.o\na,custom,"[""88"",""92"""\n', ['2 data.o field']],
    ['an object that lacks its end', 'id,type,data.p.q\na,custom," {""x"":1"\n', ['2 data.p.q field']],
    ['data given twice', 'id,type,data,data.x\na,custom,"{""x"":1}",2\n', ['2 data csv']],
    ['data in a place that is none', 'id,type,data.x,data.x.y\na,custom,1,2\n', ['2 data csv']],
    ['a span with a unit', 'id,type,durationMs\n\n"a",custom,10s\n', ['3 durationMs field']],
    ['a flag that is none', 'id,type,prize\na,custom,perhaps\n', ['2 prize field']],
    ['a moment without an offset', 'id,type,at\na,custom,2030-01-31 20:15\n', ['2 at field']],
    ['a row behind one of two lines', 'id,type,notes\na,custom,"x\ny"\nb,nothing,\n', ['4 type field']],
    ['half an after', 'id,type,after.item\na,custom,b\n', ['2 after.ms field']],
    ['an id with a space', 'id,type\na b,custom\n', ['2 id field']],
    ['a bad id of the rundown', '#id,a b\nid,type\na,custom\n', ['1 id field']],
  ])('is not taken with %s, and the line is said', (_, text, expected) => {
    expect(issuesOf(text)).toEqual(expected);
  });

  it('is read no further than a rundown can be long', () => {
    // Short rows by the hundred thousand cost minutes: what follows on many rows is never looked at.
    const text = `id,type\n${'a\n'.repeat(3_000)}"not closed`;
    expect(issuesOf(text)).toContain('null items too-many');
  });

  it('in another encoding is refused, with the line', () => {
    const { issues } = readRundown(Buffer.from('id,type\na,custom\nb,M\xfcller\n', 'latin1'), 'csv', 'n');
    expect(issues).toMatchObject([{ code: 'encoding', line: 3 }]);
  });
});

describe('a JSON file', () => {
  const wrong = (text: string) => readRundownJson(text).issues.map(({ line, code }) => `${line} ${code}`);

  it.each([
    ['a comma too many', '{\n"items": [],\n}', ['3 json']],
    ['nothing', '', ['1 json']],
    ['a list', '[]', ['null field']],
    ['no items', '{"id":"a"}', ['null field']],
    [
      'a field that it cannot have',
      '{"id":"a","items":[\n{"id":"x",\n"type":"custom",\n"prize":1}]}',
      ['4 field'],
    ],
    ['an item that is none', '{"id":"a","items":[\n{"id":"x","type":"custom"},\n7]}', ['3 field']],
    [
      'data of any depth',
      `{"id":"a","items":[{"id":"x","type":"custom","data":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}]}`,
      ['1 field'],
    ],
    ['a head that does not fit', '{"id":"a b","items":[]}', ['null field']],
  ])('is not taken with %s', (_, text, expected) => {
    expect(wrong(text)).toEqual(expected);
  });

  it.each([
    ['{"id":"a",\n "items": [\n {"id":"x",\n \n}]}', 5, 1],
    ['{"id":"a",\n "items": [{"id":"x" "type":1}]}', 2, 22],
    ['{"id":"a",\n "items": [', 2, 12],
    ['{"id":"a\n"}', 1, 9],
    ['{"id":"\\x"}', 1, 8],
    ['{"id":01}', 1, 8],
    ['{} x', 1, 4],
    ['{"a":[1,]}', 1, 9],
  ])('that is none, %j, is refused in one line that says where', (text, line, column) => {
    const [issue, ...more] = readRundownJson(text).issues;
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ code: 'json', line });
    expect(issue!.problem).toContain(`from line ${line}, column ${column} on`);
    expect(issue!.problem).not.toContain('\n');
  });

  it('of very many fields that there are not says so of some', () => {
    const fields = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`field${n}`, n]));
    expect(wrong(JSON.stringify({ id: 'a', items: [{ id: 'x', type: 'custom', ...fields }] }))).toHaveLength(
      500,
    );
  });

  it('of more items than a server takes is refused', () => {
    const items = Array.from({ length: 501 }, (_, n) => ({ id: `i${n}`, type: 'custom' }));
    expect(wrong(JSON.stringify({ id: 'a', items }))).toEqual(['null too-many']);
  });
});
