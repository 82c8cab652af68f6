// `npm run dashboards:preview`: draws each dashboard from a real Prometheus that scrapes a real cluster under load, into
// docs/operate/dashboards. Grafana itself does the same from the same queries. `--seconds 60` makes a short one; `--html FOLDER` keeps the pages.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { dashboards } from './dashboards/index.mjs';
import { runLoadedCluster } from './loaded-cluster.mjs';
import { pageOf } from './preview/page.mjs';
import { withPalette } from './preview/palette-png.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '240' }, html: { type: 'string' } } });
const folder = fileURLToPath(new URL('../../docs/operate/dashboards/', import.meta.url));
mkdirSync(folder, { recursive: true });

const run = await runLoadedCluster({ seconds: Number(values.seconds), say: console.log });
try {
  await draw(run);
} finally {
  await run.stop();
}
process.exit();

async function draw({ prometheus, startedAt, endedAt, sent, posted }) {
  console.log(`${sent} messages sent, ${posted} posts`);
  const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] });
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const html = await pageOf(dashboard, prometheus, { start: startedAt + 5, end: endedAt, interval: '10s' });
    if (values.html !== undefined) writeFileSync(`${values.html}/${name}.html`, html);
    const page = await browser.newPage({ viewport: { width: 1424, height: 800 } });
    await page.setContent(html);
    const path = `${folder}${name}.png`;
    writeFileSync(path, withPalette(await page.screenshot({ fullPage: true })));
    await page.close();
    console.log(`wrote docs/operate/dashboards/${name}.png, ${Math.ceil(statSync(path).size / 1024)} KiB`);
  }
  await browser.close();
}

function browserPath() {
  const found = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (found === undefined) throw new Error("no Chromium: install your system's package, on Debian `chromium`");
  return found;
}
