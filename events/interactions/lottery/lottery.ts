import { ms } from '../../../packet/time.ts';
import { judgeWindow } from '../judge.ts';
import { type AnswerRead, defineType } from '../type.ts';
import { LotteryConfig } from './config.ts';

const ENTERED: AnswerRead = { kind: 'answer', answer: {}, bucket: 'entered' };

/** Entering is all there is to answer; who wins is drawn once the list is closed (`events/draws/`). */
export const lottery = defineType({
  name: 'lottery',
  configSchema: LotteryConfig,
  prepare(config) {
    const { title, durationMs, consolation } = config;
    return {
      durationMs: ms(durationMs),
      readAnswer: () => ENTERED,
      judge: judgeWindow,
      openingData: {
        title,
        prizes: config.prizes.map(({ prize, title: name = prize, pieces }) => ({ title: name, pieces })),
        ...(consolation === undefined ? {} : { consolation }),
      },
      publicConfig: () => ({
        ...{ title, durationMs, randomness: config.randomness },
        prizes: config.prizes.map(({ prize, title: name = prize, pieces, tier = 'any' }) => ({
          ...{ prize, title: name, pieces, tier },
        })),
        ...(consolation === undefined ? {} : { consolation }),
      }),
      result: () => ({}),
    };
  },
});
