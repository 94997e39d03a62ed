import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { Icon } from '../../design/icons.tsx';
import { cellAt, gridFor, newTest, nextTest, verdictOf } from '../touch-test.ts';

const fitting = () => newTest(gridFor(innerWidth, innerHeight));

/** Every target turns when a finger reaches it; what does not is dead. */
export function TestView() {
  const [test, dispatch] = useReducer(nextTest, null, fitting);
  const [finished, setFinished] = useState(false);
  const field = useRef<HTMLDivElement>(null);
  const { grid, reached } = test;
  const verdict = verdictOf(test, finished);

  useEffect(() => {
    const again = (): void => {
      setFinished(false);
      dispatch({ kind: 'again', grid: gridFor(innerWidth, innerHeight) });
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Enter' && !event.shiftKey) setFinished(true);
      else if (event.key.toLowerCase() === 'r' && !event.ctrlKey && !event.metaKey) again();
    };
    addEventListener('resize', again);
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('resize', again);
      removeEventListener('keydown', onKey);
    };
  }, []);

  const cellOf = (event: PointerEvent): number => {
    const box = field.current!.getBoundingClientRect();
    return cellAt(grid, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const measure = (touchedAt: number): void => {
    // The frame after the next callback has the change in it.
    requestAnimationFrame(() =>
      requestAnimationFrame((paintedAt) => dispatch({ kind: 'painted', afterMs: paintedAt - touchedAt })),
    );
  };
  const onUp = (event: PointerEvent): void => dispatch({ kind: 'up', pointer: event.pointerId });

  return (
    <main class="touch-test" aria-label="Touch test">
      <div
        ref={field}
        class="touch-field"
        style={{
          gridTemplateColumns: `repeat(${grid.columns}, minmax(0, 1fr))`,
          gridTemplateRows: `repeat(${grid.rows}, minmax(0, 1fr))`,
        }}
        onPointerDown={(event) => {
          if (event.pointerType !== 'mouse') field.current!.setPointerCapture(event.pointerId);
          const { pointerId: pointer, pointerType: type, timeStamp } = event;
          dispatch({ kind: 'down', pointer, type, cell: cellOf(event) });
          measure(timeStamp);
        }}
        onPointerMove={(event) => dispatch({ kind: 'over', pointer: event.pointerId, cell: cellOf(event) })}
        onPointerUp={onUp}
        onPointerCancel={onUp}
      >
        {Array.from({ length: grid.columns * grid.rows }, (_, cell) => (
          <span
            key={`${cell}`}
            class={reached.has(cell) ? 'touch-cell touch-reached' : 'touch-cell'}
            data-cell={cell}
          >
            {reached.has(cell) ? '✓' : ''}
          </span>
        ))}
      </div>
      <div class={`touch-verdict touch-${verdict.kind}`} role="status">
        <p class="touch-title">
          <Icon
            name={verdict.kind === 'passed' ? 'check' : verdict.kind === 'failed' ? 'cross' : 'ring'}
            size={32}
          />
          {verdict.title}
        </p>
        {verdict.lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
        <p class="touch-keys">
          <kbd>Enter</kbd> no more can be reached · <kbd>R</kbd> again · <kbd>T</kbd> leave
        </p>
      </div>
    </main>
  );
}
