import type { RundownIssue } from '../model/rundown.ts';

/** All that is wrong with a rundown at once, by line. */
export function IssueTable({ issues }: { readonly issues: readonly RundownIssue[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by key
    <section class="issues" tabIndex={0} aria-label="Problems">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Item</th>
            <th scope="col">Field</th>
            <th scope="col">Problem</th>
          </tr>
        </thead>
        <tbody>
          {issues.map(({ line, item, field, problem, code }, index) => (
            <tr key={`${index}:${problem}`}>
              <td class="number">{line ?? '–'}</td>
              <td>{item ?? '–'}</td>
              <td>{field ?? '–'}</td>
              <td>
                {problem} {code !== null && <span class="faint">{code}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
