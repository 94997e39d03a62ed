import { describe, expect, test } from 'vitest';
import { loadSettings } from '../../service/settings.ts';
import { type AuditSetupOptions, openAudit } from './audit-setup.ts';

/** What it is made of is not looked at before the settings are good. */
const open = (env: Record<string, string>) =>
  openAudit({ settings: loadSettings(env).settings, director: {} } as unknown as AuditSetupOptions);

describe('the settings of the audit', () => {
  test('switch it off', () =>
    expect(open({ FRAMECUE_AUDIT: 'off', FRAMECUE_AUDIT_URLS: 'http://a/x' })).toBeNull());

  test.each([
    [
      'twins',
      'http://cdn.example/x?token=hidden,http://cdn.example/x?token=other',
      /item 2 has the name of another/,
    ],
    ['twins by label', '@a=http://one/hidden,@a=http://two/hidden', /item 2 has the name of another/],
    [
      'more than may be',
      Array.from({ length: 17 }, (_, n) => `http://hidden/${n}`).join(),
      /17 outputs, and .* is 16/,
    ],
    ['a name that is taken', 'http://one/hidden,@hls=http://hidden/x', /item 2 names no output/],
    ['an address that is none', 'http://hidden:99999999/x', /item 1 names no output/],
    ['a file', 'file:///hidden', /FRAMECUE_AUDIT_URLS: give URL/],
    ['a label that is none', '@a b=http://hidden/x', /FRAMECUE_AUDIT_URLS: give URL/],
  ])('refuse %s, and say which it is without what it says', (_what, urls, message) => {
    let said = '';
    try {
      open({ FRAMECUE_AUDIT_URLS: urls });
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_SETTING' });
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
    expect(said).not.toContain('hidden');
  });
});
