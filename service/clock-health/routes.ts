import type { Express } from 'express';
import { Gauge, type Registry } from 'prom-client';
import { requireRight } from '../bearer.ts';
import { methodNotAllowed } from '../http-app.ts';
import type { TokenRegistry } from '../tokens.ts';
import type { ClockHealth } from './clock-health.ts';
import { CLOCK_GRADES } from './grade.ts';

export function clockHealthRoute(app: Express, tokens: TokenRegistry, health: ClockHealth): void {
  app
    .route('/api/v1/clock/health')
    .get(requireRight(tokens, 'read'), (_req, res) => {
      res.set('Cache-Control', 'no-store').json(health.status());
    })
    .all(methodNotAllowed('GET'));
}

export function clockHealthMetrics(registry: Registry, health: ClockHealth): void {
  const registers = [registry];
  new Gauge({
    name: 'framecue_clock_grade',
    help: '1 for how well this clock is synchronised, 0 for the others.',
    labelNames: ['grade'],
    registers,
    collect() {
      const { grade } = health;
      for (const one of CLOCK_GRADES) this.set({ grade: one }, one === grade ? 1 : 0);
    },
  });
  new Gauge({
    name: 'framecue_clock_error_seconds',
    help: 'This clock is no farther from the true time than this; absent where nobody knows.',
    registers,
    collect() {
      const { errorMs } = health.status();
      this.reset();
      if (errorMs !== null) this.set(errorMs / 1000);
      else this.remove();
    },
  });
  new Gauge({
    name: 'framecue_clock_offset_seconds',
    help: 'This clock less the true time, as far as its source knows.',
    registers,
    collect() {
      const { offsetMs } = health.status();
      this.reset();
      if (offsetMs !== null) this.set(offsetMs / 1000);
      else this.remove();
    },
  });
  new Gauge({
    name: 'framecue_clock_steps',
    help: 'Jumps of the wall clock since the start.',
    registers,
    collect() {
      this.set(health.stepCount);
    },
  });
}
