import { Icon } from '../design/icons.tsx';
import { type OutputSeen, outputLook, outputName } from '../shared/cue-outputs.ts';
import { formatSpan } from '../shared/format.ts';

/** One tick for each output that carries the cue; words for each that does not. */
export function CueOutputs({ outputs }: { readonly outputs: readonly OutputSeen[] }) {
  if (outputs.length === 0) return null;
  return (
    <ul class="cue-outputs" aria-label="Outputs">
      {outputs.map((output) => (
        <CueOutput key={output.name} output={output} />
      ))}
    </ul>
  );
}

const ICONS = { good: 'check', warn: 'warning', bad: 'cross', plain: 'ring' } as const;

function CueOutput({ output }: { readonly output: OutputSeen }) {
  const { tone, words } = outputLook(output);
  const { name, delayMs, problem } = output;
  const delay = delayMs === null ? null : `seen ${formatSpan(delayMs)} after the stamp`;
  const title = [delay, problem].filter((part) => part !== null).join(', ');
  return (
    <li class={tone === 'plain' ? 'cue-output' : `cue-output cue-output-${tone}`} title={title || undefined}>
      <Icon name={ICONS[tone]} size={14} />
      <span class="cue-output-name">
        {outputName(name)}
        {words === null ? <span class="cue-output-said"> has it</span> : ` ${words}`}
      </span>
    </li>
  );
}
