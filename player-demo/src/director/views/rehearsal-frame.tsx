/** Around the whole page, so that no glance takes a rehearsal for the show or the show for a rehearsal. */
export function RehearsalFrame() {
  return (
    <>
      <div class="rehearsal-frame" aria-hidden="true" />
      <p class="rehearsal-word" role="status">
        Rehearsal: nothing counts, nothing is granted <kbd>M</kbd>
      </p>
    </>
  );
}
