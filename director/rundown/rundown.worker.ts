import { ERRORS, FramecueError } from '../../packet/errors.ts';
import { runBatchWorker } from '../../service/sqlite/batch-worker.ts';
import type { MarkRow, RundownAnswer, RundownOp, RundownQuery, RundownRow } from './messages.ts';

const MIGRATIONS = [
  `
  CREATE TABLE rundowns (stream TEXT PRIMARY KEY, rev INTEGER NOT NULL, json TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (
    stream TEXT NOT NULL,
    pass TEXT NOT NULL,
    item TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (stream, pass, item)
  ) STRICT, WITHOUT ROWID;
  `,
] as const;

runBatchWorker<RundownOp, 'done', RundownQuery, RundownAnswer>({
  migrations: MIGRATIONS,
  open({ write: db, read }) {
    const putRundown = db.prepare(
      'INSERT INTO rundowns VALUES (?1, ?2, ?3) ON CONFLICT (stream) DO UPDATE SET rev = ?2, json = ?3',
    );
    const dropRundown = db.prepare('UPDATE rundowns SET json = NULL WHERE stream = ?');
    const revOf = db.prepare('SELECT rev FROM rundowns WHERE stream = ? AND json IS NOT NULL');
    const dropMarks = db.prepare('DELETE FROM marks WHERE stream = ?');
    const dropPass = db.prepare('DELETE FROM marks WHERE stream = ? AND pass = ?');
    const putMark = db.prepare(
      'INSERT INTO marks VALUES (?1, ?2, ?3, ?4) ON CONFLICT (stream, pass, item) DO UPDATE SET json = ?4',
    );
    const rundowns = read.prepare('SELECT stream, rev, json FROM rundowns ORDER BY stream');
    const marksOf = read.prepare('SELECT pass, item, json FROM marks WHERE stream = ?');
    const put = ({ stream, rev, json }: RundownRow) => putRundown.run(stream, rev, json);
    const mark = (stream: string, marks: readonly MarkRow[]) => {
      for (const { pass, item, json } of marks) putMark.run(stream, pass, item, json);
    };

    return {
      apply(op) {
        switch (op.kind) {
          case 'load':
            put(op.row);
            dropMarks.run(op.row.stream);
            mark(op.row.stream, op.marks);
            return 'done';
          case 'unload':
            dropRundown.run(op.stream);
            dropMarks.run(op.stream);
            return 'done';
          case 'change':
            put(op.row);
            if (op.clear !== null) dropPass.run(op.row.stream, op.clear);
            return 'done';
          case 'mark': {
            const found = revOf.get(op.stream) as { rev: number } | undefined;
            if (found?.rev === op.rev) mark(op.stream, op.marks);
            return 'done';
          }
          default:
            op satisfies never;
            throw new FramecueError('ERR_INTERNAL', ERRORS.ERR_INTERNAL.text);
        }
      },
      answer: () => ({
        rundowns: (rundowns.all() as unknown as RundownRow[]).map((row) => ({
          ...row,
          marks: marksOf.all(row.stream) as unknown as MarkRow[],
        })),
      }),
    };
  },
});
