/** What to type into an encoder. @param stream `app/name` of a stream that this server takes */
export function HowToPublish({ stream }: { readonly stream: string }) {
  return (
    <ol class="how">
      <li>
        <p>
          <strong>Server and stream key.</strong> <code>npm start</code> prints both when the server starts;
          they also stand in <code>run.json</code> of its data directory, as <code>rtmpUrl</code> and{' '}
          <code>streamKey</code>. The key is a secret, so this page does not show it.
        </p>
      </li>
      <li>
        <p>
          <strong>OBS.</strong> Settings, Stream, Service “Custom…”: paste both. Settings, Output: H.264
          (x264, NVENC, QuickSync…) and AAC, keyframe interval 2 s. Then “Start Streaming”.
        </p>
      </li>
      <li>
        <p>
          <strong>ffmpeg.</strong> <code>-c:v libx264 -g 50 -c:a aac -f flv "SERVER/STREAMKEY"</code>, with{' '}
          <code>-re</code> in front of a file; <code>-g</code> is twice the frame rate.
        </p>
      </li>
      <li>
        <p>
          <strong>{stream}</strong> appears here within a second, with its verdict; a publisher that is
          refused appears below with the reason.
        </p>
      </li>
    </ol>
  );
}
