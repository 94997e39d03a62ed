import type { ReadFailure } from './messages.ts';

/** Why no slate is read, and what to do about it; for people. */
export interface Unreadable {
  readonly code: ReadFailure | 'stale-session' | 'implausible';
  readonly text: string;
}

export const UNREADABLE: Readonly<Record<Unreadable['code'], string>> = {
  'no-slate':
    'No slate is in the picture: open slate.html in front of the camera and put that camera on air.',
  'partly-hidden':
    'A part of the slate is out of the picture or covered: all four corner marks must be seen.',
  'too-small': 'The slate is too small in the picture: move the camera nearer, or zoom in.',
  'too-blurred': 'The slate is out of focus: focus on the screen, or show it larger.',
  'no-contrast':
    'The screen is too dark or too bright in the picture, or reflects light: set the exposure for it.',
  blended:
    'Displays run into one another: set a shutter of 1/50 s or shorter, and no dissolve or noise reduction.',
  torn: 'Upper and lower part of the slate are of different moments: set a shorter shutter.',
  'check-failed': 'The slate is disturbed: check for overlays on it, and raise the bit rate.',
  edge: 'The slate is about to change its slow part: the next picture is better.',
  'not-valid': 'The slate page does not know the server’s clock yet: look at that page.',
  'stale-session': 'This slate is of another session: an old picture, or a slate page that was not renewed.',
  implausible:
    'The time on the slate cannot be that of this picture: is the picture live, and are both clocks right?',
  'no-ffmpeg': 'There is no ffmpeg on this server: install it, or name it by FRAMECUE_FFMPEG.',
  'decode-timeout': 'Decoding took too long: the server is overloaded.',
  'decode-failed': 'The picture could not be decoded.',
};

export const unreadableOf = (code: Unreadable['code']): Unreadable => ({ code, text: UNREADABLE[code] });
