import { type Answer, request, until } from './api.ts';
import type { System } from './system.ts';

export interface OpenQuiz {
  readonly id: string;
  /** The cue that opened it. */
  readonly cue: string;
  readonly epoch: string;
  readonly firePts: number;
}

/** Creates a quiz, opens it by a cue, and waits until events takes answers for it. */
export async function openQuiz(
  system: System,
  { id, durationMs }: { readonly id: string; readonly durationMs: number },
): Promise<OpenQuiz> {
  const question = { question: 'Which one?', options: ['This', 'That'] };
  const made = await system.api.events('POST', '/api/v1/interactions', {
    id,
    type: 'quiz',
    config: { ...question, correct: 1, durationMs },
  });
  if (made.status !== 201) throw new Error(`${made.status} ${JSON.stringify(made.body)}`);
  const cue = await system.api.mark({
    type: 'interaction.open',
    durationMs,
    data: { interaction: id, ...question },
  });
  const { landing } = await system.api.landed(cue.id);
  await untilState(system, id, 'ACTIVE');
  return { id, cue: cue.id, epoch: landing!.epoch, firePts: landing!.pts };
}

export const untilState = (system: System, id: string, state: string): Promise<unknown> =>
  until(`interaction ${id} is ${state}`, 45_000, async () => {
    const { body } = await system.api.events<{ state?: string }>('GET', `/api/v1/interactions/${id}/result`);
    return body.state === state ? true : null;
  });

export interface ReceiptBody {
  readonly receipt: { readonly id: string; readonly choice: number; readonly repeated: boolean };
  readonly error?: { readonly code: string };
}

export interface ViewerSession {
  answer(
    quiz: OpenQuiz,
    choice: number,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<Answer<ReceiptBody>>;
}

/** A viewer as an app would have them: a signed token, exchanged at the door. */
export async function viewerSession(system: System, viewer: string): Promise<ViewerSession> {
  const { events } = await system.run();
  const demo = await request<{ token: string }>('POST', `${events}/api/v1/demo/viewer-token`, { viewer }, {});
  const session = await request<{ token: string }>(
    'POST',
    `${events}/api/v1/session`,
    { token: demo.body.token },
    {},
  );
  if (session.status !== 200) throw new Error(`${session.status} ${JSON.stringify(session.body)}`);
  return {
    answer: (quiz, choice, more = {}) =>
      request<ReceiptBody>(
        'POST',
        `${events}/api/v1/interactions/${quiz.id}/submissions`,
        { choice, cue: quiz.cue, epoch: quiz.epoch, firePts: quiz.firePts, ...more },
        { authorization: `Bearer ${session.body.token}` },
      ),
  };
}
