#!/usr/bin/env node
// Brings a checkout to where `npm run demo | start | test | bench` can go on: packages, the Node 24 runtime,
// ffmpeg, a browser, built pages. This first file uses only what very old versions of Node can read, so that
// they get a sentence and not a syntax error.

var found = process.versions.node;

if (Number(found.split('.')[0]) < 20) {
  console.error(
    'set-up: this is Node ' +
      found +
      ', and framecue needs Node 20 or newer to set itself up (it then brings its own Node 24).\n' +
      'What to do: install a current Node from https://nodejs.org or with your version manager, for example\n' +
      '`nvm install 24`, and run the same command again.',
  );
  process.exitCode = 1;
} else {
  import('./set-up/main.mjs').then(
    (main) => main.main(process.argv.slice(2)),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
