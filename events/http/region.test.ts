import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { EventsUnderTest } from '../test-support/harness.ts';

test("an answer brings the region of the customer's JWT, and none that the viewer says", async () => {
  const t = await new EventsUnderTest().start();
  try {
    await t.quiz('q1');
    await t.publish(t.land({ id: 'open-1', type: 'interaction.open', data: { interaction: 'q1' } }));
    for (const [viewer, region] of [
      ['ann', 'DE'],
      ['bob', undefined],
      ['cyd', 'Germany'],
    ] as const) {
      const { body } = await t.post('/api/v1/session', { token: await t.jwt(viewer, { region }) });
      expect((await t.submit('q1', body.token, { region: 'US' })).status).toBe(200);
    }
    await t.shut();
    const db = new DatabaseSync(t.ledgerPath, { readOnly: true });
    const rows = db.prepare(
      `SELECT viewer, json_extract(claims, '$.region') AS region FROM submissions ORDER BY seq`,
    );
    expect(rows.all().map(({ viewer, region }) => [viewer, region])).toEqual([
      ['ann', 'DE'],
      ['bob', null],
      ['cyd', null],
    ]);
    db.close();
    await t.open();
  } finally {
    await t.stop();
  }
});
